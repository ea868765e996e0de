import CharrnnCommandSupport
import SequenceModeling

/// Options of `sample` on what a text may be.
enum SampleConstraints {
  static let stop = Option("stop", .escapedText(), help: #"end before this text would appear; \n is a line end"#)
  static let matching = Option(
    "matching", .nonEmptyText("REGEX"), help: "write only what matches this regular expression as a whole")
  static let maxVerbatim = Option(
    "max-verbatim", .count(atLeast: 1), help: "copy no more than N tokens in a row from the training text")
  static let rawBytes = Flag(
    "raw-bytes", help: "let a model of bytes, words or subwords write any bytes, valid UTF-8 or not")

  static let options: [any OptionDeclaration] = [stop, matching, maxVerbatim, rawBytes]

  /// Refuses options that do not go together.
  static func requireEffect(_ arguments: ParsedArguments) throws {
    for other: any OptionDeclaration in [stop, maxVerbatim, rawBytes]
    where arguments.gives(matching) && arguments.gives(other) {
      throw arguments.usageFailure(
        "--\(other.name) can keep a text from matching --matching; put into the expression what it is to do")
    }
    if arguments[rawBytes] && arguments[SampleOutput.json] {
      throw arguments.usageFailure("--json is valid UTF-8, and --raw-bytes need not be; give one of them")
    }
  }

  static func constraints(_ arguments: ParsedArguments, _ file: ModelFile<Float>) throws -> TextConstraints {
    if arguments[rawBytes] && !file.vocabulary.kind.spellsBytes {
      throw arguments.usageFailure(
        "--raw-bytes is for models of bytes, words and subwords; this one writes each \(file.vocabulary.kind.rawValue) whole"
      )
    }
    return TextConstraints(
      stop: try stopText(arguments, file.vocabulary), pattern: try pattern(arguments, file.vocabulary),
      copying: try arguments[maxVerbatim].map { tokens in
        CopyLimit(
          tokens: tokens,
          of: try TextInput.unchangedTrainingText(of: file, arguments, for: "--max-verbatim").tokens)
      },
      allowsAnyBytes: arguments[rawBytes])
  }

  private static func pattern(_ arguments: ParsedArguments, _ vocabulary: Vocabulary) throws -> TokenAutomaton? {
    guard let text = arguments[matching] else { return nil }
    do throws(PatternError) {
      let automaton = try TokenAutomaton(try TextPattern(text), over: vocabulary)
      try automaton.requireLength(arguments[SampleCommand.length])
      return automaton
    } catch {
      let problem = "--matching \(shellWord(text)): \(error)"
      switch error {
      case .impossible: throw CommandFailure(problem, code: .badData)
      case .tooShort: throw arguments.usageFailure("\(problem); give a larger --length")
      case .syntax, .tooLarge: throw arguments.usageFailure(problem)
      }
    }
  }

  /// The text to end before, with line ends as the model writes them.
  private static func stopText(_ arguments: ParsedArguments, _ vocabulary: Vocabulary) throws -> String? {
    guard let text = arguments[stop] else { return nil }
    let tokenizer = Tokenizer(vocabulary)
    if let encoding = try? tokenizer.encode(text), encoding.replacedLineEnds > 0 {
      notice("the line ends of --stop, which the model does not know, are read as those that it knows")
      return String(decoding: tokenizer.decode(encoding.tokens), as: UTF8.self)
    }
    guard vocabulary.spells(text) else {
      throw CommandFailure(
        "--stop \(shellWord(text)): the model does not know all of it and never writes it; leave it out, or stop at another text",
        code: .badData)
    }
    return text
  }
}
