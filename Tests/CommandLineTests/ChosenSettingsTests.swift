import CharrnnTestSupport
import Foundation
import Testing

/// `train` chooses what options do not say.
@Suite struct ChosenSettingsTests {
  private func workplace() throws -> Workplace {
    let workplace = try Workplace()
    try workplace.write(fable, to: "fable.txt")
    return workplace
  }

  /// Small enough for a debug build; the rest is chosen.
  private static let options = ["--hidden", "8", "--sample-every", "0"]

  /// Words of a command line that a note shows.
  private func words(after note: String, in outcome: Outcome) throws -> [String] {
    let line = try #require(outcome.errorLines.first { $0.contains(note) }, "\(outcome.errors)")
    let command = line[try #require(line.range(of: "charrnn train ")).upperBound...]
    return ["train"] + command.split(separator: " ").map(String.init)
  }

  private func expectSameRun(
    _ one: String, _ other: String, files: [String] = ["last", "best", "undecayed"], in workplace: Workplace
  ) throws {
    for file in files {
      #expect(
        try workplace.bytes(of: "\(one)/\(file).safetensors") == workplace.bytes(of: "\(other)/\(file).safetensors"),
        "\(file)")
    }
  }

  @Test func thePrintedCommandLineGivesTheSameRun() throws {
    let workplace = try workplace()
    let outcome = try workplace.charrnn(["train", "fable.txt", "--out", "one", "--steps", "20"] + Self.options)
    expectDone(outcome, "chose --layers 1:", "lstm 1×8")
    #expect(!outcome.errors.contains("chose --hidden"))
    let explicit = try words(after: "said explicitly", in: outcome)
    #expect(explicit.contains("--plain"))
    expectDone(try workplace.charrnn(explicit + ["--out", "other"]))
    try expectSameRun("one", "other", in: workplace)
  }

  /// A run that time has ended is repeated by the number of its steps, and made longer by more of them.
  @Test func aTimedRunIsRepeatedByItsSteps() throws {
    let workplace = try workplace()
    // Such a text is learned by heart before the time is over.
    func train(seconds: Int) throws -> Outcome {
      try workplace.charrnn(
        ["train", "fable.txt", "--out", "one", "--overwrite", "--time", "\(seconds)s", "--patience", "1000"]
          + Self.options)
    }
    var outcome = try train(seconds: 2)
    // A busy machine may stall for longer than the decay of a short run can make up for.
    for seconds in [4, 8, 16] where !outcome.errors.contains("without a clock") {
      outcome = try train(seconds: seconds)
    }
    expectDone(outcome, "the learning rate falls to 0")
    let counted = try words(after: "without a clock", in: outcome)
    expectDone(try workplace.charrnn(counted + ["--out", "other"]))
    try expectSameRun("one", "other", in: workplace)

    let steps = try #require(counted.last.flatMap { Int($0) })
    let longer = ["--steps", "\(steps + 20)"]
    let more = try workplace.charrnn(
      ["train", "fable.txt", "--out", "one", "--resume", "--sample-every", "0"] + longer)
    expectDone(more, "from the state before the learning rate fell")
    expectDone(try workplace.charrnn(counted.dropLast(2) + longer + ["--out", "other", "--overwrite"]))
    // The best model may be that of the first end, which the longer run never comes by.
    try expectSameRun("one", "other", files: ["last", "undecayed"], in: workplace)
    let nothing = try workplace.charrnn(["train", "fable.txt", "--out", "one", "--resume"])
    expectDone(nothing, "nothing is left to train")
  }

