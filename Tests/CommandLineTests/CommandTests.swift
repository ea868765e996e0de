import CharrnnTestSupport
import Foundation
import Testing

@Suite struct CommandTests {
  private struct Evaluation: Decodable {
    let loss, bitsPerCharacter, bitsPerByte, perplexity: Double
    let tokens, characters, unknown: Int

    init(_ outcome: Outcome) throws {
      let decoder = JSONDecoder()
      decoder.keyDecodingStrategy = .convertFromSnakeCase
      self = try decoder.decode(Evaluation.self, from: outcome.output)
    }
  }

  /// Training writes a run directory; samples go to standard output, all else to standard error.
  @Test func trainingWritesARunDirectory() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let outcome = try workplace.charrnn(["train", "fable.txt", "--steps", "20", "--sample-every", "10"] + small)
    expectDone(outcome, "step 20/20", "validation loss", "charrnn sample runs/fable")
    #expect(
      !outcome.errors.contains("\u{1B}") && !outcome.errors.contains("\r"), "plain lines where there is no terminal")
    // Two samples of 300 characters on the way, one of 500 at the end, each with a line feed; all of the corpus's symbols.
    #expect(outcome.text.count == 301 + 301 + 501)
    #expect(Set(outcome.text).isSubset(of: Set(fable)))
    let files = try FileManager.default.contentsOfDirectory(atPath: workplace.path + "/runs/fable").sorted()
    let expected = [
      "baselines.json", "best.safetensors", "config.json", "last.safetensors", "metrics.jsonl",
      "report.html", "run.lock",
    ]
    #expect(files == expected)

    let configuration = try JSONSerialization.jsonObject(with: Data(workplace.bytes(of: "runs/fable/config.json")))
    let options = try #require(configuration as? [String: Any])
    #expect(options["cell"] as? String == "lstm")
    #expect(options["hidden"] as? Int == 8)
    #expect(options["steps"] as? Int == 20)
    #expect(options["corpora"] as? [String] == ["fable.txt"])
    let metrics = String(decoding: try workplace.bytes(of: "runs/fable/metrics.jsonl"), as: UTF8.self)
    let lines = metrics.split(separator: "\n")
    let run = try #require(options["run"] as? String)
    #expect(run.count == 64 && lines[0] == #"{"event":"start","run":"\#(run)","step":0}"#)
    for line in lines.dropFirst() where !line.contains(/"event":"(sample|test)"/) {
      let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      let keys = [
        "epoch", "event", "gradient_norm", "learning_rate", "seconds", "step", "tokens_per_second", "train_loss",
        "validation_bits_per_character", "validation_loss",
      ]
      #expect(Set(keys).isSuperset(of: object.keys) && object.keys.contains("validation_loss"), "\(line)")
    }
  }

  /// The same seed samples the same text, whatever the number of threads; primes, stops and counts do as they say.
  @Test func theSameSeedSamplesTheSameText() throws {
    let workplace = try Trained.workplace.get()
    func sample(_ options: String...) throws -> String {
      let outcome = try workplace.charrnn(["sample", "run", "--length", "60"] + options)
      expectDone(outcome)
      return outcome.text
    }
    let text = try sample("--seed", "1")
    #expect(text.hasSuffix("\n") && (60...61).contains(text.count), "a line feed is added where there is none")
    #expect(try sample("--seed", "1", "--threads", "1") == text)
    #expect(try sample("--seed", "2") != text)
    #expect(try sample("--greedy") == sample("--temperature", "0"))
    #expect(try sample("--prime", "the\nfox ").hasPrefix("the\nfox "))
    let stop = String(text.dropFirst(10).prefix(2))
    let end = try #require(text.firstRange(of: stop)?.lowerBound)
    #expect(try sample("--stop", stop, "--seed", "1").hasPrefix(text[..<end]))
    #expect(try !sample("--stop", stop, "--seed", "1").contains(stop))
    #expect(try sample("--count", "2", "--seed", "1").hasPrefix(text))
    expectDone(try workplace.shell("$0 sample run --prime-file - --length 3 </dev/null"), "charrnn: note: --seed ")
    expectDone(try workplace.shell("printf 'a fox' | $0 sample run --prime-file - --length 3"))
    let piped = try workplace.charrnn(["sample", "run", "--prime-file", "-", "--length", "3"], input: "a crow. ")
    expectDone(piped)
    #expect(piped.text.hasPrefix("a crow. "))
  }

  /// Evaluation reports the loss and its rates, of the test part of the corpus trained on or of another text whole.
  @Test func evaluationReportsTheLossAndItsRates() throws {
    let workplace = try Trained.workplace.get()
    func evaluate(_ words: String...) throws -> Evaluation {
      let outcome = try workplace.charrnn(["evaluate", "run"] + words + ["--json"])
      expectDone(outcome)
      return try Evaluation(outcome)
    }
    let test = try evaluate("fable.txt")
    let count = fable.count
    #expect(test.tokens == count - count * 95 / 100 - 1)
    #expect(test.unknown == 0)
    #expect(abs(test.perplexity - exp(test.loss)) < 1e-9)
    #expect(abs(test.bitsPerCharacter - test.loss / log(2)) < 1e-9, "a token is a character here")
    #expect(test.bitsPerByte == test.bitsPerCharacter)
    #expect(try evaluate("fable.txt", "--split", "test").loss == test.loss)
    #expect(try evaluate("fable.txt", "--split", "all").tokens == count - 1)
    #expect(try evaluate("fable.txt", "--threads", "1").loss == test.loss)
    try workplace.write(fable + "\n", to: "longer.txt")
    #expect(try evaluate("longer.txt").tokens == count)
    let table = try workplace.charrnn("evaluate", "run", "fable.txt")
    expectDone(table)
    #expect(table.text.contains("bits per character"))
  }

  /// Beside a model's loss stand those of models that count; a run knows the text that it was trained on.
  @Test func aRunIsEvaluatedOnItsTextBesideModelsThatCount() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let trained = try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "2"] + small)
    expectDone(trained, "on the test part, which it has never seen: ")
    let evaluated = try workplace.charrnn("evaluate", "run")
    expectDone(evaluated)
    #expect(evaluated.text == (try workplace.charrnn("evaluate", "run", "fable.txt").text))
    #expect(evaluated.text.contains(/\n  uniform +[0-9.]+\n  unigram +[0-9.]+\n  5-gram +[0-9.]+\n  PPM +[0-9.]+\n/))
    let report = try workplace.charrnn("evaluate", "run", "--json").json()
    let baselines = try #require(report["baselines"] as? [String: Double])
    #expect(Set(baselines.keys) == ["uniform", "unigram", "five_gram", "ppm"])
    let whole = try workplace.charrnn("evaluate", "run", "--split", "all", "--json").json()
    #expect(Set(try #require(whole["baselines"] as? [String: Double]).keys) == ["uniform", "ppm"])

    expectError(try workplace.charrnn("evaluate", "run/best.safetensors"), 64, "name a CORPUS")
    try FileManager.default.removeItem(atPath: workplace.path(of: "fable.txt"))
    expectError(try workplace.charrnn("evaluate", "run"), 66, "fable.txt")
    expectDone(try workplace.charrnn(["train", "-", "--out", "piped", "--steps", "2"] + small, input: fable))
    expectError(try workplace.charrnn("evaluate", "piped"), 64, "standard input", "name a CORPUS")
  }

  /// What models that count reach is kept with the run, and counted anew for another text or without the file.
  @Test func baselinesAreKeptInTheRun() throws {
    let workplace = try Workplace()
    let long = String(repeating: fable, count: 4)
    try workplace.write(long, to: "fable.txt")
    try workplace.write(fable, to: "other.txt")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "2"] + small))
    func unigram(_ words: String...) throws -> Double {
      let outcome = try workplace.charrnn(["evaluate", "run", "--json"] + words)
      expectDone(outcome)
      return try #require((outcome.json()["baselines"] as? [String: Any])?["unigram"] as? Double)
    }
    let counted = try unigram()
    let read = try JSONSerialization.jsonObject(with: Data(workplace.bytes(of: "run/baselines.json")))
    var kept = try #require(read as? [String: Any])
    let key = try #require(kept.keys.first)
    #expect(kept.count == 1 && (kept[key] as? [String: Any])?["unigram"] as? Double == counted)
    var losses = try #require(kept[key] as? [String: Any])
    losses["unigram"] = 1.25
    kept[key] = losses
    let changed = try JSONSerialization.data(withJSONObject: kept)
    try workplace.write(String(decoding: changed, as: UTF8.self), to: "run/baselines.json")
    #expect(try unigram() == 1.25, "it is read")
    #expect(try unigram("--split", "validation") != 1.25, "another part")
    losses["unigram"] = -5
    let impossible = String(decoding: try JSONSerialization.data(withJSONObject: [key: losses]), as: UTF8.self)
    for damage in ["", "{", "[1]", #"{"\#(key)":{"uniform":1}}"#, impossible] {
      try workplace.write(damage, to: "run/baselines.json")
      #expect(try unigram() == counted)
    }
    try FileManager.default.removeItem(atPath: workplace.path(of: "run/baselines.json"))
    try FileManager.default.createDirectory(
      atPath: workplace.path(of: "run/baselines.json"), withIntermediateDirectories: false)
    #expect(try unigram() == counted)
    expectError(
      try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "3", "--resume"] + small), 73,
      "baselines.json", "is a directory")
  }

  @Test func aTextThatHasChangedIsEvaluatedAsAnother() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "2"] + small))
    #expect(try !workplace.charrnn("evaluate", "run").errors.contains("any more"))
    try workplace.write(String(fable.dropLast(3)), to: "fable.txt")
    let changed = try workplace.charrnn("evaluate", "run")
    expectDone(changed, "fable.txt is not the text any more")
    #expect(changed.text.hasPrefix("split               all"))
    expectError(try workplace.charrnn("evaluate", "elsewhere"), 66, "elsewhere: cannot open")
  }

  /// A run learns while it reads its own text or another; for that it needs the text that it was trained on.
  @Test func aRunLearnsFromTheTextThatItIsEvaluatedOn() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    try workplace.write(String(fable.prefix(300).reversed()), to: "other.txt")
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "20"] + small))
    func loss(_ words: [String]) throws -> Double {
      let outcome = try workplace.charrnn(["evaluate", "run"] + words + ["--json"])
      expectDone(outcome)
      return try #require(try outcome.json()["loss"] as? Double)
    }
    for text in [[], ["other.txt"]] {
      for way in [["--dynamic"], ["--with-ngrams"], ["--dynamic", "--with-ngrams"]] {
        #expect(try loss(text + way) < loss(text), "\(text) \(way)")
      }
    }
    expectError(
      try workplace.charrnn("evaluate", "run", "--dynamic", "--weights", "int8"), 64, "--weights")
    for way in [["--dynamic-on", "other.txt"], ["--with-ngrams"], ["--dynamic-on", "other.txt", "--with-ngrams"]] {
      let sample = ["sample", "run", "--length", "400", "--seed", "1"]
      let written = try workplace.charrnn(sample + way)
      expectDone(written)
      #expect(try written.text == workplace.charrnn(sample + way).text)
      #expect(try written.text != workplace.charrnn(sample).text, "\(way)")
    }
    let bare = try workplace.charrnn("sample", "run/best.safetensors", "--with-ngrams")
    #expect(bare.code == 65 && bare.errors.contains("the text that it was trained on"), "\(bare.errors)")
    expectError(
      try workplace.charrnn("sample", "run", "--dynamic-on", "-", "--prime-file", "-"), 64,
      "--prime-file and --dynamic-on")
    let alone = try workplace.charrnn("evaluate", "run/best.safetensors", "other.txt", "--dynamic")
    expectError(alone, 65, "needs the text that it was trained on", "name its run directory")
    try workplace.write(fable + "more", to: "fable.txt")
    expectError(try workplace.charrnn("evaluate", "run", "other.txt", "--with-ngrams"), 65, "as it was then")
  }

  @Test func aPartThatIsEmptyIsAnsweredWithThePartsThatMayNotBe() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(
      try workplace.charrnn(["train", "fable.txt", "--out", "run", "--steps", "1", "--test-fraction", "0"] + small))
    expectError(
      try workplace.charrnn("evaluate", "run", "fable.txt"), 65, "test part of the text has 0 tokens",
      "--split train|validation|all")
    expectDone(try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "validation"))
  }

  /// A byte model goes on from a prime in another encoding, and tells where no character begins.
  @Test func aByteModelGoesOnFromAPrimeInAnotherEncoding() throws {
    let workplace = try Workplace()
    let latin = Array(fable.utf8) + Array("voil".utf8) + [0xE0] + Array("e\u{301}".utf8)
    try workplace.write(latin + Array(fable.utf8), to: "latin.txt")
    expectDone(
      try workplace.charrnn(["train", "latin.txt", "--out", "run", "--steps", "2", "--tokens", "byte"] + small))
    for length in ["0", "10"] {
      let sample = try workplace.shell("printf 'voil\\340' | $0 sample run --prime-file - --length \(length) --seed 1")
      expectDone(sample)
      #expect(sample.text.hasPrefix("voil\u{FFFD}") && !sample.text.dropFirst(5).contains("\u{FFFD}"))
    }
    // The first byte, with which the only character begins, is not predicted.
    try workplace.write("e\u{301}", to: "accent.txt")
    let report = try workplace.charrnn("evaluate", "run", "accent.txt", "--json").json()
    #expect(report["characters"] as? Int == 0 && report["bits_per_character"] is NSNull)
    #expect(try workplace.charrnn("evaluate", "run", "accent.txt").text.contains("bits per character  none\n"))
  }

  @Test func inspectionShowsArchitectureVocabularyHistoryAndTensors() throws {
    let workplace = try Trained.workplace.get()
    let report = try workplace.charrnn("inspect", "run", "--json").json()
    #expect(
      Set(report.keys) == [
        "cell", "layers", "hidden", "embedding", "tie", "forget_bias", "heads", "dropout", "refinements", "tokens",
        "vocabulary",
        "parameters", "step", "epoch",
        "validation_loss",
        "tensors",
      ])
    #expect(report["cell"] as? String == "lstm")
    #expect(report["tokens"] as? String == "character")
    #expect(report["step"] as? Int == 20)
    #expect(report["vocabulary"] as? [String] == Set(fable).map(String.init).sorted())
    let tensors = try #require(report["tensors"] as? [[String: Any]])
    #expect(tensors.contains { $0["name"] as? String == "rnn.weight_ih_l0" && $0["dtype"] as? String == "F32" })
    let counts = tensors.map { ($0["shape"] as? [Int] ?? []).reduce(1, *) }
    #expect(report["parameters"] as? Int == counts.reduce(0, +))
    let last = try workplace.charrnn("inspect", "run/last.safetensors")
    expectDone(last)
    #expect(last.text.contains("optimizer.first_moment.rnn.weight_ih_l0"))
  }

  @Test(arguments: ["lstm", "gru", "rnn", "rnn-relu"])
  func theGradientCheckPassesAndFailsWith1WhereAGradientIsSpoiled(cell: String) throws {
    let workplace = try Workplace()
    let model = [
      "gradcheck", "--cell", cell, "--hidden", "3", "--length", "4", "--vocabulary", "4", "--embedding", "2",
    ]
    let passed = try workplace.charrnn(model)
    expectDone(passed)
    #expect(passed.text.contains("rnn.weight_hh_l1") && !passed.text.contains("WRONG"))
    let failed = try workplace.charrnn(model + ["--json", "--break", "rnn.weight_hh_l0"])
    #expect(failed.code == 1)
    #expect(failed.errors.hasPrefix("charrnn: error: 1 of ") && failed.errors.contains("rnn.weight_hh_l0"))
    let report = try failed.json()
    #expect(report["passed"] as? Bool == false)
    let parameters = try #require(report["parameters"] as? [[String: Any]])
    #expect(parameters.filter { $0["passed"] as? Bool == false }.map { $0["name"] as? String } == ["rnn.weight_hh_l0"])
  }

  @Test func theBenchmarkReportsItsMeasurementsAndLeavesNothingBehind() throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let outcome = try workplace.charrnn(
      ["benchmark", "fable.txt", "--seconds", "0.1", "--sample", "20", "--threads", "1", "--json"] + smallSize)
    expectDone(outcome)
    let report = try outcome.json()
    #expect(report["cell"] as? String == "lstm" && report["precision"] as? String == "float32")
    for key in [
      "layers", "hidden", "batch", "length", "threads", "train_tokens_per_second", "train_gflops", "peak_gflops",
      "sustained_peak_gflops", "sample_characters_per_second", "loss", "peak_rss_mb",
    ] { #expect(try #require(report[key] as? Double) > 0, "\(key)") }
    #expect(try workplace.visibleNames == ["fable.txt"])
  }

  @Test(arguments: ["1", "2"])
  func theProfileOfAStepAccountsForAllOfTheTimeOfAllThreads(threads: String) throws {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    let arguments =
      ["benchmark", "fable.txt", "--profile", "--seconds", "0.1", "--sample", "0", "--threads", threads] + smallSize
    let table = try workplace.charrnn(arguments)
    expectDone(table)
    #expect(table.text.contains("ms a step") && table.text.contains(#/products +[0-9.]+%  matrix products/#))
    let report = try workplace.charrnn(arguments + ["--json"])
    expectDone(report)
    var profile = try #require(try report.json()["profile"] as? [String: Double])
    let milliseconds = profile.removeValue(forKey: "milliseconds_per_step")
    #expect(try #require(milliseconds) > 0)
    #expect(Set(profile.keys).isSuperset(of: ["products", "gates", "loss", "optimizer", "input", "waiting", "other"]))
    #expect(profile.values.allSatisfy { $0 >= 0 } && abs(profile.values.reduce(0, +) - 1) < 1e-6)
    #expect(try #require(profile["products"]) > 0)
  }

  @Test(arguments: ["character", "scalar", "byte"])
  func eachKindOfTokenMakesValidUTF8AndRatesThatCanBeCompared(tokens: String) throws {
    let workplace = try Workplace()
    let text = try String(contentsOf: Repository.corpus("multilingual.txt"), encoding: .utf8)
    let part = String(text.prefix(6000))
    try workplace.write(part, to: "part.txt")
    expectDone(try workplace.charrnn(["train", "part.txt", "--steps", "4", "--tokens", tokens] + small))
    for seed in 1...2 {
      let sample = try workplace.charrnn("sample", "runs/part", "--length", "101", "--seed", "\(seed)")
      expectDone(sample)
      let text = try #require(String(data: sample.output, encoding: .utf8))
      #expect(!text.unicodeScalars.contains("\u{FFFD}"))
    }
    let evaluated = try workplace.charrnn("evaluate", "runs/part", "part.txt", "--split", "all", "--json")
    let report = try Evaluation(evaluated)
    // All but the first token is predicted.
    #expect(report.characters >= part.count - 1 && report.characters <= part.count)
    let bytesPerCharacter = Double(part.utf8.count) / Double(part.count)
    #expect(abs(report.bitsPerCharacter / report.bitsPerByte / bytesPerCharacter - 1) < 1e-2)
  }
}
