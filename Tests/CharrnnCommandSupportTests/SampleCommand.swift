import CharrnnCommandSupport

/// A command with every kind of option, for the tests.
enum Brew {
  enum Strength: String, CaseIterable, Sendable { case weak, strong }

  static let pot = Argument.one("POT", help: "where to brew")
  static let leaves = Argument.many("LEAVES", help: "what to brew, poured in the order given")

  static let batch = Option("batch", .integer(atLeast: 1), default: 50, help: "cups brewed side by side")
  static let cups = Option(
    "cups", .integer(atLeast: 0, atMost: 9), help: "cups in all, the first limit reached ends it")
  static let learningRate = Option(
    "learning-rate", .number(above: 0), default: 0.002, help: "how fast the taste changes")
  static let clip = Option("clip", .number(), default: 5, help: "sugar, negative for salt")
  static let fraction = Option("milk-fraction", .number(atLeast: 0, below: 1), default: 0.05, help: "milk, part of all")
  static let topP = Option("top-p", .number(above: 0, atMost: 1), help: "part of the leaves that is kept")
  static let time = Option("time", .duration, help: "how long to brew")
  static let pause = Option("pause", .duration, default: .seconds(90), help: "how long to wait before the first cup")
  static let cell = Option(
    "cell", .choice("lstm", "gru", "rnn", "rnn-relu"), default: "lstm", help: "shape of the cell")
  static let strength = Option("strength", .choice(of: Strength.self), default: .weak, help: "how strong it becomes")
  static let prime = Option("prime", .text(), default: "", help: "words said first")
  static let toast = Option("toast", .nonEmptyText(), help: "words said last")
  static let out = Option(
    "out", .path("DIR"), defaultNote: "runs/<pot name>, numbered when taken",
    help: "the directory that the result goes to, with a help text so long that it has to be wrapped onto several lines"
  )
  static let json = Flag("json", help: "print one JSON object")

  static let command = Command(
    name: "brew", summary: "brew a pot of tea from leaves", arguments: [pot, leaves],
    groups: [
      OptionGroup("Tea", [batch, cups, learningRate, clip, fraction, topP, time, pause, cell, strength]),
      OptionGroup("Output", [prime, toast, out, json]),
    ],
    example: "charrnn brew kettle assam.txt --batch 3",
    run: { arguments in
      switch arguments[pot] {
      case "broken": throw CommandFailure("the pot\nis broken; \u{1B}[31mmend it", code: .noInput)
      case "unknown": throw Oddity()
      default: break
      }
      try OutputChannel.standardOutput.write("")
      return .checkFailed
    })

  struct Oddity: Error, CustomStringConvertible { var description: String { "odd" } }

  static let rest = Command(
    name: "rest", summary: "do nothing for a while", example: "charrnn rest", run: { _ in .done })

  static let program = Program(
    summary: "Makes tea.", version: "charrnn 9.9 (portable)", commands: [command, rest],
    classify: { error, command in CommandFailure("\(command ?? "-"): classified: \(error)", code: .badData) })

  static func parse(_ words: String...) throws(CommandFailure) -> ParsedArguments {
    try ParsedArguments(words, of: command)
  }

  /// The failure that a command line meets.
  static func failure(_ words: [String]) -> CommandFailure? {
    do {
      _ = try ParsedArguments(words, of: command)
      return nil
    } catch {
      return error
    }
  }
}