  /// What a measurement of time chose stays, also where the run was killed before its first state was saved.
  @Test func aRunThatBeginsAgainKeepsItsChoice() throws {
    let workplace = try workplace()
    let train = ["train", "fable.txt", "--out", "run", "--time", "1s"] + Self.options
    expectDone(try workplace.charrnn(train))
    for file in ["last", "best", "undecayed"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: "run/\(file).safetensors"))
    }
    func config() throws -> String { try String(decoding: workplace.bytes(of: "run/config.json"), as: UTF8.self) }
    let before = try config()
    #expect(before.contains(#""chosen": ["layers""#))
    let outcome = try workplace.charrnn(train + ["--resume"])
    expectDone(outcome, "starting from the beginning")
    #expect(!outcome.errors.contains("chose --"), "\(outcome.errors)")
    #expect(try config() == before)
    try workplace.write(before.replacing(#""average": 0.1"#, with: #""average": 7"#), to: "run/config.json")
    for file in ["last", "best", "undecayed"] {
      try FileManager.default.removeItem(atPath: workplace.path(of: "run/\(file).safetensors"))
    }
    let lost = try workplace.charrnn(train + ["--resume"])
    #expect(lost.code == 65 && lost.errors.contains("run/config.json: average was chosen, and is lost"))
  }

  /// A text of a few dozen characters is trained on, in shorter windows.
  @Test(arguments: [24, 60, 300])
  func aShortTextIsTrainedOn(count: Int) throws {
    let workplace = try Workplace()
    try workplace.write(String(fable.prefix(count)), to: "short.txt")
    expectDone(try workplace.charrnn(["train", "short.txt", "--out", "run", "--steps", "3"] + Self.options))
  }

  /// Schedules of every kind, within a time too.
  @Test(arguments: [
    ["--schedule", "cosine", "--epochs", "1", "--time", "9s"], ["--schedule", "plateau", "--time", "1s"],
    ["--cell", "min-gru", "--steps", "3"], ["--embedding", "8", "--tie", "--steps", "3"],
    ["--residual", "--optimizer", "sgd", "--steps", "3"], ["--validation-fraction", "0", "--steps", "3"],
    ["--batch", "2", "--length", "1", "--steps", "3"], ["--batch", "100", "--steps", "3"],
    ["--cell", "indrnn", "--steps", "40"],
  ])
  func optionsWinInEveryCombination(options: [String]) throws {
    let workplace = try workplace()
    expectDone(try workplace.charrnn(["train", "fable.txt", "--out", "run"] + Self.options + options))
  }

  /// A run whose state before the decay is damaged ends, but is not extended; one that ended for the lack of improvement says how it
  /// trains on.
  @Test func aRunThatHasEndedSaysHowItTrainsOn() throws {
    let workplace = try workplace()
    let train = ["train", "fable.txt", "--out", "run"] + Self.options
    let ended = try workplace.charrnn(train + ["--learning-rate", "30", "--patience", "2", "--validate-every", "2"])
    expectDone(ended, "no improvement in 2 validations", "--patience 4")
    let again = try workplace.charrnn(["train", "fable.txt", "--out", "run", "--resume"])
    expectDone(again, "nothing is left to train: the learning rate fell to 0", "--patience 4 trains on")
    let more = ["train", "fable.txt", "--out", "run", "--resume", "--patience", "1000", "--steps", "60"]
    let undecayed = try workplace.bytes(of: "run/undecayed.safetensors")
    try workplace.write(Array(undecayed.dropLast()), to: "run/undecayed.safetensors")
    let damaged = try workplace.charrnn(more)
    #expect(damaged.code == 65 && damaged.errors.contains("error: run/undecayed.safetensors"), "\(damaged.errors)")
    expectDone(try workplace.charrnn(more.dropLast(4)), "run/undecayed.safetensors", "not train longer")
    try workplace.write(undecayed, to: "run/undecayed.safetensors")
    expectDone(try workplace.charrnn(more), "from the state before the learning rate fell")
  }

  /// The structure of a model to start from is kept.
  @Test func theStructureOfTheFirstModelIsKept() throws {
    let workplace = try workplace()
    expectDone(
      try workplace.charrnn(
        ["train", "fable.txt", "--out", "first", "--steps", "3", "--layers", "2", "--cell", "gru"] + Self.options))
    let warm = try workplace.charrnn(
      "train", "fable.txt", "--out", "warm", "--steps", "3", "--init-from", "first", "--sample-every", "0")
    expectDone(warm, "gru 2×8")
  }
}
