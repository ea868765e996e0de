import CharrnnCommandSupport
import SequenceModeling

/// Ways in which `sample` writes text other than from its beginning to its end.
enum SampleModes {
  static let interactive = Flag(
    "interactive", help: "write together: the model goes on, you accept, retry or write on")
  static let fill = Option(
    "fill", .nonEmptyText("TEXT"), help: "write TEXT with its gaps filled; ___ is a gap, of at most --length tokens")
  static let beam = Option(
    "beam", .integer(atLeast: 1, atMost: 1024),
    help: "the likeliest text that a search finds which keeps N at each step")

  static let options: [any OptionDeclaration] = [interactive, fill, beam]

  /// Most tokens of a gap, and of what is written at once together with the user, where no length is given.
  private static let (gapLength, turnLength) = (40, 200)

  /// Refuses options that do not go with a mode.
  static func requireEffect(_ arguments: ParsedArguments) throws {
    let modes = options.filter { arguments.gives($0) }
    if modes.count > 1 {
      throw arguments.usageFailure(
        "--\(modes[0].name) and --\(modes[1].name) are two ways to write; give one of them")
    }
    guard let mode = modes.first else { return }
    let always: [any OptionDeclaration] =
      [SampleCommand.new] + SampleOutput.options + (mode.name == interactive.name ? [] : SampleConstraints.options)
    let ofWeights: [any OptionDeclaration] = [SampleCommand.dynamicOn, SampleCommand.withNGrams]
    let ofPrime: [any OptionDeclaration] = [SampleCommand.prime, SampleCommand.primeFile]
    let ofDrawing: [any OptionDeclaration] = [
      SampleCommand.temperature, SampleCommand.topK, SampleCommand.topP, SampleCommand.minP, SampleCommand.greedy,
      SampleCommand.seed,
    ]
    let refused =
      switch mode.name {
      case beam.name: always + ofWeights + ofDrawing
      case fill.name: always + ofWeights + ofPrime
      default: always + [SampleCommand.count, SampleConstraints.matching, SampleConstraints.rawBytes]
      }
    if let option = refused.first(where: arguments.gives) {
      throw arguments.usageFailure("--\(option.name) does not go with --\(mode.name); leave one of them out")
    }
    if let count = arguments[SampleCommand.count], let beams = arguments[beam], count > beams {
      throw arguments.usageFailure("--beam \(beams) finds no more than \(beams) texts; give a smaller --count")
    }
    if arguments[interactive] && arguments[SampleCommand.primeFile] == TextInput.standardInput {
      throw arguments.usageFailure("--interactive reads standard input; give --prime-file a file")
    }
  }

  /// Writes in the mode that is asked for.
  ///
  /// - Returns: nil where none is.
  static func run(_ sampling: Sampling, _ arguments: ParsedArguments) throws -> ExitCode? {
    let length = arguments.gives(SampleCommand.length) ? arguments[SampleCommand.length] : nil
    if let beams = arguments[beam] {
      try writeLikeliest(sampling, beams: beams)
    } else if let text = arguments[fill] {
      try writeFilled(text, sampling, length: length ?? gapLength, arguments)
    } else if arguments[interactive] {
      return try WritingSession(
        sampling, length: length ?? turnLength, unknown: arguments[CommonOptions.unknown]
      ).run()
    } else {
      return nil
    }
    return .done
  }

  private static func writeLikeliest(_ sampling: Sampling, beams: Int) throws {
    let tokenizer = Tokenizer(sampling.vocabulary)
    let found = try sampling.generator.likeliest(beams: beams, prime: sampling.prime, length: sampling.length)
    for (index, text) in found.prefix(sampling.count).enumerated() {
      if index > 0 { try SampleOutput.writeBorder() }
      try SampleOutput.writeText(SampledText(bytes: tokenizer.decode(sampling.prime + text.tokens)))
    }
  }

  /// Writes a text with its gaps filled.
  private static func writeFilled(
    _ text: String, _ sampling: Sampling, length: Int, _ arguments: ParsedArguments
  ) throws {
    if sampling.vocabulary.kind.isOfPieces {
      throw arguments.usageFailure(
        "--fill is for models of characters, scalars and bytes; words and subwords of this model may span the ends of a gap"
      )
    }
    let parts = text.split(separator: /_{3,}/, omittingEmptySubsequences: false).map(String.init)
    if parts.count < 2 { throw arguments.usageFailure("--fill \(shellWord(text)) has no gap; write one as ___") }
    if length < 1 { throw arguments.usageFailure("--length 0 leaves no room in a gap") }
    let tokens = try parts.map { try Sampling.tokens(of: $0, called: "--fill", sampling.vocabulary, arguments) }
    let tokenizer = Tokenizer(sampling.vocabulary)
    sampling.saySeed()
    for index in 0..<sampling.count {
      let gaps = try sampling.generator.fill(
        gapsOf: tokens, longest: length, options: sampling.options, seed: sampling.seed &+ UInt64(index))
      let filled = zip(tokens, gaps).flatMap { $0 + $1 } + tokens.last!
      if index > 0 { try SampleOutput.writeBorder() }
      try SampleOutput.writeText(SampledText(bytes: tokenizer.decode(filled)))
    }
  }
}
