import CharrnnTestSupport
import Foundation
import Testing

/// Commands with models of words and subwords.
@Suite struct WordCommandTests {
  static let kinds = ["word", "subword"]

  private func train(
    _ workplace: Workplace, _ kind: String, _ out: String = "run", steps: Int = 20, _ words: String...
  ) throws -> Outcome {
    let options = smallSize + ["--plain", "--symbols", "280", "--dropout", "0.2", "--sample-every", "0"]
    return try workplace.charrnn(
      ["train", "fable.txt", "--out", out, "--steps", "\(steps)", "--tokens", kind] + options + words)
  }

  private func trained(_ kind: String) throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    expectDone(try train(workplace, kind))
    return workplace
  }

  @Test(arguments: kinds) func aModelWritesAndIsMeasured(kind: String) throws {
    let workplace = try trained(kind)
    let sampled = try workplace.charrnn("sample", "run", "--prime", "the fox", "--length", "30", "--seed", "1")
    expectDone(sampled)
    #expect(sampled.text.hasPrefix("the fox") && String(validating: sampled.output, as: UTF8.self) != nil)
    let report = try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "all", "--json").json()
    let (loss, tokens) = (try #require(report["loss"] as? Double), try #require(report["tokens"] as? Int))
    let bits = loss * Double(tokens) / log(2)
    let characters = try #require(report["characters"] as? Int)
    #expect(tokens < characters && characters <= fable.count)
    #expect(abs(try #require(report["bits_per_character"] as? Double) - bits / Double(characters)) < 1e-9)
    #expect(report["unknown"] as? Int == 0)
  }

  @Test(arguments: kinds) func validationIsShownAsItIsRecorded(kind: String) throws {
    let workplace = try Workplace()
    // The text held out has longer words than the rest.
    try workplace.write(
      fable + String(repeating: "incomprehensibilities notwithstanding, ", count: 20), to: "fable.txt")
    let outcome = try train(workplace, kind)
    expectDone(outcome)
    let metrics = String(decoding: try workplace.bytes(of: "run/metrics.jsonl"), as: UTF8.self)
    let last = try #require(metrics.split(separator: "\n").last { $0.contains(#""event":"end""#) })
    let line = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
    let bits = try #require(line["validation_bits_per_character"] as? Double)
    let loss = try #require(line["validation_loss"] as? Double)
    let format = "validation loss %.3f, %.3f bits per character"
    #expect(outcome.errors.contains(String(format: format, loss, bits)), "\(last)")
  }

  @Test(arguments: kinds) func aRunGivesTheSameBytesInOneGoOrResumed(kind: String) throws {
    let workplace = try trained(kind)
    expectDone(try train(workplace, kind, "cut", steps: 9))
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "cut", "--resume", "--steps", "20"))
    #expect(try workplace.bytes(of: "cut/last.safetensors") == workplace.bytes(of: "run/last.safetensors"))
  }

  @Test(arguments: kinds) func aRunIsFoundByItsCorpus(kind: String) throws {
    let workplace = try trained(kind)
    expectDone(try train(workplace, kind, "runs/fable", steps: 4))
    expectDone(
      try workplace.charrnn("train", "fable.txt", "--resume", "--steps", "5"), "resuming runs/fable after step 4")
  }

  @Test(arguments: kinds) func anyBytesCompressAndComeBack(kind: String) throws {
    let workplace = try trained(kind)
    let content: [UInt8] = Array("the crow, é\r\n".utf8) + [0xFF, 0xC3, 0x00]
    try Data(content).write(to: URL(fileURLWithPath: workplace.path(of: "bytes")))
    expectDone(try workplace.charrnn("compress", "run", "bytes", "--out", "small"))
    expectDone(try workplace.charrnn("decompress", "run", "small", "--out", "back"))
    #expect(try workplace.bytes(of: "back") == content)
  }

  @Test(arguments: kinds) func theBitsOfAllPiecesAreTheLoss(kind: String) throws {
    let workplace = try trained(kind)
    let scored = try workplace.charrnn("score", "run", "fable.txt", "--json")
    expectDone(scored)
    let pieces = try scored.text.split(separator: "\n").map {
      try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
    }
    #expect(pieces.compactMap { $0["text"] as? String }.joined() == fable)
    let report = try workplace.charrnn("evaluate", "run", "fable.txt", "--split", "all", "--json").json()
    let nats = try #require(report["loss"] as? Double) * Double(try #require(report["tokens"] as? Int))
    #expect(abs(pieces.compactMap { $0["bits"] as? Double }.reduce(0, +) * log(2) - nats) < 1e-9 * nats)
  }

  @Test func theVocabularyIsShown() throws {
    let workplace = try trained("subword")
    let shown = try workplace.charrnn("inspect", "run")
    expectDone(shown)
    #expect(shown.text.contains("tokens      subword, ") && shown.text.contains("\" fox\""), "\(shown.text)")
    let symbols = try workplace.charrnn("inspect", "run", "--json").json()["vocabulary"] as? [String]
    #expect(symbols?.contains("Ġfox") == true && symbols?.first == "Ā")
  }

  @Test(arguments: kinds) func aTextIsWrittenWithinAPattern(kind: String) throws {
    let workplace = try trained(kind)
    let sampled = try workplace.charrnn(
      "sample", "run", "--matching", "the (fox|crow) and", "--length", "20", "--seed", "3")
    expectDone(sampled)
    #expect(["the fox and\n", "the crow and\n"].contains(sampled.text))
  }

  @Test(arguments: kinds) func aTextStopsBeforeAnother(kind: String) throws {
    let workplace = try trained(kind)
    let sampled = try workplace.charrnn("sample", "run", "--stop", "o", "--length", "100", "--seed", "3")
    expectDone(sampled)
    #expect(!sampled.text.contains("o"))
  }

  @Test func otherTextIsReadInTheVocabularyOfTheModelToStartFrom() throws {
    let workplace = try trained("subword")
    try workplace.write(fable + "An owl, at last: unknown words.\n", to: "other.txt")
    expectDone(
      try workplace.charrnn(
        "train", "other.txt", "--out", "other", "--steps", "2", "--tokens", "subword", "--init-from", "run", "--batch",
        "4",
        "--length", "8"))
    func vocabulary(_ run: String) throws -> [String]? {
      try workplace.charrnn("inspect", run, "--json").json()["vocabulary"] as? [String]
    }
    #expect(try vocabulary("other") == vocabulary("run"))
  }

  @Test func whatCannotBeDoneWithWordsIsSaid() throws {
    let workplace = try trained("word")
    expectError(
      try train(workplace, "word", "items", "--items"), 64, "items needs tokens that end where a document does")
    expectError(try train(workplace, "character", "sizes"), 64, "symbols is 280")
    expectError(
      try workplace.charrnn("sample", "run", "--fill", "the ___ and"), 64, "--fill is for models of characters")
    expectError(try workplace.charrnn("export", "run", "--to", "html"), 65, "tokens are words")
    expectError(try workplace.charrnn("export", "run", "--to", "pytorch"), 65, "tokens that are words")
  }

  @Test func aLargeVocabularyHasATiedEmbeddingByDefault() throws {
    let workplace = try trained("word")
    expectDone(
      try workplace.charrnn(
        "train", "fable.txt", "--out", "chosen", "--tokens", "word", "--steps", "2", "--hidden", "16"),
      "--embedding 16 --tie")
  }
}

