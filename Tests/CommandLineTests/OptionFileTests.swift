import CharrnnCommandSupport
import CharrnnTestSupport
import Foundation
import Testing
import charrnn

/// Options that stand in a file, as in a run's `config.json`.
@Suite struct OptionFileTests {
  private let workplace: Workplace

  init() throws {
    workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    try workplace.write(String(fable.prefix(200)), to: "held.txt")
  }

  private func train(_ out: String, _ words: [String]) throws -> Outcome {
    try workplace.charrnn(["train", "fable.txt", "--out", out, "--sample-every", "0"] + words)
  }

  private func expectSameFiles(_ one: String, _ other: String, sourceLocation: SourceLocation = #_sourceLocation) throws
  {
    for file in ["last", "best", "undecayed"].map({ "\($0).safetensors" }) {
      let there = workplace.exists("\(one)/\(file)")
      #expect(there == workplace.exists("\(other)/\(file)"), sourceLocation: sourceLocation)
      guard there else { continue }
      #expect(
        try workplace.bytes(of: "\(one)/\(file)") == workplace.bytes(of: "\(other)/\(file)"), "\(file)",
        sourceLocation: sourceLocation)
    }
  }

  private func configuration(of run: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(workplace.bytes(of: "\(run)/config.json")))
    return try #require(object as? [String: Any])
  }

  /// Runs whose settings were chosen, and plain ones with options of every kind.
  @Test(arguments: [
    ["--hidden", "8", "--steps", "20"], small + ["--epochs", "2", "--validation-fraction", "0.1"],
    small + ["--steps", "12", "--vary-length", "--zoneout", "0.1", "--layers", "1"],
    small + ["--steps", "12", "--optimizer", "adamw", "--schedule", "cosine", "--validate-every", "5"],
    small + ["--steps", "9", "--items", "--cell", "gru", "--layer-norm", "--patience", "3"],
    small + ["--steps", "12", "--embedding", "8", "--tie", "--separator", ". ", "--seed", "7", "--tokens", "byte"],
    small + ["--steps", "9", "--schedule", "wsd", "--average", "0.3", "--forget-bias", "-1.5", "--keep", "2"],
  ])
  func aRunsFileGivesItsModelBitForBit(options: [String]) throws {
    expectDone(try train("one", options))
    let again = try train("other", ["--config", "one/config.json"])
    expectDone(again)
    #expect(!again.errors.contains("chose --"), "\(again.errors)")
    try expectSameFiles("one", "other")
    var (one, other) = (try configuration(of: "one"), try configuration(of: "other"))
    #expect(other["chosen"] is NSNull)
    (one["chosen"], other["chosen"]) = (nil, nil)
    #expect(NSDictionary(dictionary: one) == NSDictionary(dictionary: other))
  }

  @Test func aRunThatWasResumedIsGivenAgain() throws {
    expectDone(try train("one", small + ["--steps", "8"]))
    expectDone(try train("one", ["--resume", "--steps", "15"]))
    expectDone(try train("other", ["--config", "one/config.json"]))
    try expectSameFiles("one", "other")
  }

  /// A file keeps the time of a run that was ended by it. With the steps that it had in place of the time, it is the same run.
  @Test func aTimedRunIsGivenAgainWithItsSteps() throws {
    let options = ["--hidden", "8", "--time", "1s", "--patience", "1000", "--overwrite"]
    var outcome = try train("one", options)
    // On a busy machine a decay may be cut short.
    for _ in 0..<4 where !outcome.errors.contains("without a clock") { outcome = try train("one", options) }
    let steps = try #require(outcome.errors.firstMatch(of: /without a clock.* --steps ([0-9]+)/)).output.1
    #expect(try configuration(of: "one")["time"] as? Double == 1)
    let again = try train("other", ["--config", "one/config.json", "--steps", "\(steps)"])
    expectDone(again)
    #expect(try configuration(of: "other")["time"] is NSNull)
    try expectSameFiles("one", "other")
  }

  @Test func optionsOnTheCommandLineWin() throws {
    expectDone(try train("one", small + ["--steps", "8"]))
    expectDone(try train("other", ["--hidden", "6", "--config", "one/config.json", "--epochs", "1"]))
    let other = try configuration(of: "other")
    #expect(other["hidden"] as? Int == 6 && other["epochs"] as? Int == 1 && other["steps"] is NSNull)
    #expect(other["batch"] as? Int == 4)
  }

  /// As if its options were given: a run that is resumed with its own file, and one that differs.
  @Test func aRunIsResumedWithItsFile() throws {
    let options = small + ["--steps", "8", "--vary-length", "--optimizer", "adamw"]
    expectDone(try train("one", options))
    try workplace.write(workplace.bytes(of: "one/config.json"), to: "options.json")
    let resume = ["--resume", "--config", "options.json"]
    expectDone(try train("one", resume + ["--steps", "12"]), "after step 8")
    expectDone(try train("other", options))
    expectDone(try train("other", ["--resume", "--steps", "12"]))
    try expectSameFiles("one", "other")
    let text = String(decoding: try workplace.bytes(of: "options.json"), as: UTF8.self)
    try workplace.write(text.replacing(#""hidden": 8"#, with: #""hidden": 9"#), to: "options.json")
    expectError(try train("one", resume), 64, "--hidden is 9, the run's is 8")
  }

  /// A run that began with a model's weights, given again and resumed.
  @Test func aModelToStartFromIsAnOptionOfTheFile() throws {
    expectDone(try train("first", small + ["--steps", "4"]))
    expectDone(try train("one", small + ["--steps", "4", "--init-from", "first"]))
    expectDone(try train("other", ["--config", "one/config.json"]))
    try expectSameFiles("one", "other")
    expectDone(try train("one", ["--resume", "--config", "one/config.json", "--steps", "6"]))
  }

  @Test func aRunThatValidatesOnAFileNeedsItAgain() throws {
    expectDone(try train("one", small + ["--steps", "4", "--validation", "held.txt"]))
    expectError(try train("other", ["--config", "one/config.json"]), 64, "one/config.json", "--validation FILE")
    expectDone(try train("other", ["--config", "one/config.json", "--validation", "held.txt"]))
    try expectSameFiles("one", "other")
  }

  /// A file that charrnn has not written leaves open what it does not say; null and false say nothing.
  @Test func aFileMayHaveSomeOptions() throws {
    let options =
      #"{"hidden": 8, "items": false, "cell": null, "steps": 3, "validation_fraction": 0.1, "a": {"clip": 2}}"#
    try workplace.write(options, to: "some.json")
    expectDone(try train("one", ["--config", "some.json"]), "chose --layers")
    let one = try configuration(of: "one")
    #expect(one["clip"] as? Double == 2 && one["validation_fraction"] as? String == "0.1")
    try workplace.write(
      #"{"plain": true, "time": 0.5, "hidden": 8, "batch": 4, "length": 8}"#, to: "some.json")
    let timed = try train("two", ["--config", "some.json"])
    expectDone(timed)
    #expect(!timed.errors.contains("chose --"))
    #expect(try configuration(of: "two")["time"] as? Double == 0.5)
  }

  @Test func doctorTakesTheSameFile() throws {
    expectDone(try train("one", small + ["--steps", "8", "--keep", "1"]))
    let doctor = try workplace.charrnn("doctor", "fable.txt", "--config", "one/config.json", "--json")
    expectDone(doctor)
    #expect(try doctor.json()["steps"] as? Int == 8)
  }

  @Test(arguments: [
    (#"{"hiden": 8}"#, "\"hiden\" is no option; did you mean hidden?"),
    (#"{"learning-rate": 1}"#, "did you mean learning_rate?"), (#"{"": 1}"#, "\"\" is no option"),
    (#"{"config": "x"}"#, "\"config\" is no option"), (#"{"hidden": 0}"#, "hidden: \"0\" is not a whole number"),
    (#"{"hidden": "8"}"#, "hidden must be a number, and is \"8\""), (#"{"hidden": true}"#, "hidden must be a number"),
    (#"{"hidden": 8.5}"#, "hidden: \"8.5\" is not a whole number"), (#"{"hidden": [8]}"#, "hidden must be a number"),
    (#"{"hidden": 08}"#, "hidden must be a number"), (#"{"hidden": nil}"#, "hidden must be a number"),
    (#"{"dropout": 1}"#, "dropout: \"1\" is not a number"), (#"{"learning_rate": 1e999}"#, "learning_rate"),
    (#"{"cell": 3}"#, "cell must be a text"), (#"{"cell": "lstn"}"#, "cell: \"lstn\" is not one of"),
    (#"{"items": 1}"#, "items must be true or false"), (#"{"items": "yes"}"#, "items must be true or false"),
    (#"{"time": "5m"}"#, "time must be a number of seconds"), (#"{"time": 0}"#, "time must be a number of seconds"),
    (#"{"time": -1}"#, "time must be a number of seconds"), (#"{"validation_fraction": "1/2"}"#, "validation_fraction"),
    (#"{"validation_fraction": false}"#, "validation_fraction must be a decimal fraction"),
    (#"{"out": ""}"#, "out: \"\" is not a path"),
    (#"{"a": {"b": {"hiden": 1}}}"#, "did you mean hidden?"),
  ])
  func aValueThatAnOptionCannotHaveIsWrongUsage(text: String, message: String) throws {
    try workplace.write(text, to: "options.json")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 64, "options.json: ", message)
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json", "--hidden", "8", "--steps", "1"), 64)
    #expect(!workplace.exists("runs"))
  }

  @Test(arguments: [
    "", " ", "[]", "null", "7", "{", "{}{}", #"{"hidden": 8,}"#, #"{"hidden" 8}"#, "\u{FEFF}{}", "{\"hidden\": \u{0}}",
    String(repeating: #"{"a":"#, count: 100_000), #"{"hidden": \#(String(repeating: "[", count: 100_000))"#,
    #"{"\#(String(repeating: "a", count: 600))": 1}"#, "{\(String(repeating: " ", count: 1 << 20))}",
  ])
  func aFileThatIsNoObjectIsBadData(text: String) throws {
    try workplace.write(text, to: "options.json")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 65,
      "options.json: is no JSON object of options")
  }

  @Test func theFirstFaultOfAFileIsSaid() throws {
    try workplace.write(#"{"hidden": 8, "steps" 3}"#, to: "options.json")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 65, "expected \":\" at byte 22")
  }

  @Test func aFileThatIsNotUTF8IsBadData() throws {
    try workplace.write(Array(#"{"cell": ""#.utf8) + [0xE9] + Array(#""}"#.utf8), to: "options.json")
    expectError(try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 65, "options.json: is no JSON")
  }

  @Test(arguments: [#"{"hidden": 8, "hidden": 8}"#, #"{"hidden": 8, "a": {"hidden": 8}}"#])
  func anOptionThatStandsTwiceIsBadData(text: String) throws {
    try workplace.write(text, to: "options.json")
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 65, "options.json: has \"hidden\" twice")
  }

  @Test func aFileThatIsNotThereIsNoInput() throws {
    expectError(
      try workplace.charrnn("train", "fable.txt", "--config", "options.json"), 66, "options.json: cannot open")
    expectError(try workplace.charrnn("train", "fable.txt", "--config", "."), 66, ".: cannot read: is a directory")
  }

  /// Whatever is changed in a file, it is read as options or answered with one line.
  @Test func damagedFilesAreReadOrAnsweredWithOneLine() throws {
    expectDone(try train("one", small + ["--steps", "1"]))
    let whole = try workplace.bytes(of: "one/config.json")
    let path = workplace.path(of: "options.json")
    var random = SplitMix(seed: 5)
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"", "\\", "null", "true", "-", "1e9", "\u{0}", "é", "hidden", "charrnn",
    ]
    for _ in 0..<2000 {
      var bytes = whole
      for _ in 0...random.next() % 3 {
        let place = Int(random.next() % UInt64(bytes.count))
        let end = min(bytes.count, place + Int(random.next() % 9))
        let piece = pieces[Int(random.next() % UInt64(pieces.count))]
        bytes.replaceSubrange(place..<end, with: Array(piece.utf8))
      }
      try workplace.write(bytes, to: "options.json")
      let arguments = try ParsedArguments(["fable.txt", "--config", path], of: TrainCommand.command)
      do {
        let completed = try OptionFile.completing(arguments)
        _ = try TrainOptions.settings(completed, resuming: nil)
      } catch let failure as CommandFailure {
        #expect([.usage, .badData].contains(failure.code), "\(failure)")
        #expect(errorLine(failure.message).utf8.count { $0 == 10 } == 1, "\(failure)")
      }
    }
  }
}