/// Models that are trained on the vocabulary of a `tokenizer.json` file.
@Suite struct TokenizerCommandTests {
  private static let tokenizer = Repository.fixture("tokenizer/tokenizer.json").path

  private func train(_ workplace: Workplace, _ out: String, _ words: String...) throws -> Outcome {
    try workplace.charrnn(["train", "fable.txt", "--out", out, "--sample-every", "0"] + small + words)
  }

  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    return workplace
  }

  @Test func aModelKeepsTheIDsOfTheFileAndNeedsItNoMore() throws {
    let workplace = try workplace()
    let copy = workplace.path(of: "tokenizer.json")
    try FileManager.default.copyItem(atPath: Self.tokenizer, toPath: copy)
    expectDone(try train(workplace, "run", "--tokenizer", "tokenizer.json", "--steps", "6"), "480 symbols")
    try FileManager.default.removeItem(atPath: copy)
    expectDone(try workplace.charrnn("train", "fable.txt", "--out", "run", "--resume", "--steps", "12"))
    expectDone(try train(workplace, "whole", "--tokenizer", Self.tokenizer, "--steps", "12"))
    #expect(try workplace.bytes(of: "run/last.safetensors") == workplace.bytes(of: "whole/last.safetensors"))
    let resumed = try String(contentsOfFile: workplace.path(of: "run/config.json"), encoding: .utf8)
    #expect(resumed.contains(#""tokenizer": "tokenizer.json""#) || resumed.contains(#""tokenizer":"tokenizer.json""#))
    let symbols = try workplace.charrnn("inspect", "run", "--json").json()["vocabulary"] as? [String]
    #expect(symbols?.count == 480 && symbols?[0] == "<|endoftext|>" && symbols?[1] == "!")
    expectDone(try workplace.charrnn("sample", "run", "--length", "20", "--seed", "1"))
  }

  @Test func optionsThatContradictTheFileAreRefused() throws {
    let workplace = try workplace()
    expectError(try train(workplace, "a", "--tokenizer", Self.tokenizer, "--symbols", "300"), 64, "--symbols")
    expectError(
      try train(workplace, "a", "--tokenizer", Self.tokenizer, "--tokens", "word"), 64, "--tokenizer", "words")
    expectError(try train(workplace, "a", "--tokenizer", "nothing.json"), 66, "nothing.json")
    try workplace.write("{}", to: "empty.json")
    expectError(try train(workplace, "a", "--tokenizer", "empty.json"), 65, "empty.json", "model")
    expectDone(try train(workplace, "b", "--tokens", "subword", "--steps", "2"))
    expectError(
      try workplace.charrnn("train", "fable.txt", "--out", "b", "--resume", "--tokenizer", Self.tokenizer), 64,
      "another vocabulary")
  }
}
