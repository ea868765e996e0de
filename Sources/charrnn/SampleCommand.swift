import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn sample`: writes text from a model, streaming.
enum SampleCommand {
  static let length = Option(
    "length", .count(atLeast: 0), default: 2000, help: "tokens to write, the prime not counted")
  static let temperature = Option(
    "temperature", .number(atLeast: 0), default: 1, help: "below 1 is safer, above 1 bolder; 0 is --greedy")
  static let topK = Option(
    "top-k", .count(atLeast: 1), defaultNote: "all", help: "draw from the K likeliest tokens only")
  static let topP = Option(
    "top-p", .number(above: 0, atMost: 1), defaultNote: "all",
    help: "draw from the likeliest that together have probability P")
  static let minP = Option(
    "min-p", .number(atLeast: 0, atMost: 1), defaultNote: "all",
    help: "draw from tokens at least this fraction as likely as the likeliest")
  static let greedy = Flag("greedy", help: "always the likeliest token")
  static let prime = Option("prime", .text("TEXT"), help: "text to go on from")
  static let primeFile = Option(
    "prime-file", .path("FILE"), help: "file with the text to go on from; - is standard input")
  static let stop = Option("stop", .nonEmptyText("TEXT"), help: "end before this text would appear")
  static let count = Option(
    "count", .integer(atLeast: 1, atMost: 1024), defaultNote: "1, or 20 items that are drawn",
    help: "texts, documents or items to write")
  static let new = Flag("new", help: "only items that the model was not trained on, each once")
  static let seed = Option("seed", .integer(atLeast: 0), default: 1, help: "the same seed gives the same text")
  static let dynamicOn = Option(
    "dynamic-on", .path("FILE"),
    help: "let the network first learn from this text, as evaluate --dynamic does; - is standard input")
  static let withNGrams = Flag(
    "with-ngrams",
    help: "mix its predictions with those of n-gram models of the training text, and of --dynamic-on")
  static let weights = Option(
    "weights", .choice(of: WeightFormat.self), default: .float32,
    help: "how weights are held; fewer bytes are faster, a little worse")

  static let command = Command(
    name: "sample", summary: "write text from a model", arguments: [CommonOptions.model],
    groups: [
      OptionGroup("Text", [length, prime, primeFile, stop, count, new, seed, CommonOptions.unknown]),
      OptionGroup("Drawing", [temperature, topK, topP, minP, greedy]),
      OptionGroup("Learning before writing", [dynamicOn, withNGrams]),
      OptionGroup("Machine", [CommonOptions.threads, weights]),
    ],
    example: "charrnn sample runs/fables --temperature 0.8 --prime \"The fox \"", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    try requireEffect(arguments)
    let file = try ModelFile<Float>(contentsOf: arguments[CommonOptions.model])
    let tokens = try primeTokens(arguments, vocabulary: file.vocabulary)
    let stop = stopText(arguments, vocabulary: file.vocabulary)
    let options = SamplingOptions(
      temperature: arguments[greedy] ? 0 : arguments[temperature], topK: arguments[topK], topP: arguments[topP],
      minP: arguments[minP])
    let generator = try generator(arguments, file)
    let areItems = file.arrangement.documents == .lines
    let count = arguments[count] ?? (areItems && options.temperature > 0 ? 20 : 1)
    func generate(_ count: Int, seed: UInt64, emit: (_ text: Int, _ piece: String) throws -> Void) throws {
      try generator.generate(
        count: count, prime: tokens, length: arguments[length], options: options, stop: stop, seed: seed,
        emit: emit)
    }
    do {
      if areItems {
        let known = arguments[new] ? try KnownItems(of: arguments, file) : nil
        try ItemWriter(count: count, seed: UInt64(arguments[seed]), known: known, generate: generate).write()
      } else if arguments[new] {
        throw arguments.usageFailure("--new is for a model of items, one a line; this one was not trained on items")
      } else {
        try write(count) { emit in try generate(count, seed: UInt64(arguments[seed]), emit: emit) }
      }
    } catch let error as GenerationError {
      throw CommandFailure("\(arguments[CommonOptions.model]): \(error)", code: .badData)
    }
    return .done
  }

  private static func generator(_ arguments: ParsedArguments, _ file: ModelFile<Float>) throws -> TextGenerator<Float> {
    let (weights, threads) = (arguments[weights], CommonOptions.threadCount(arguments))
    guard arguments[dynamicOn] != nil || arguments[withNGrams] else {
      return TextGenerator(
        model: file.model, vocabulary: file.vocabulary, arrangement: file.arrangement,
        weights: weights, threads: threads)
    }
    let text = try arguments[dynamicOn].map {
      try TextInput([$0], of: arguments).corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    }
    if let text, text.skipped > 0 {
      notice("skipped \(counted(text.skipped, text.kind.rawValue)) that the model has never seen")
    }
    let adaptation = Adaptation(dynamic: text == nil ? nil : DynamicRule(), mixesNGrams: arguments[withNGrams])
    guard let training = try TextInput.trainingText(of: file, arguments) else { throw AdaptationError.noTrainingText }
    return try TextGenerator(
      of: file, adapting: adaptation, to: text, trainedOn: training, weights: weights, threads: threads)
  }

  /// Refuses options that cannot act beside others, and says of some that they change nothing.
  private static func requireEffect(_ arguments: ParsedArguments) throws {
    let isGreedy = arguments[greedy] || arguments[temperature] == 0
    let taker = arguments[greedy] ? "--greedy" : "--temperature 0"
    let drawing: [any OptionDeclaration] = (arguments[greedy] ? [temperature] : []) + [topK, topP, minP]
    for option in drawing where isGreedy && arguments.gives(option) {
      throw arguments.usageFailure("\(taker) leaves nothing to --\(option.name); give one of them")
    }
    if isGreedy && arguments.gives(seed) { notice("\(taker) draws nothing; --seed changes nothing") }
    if isGreedy && arguments[new] {
      throw arguments.usageFailure("\(taker) draws nothing, and --new draws until enough is new; give one of them")
    }
    if isGreedy, let count = arguments[count], count > 1 {
      notice("\(taker) draws nothing; the \(count) texts are the same")
    }
    if arguments.gives(CommonOptions.unknown) && ![prime, primeFile, dynamicOn].contains(where: arguments.gives) {
      throw arguments.usageFailure(
        "--unknown is about text that is read; give --prime, --prime-file or --dynamic-on, or leave it out")
    }
    if arguments[primeFile] == TextInput.standardInput && arguments[dynamicOn] == TextInput.standardInput {
      throw arguments.usageFailure("--prime-file and --dynamic-on cannot both read standard input; give one a file")
    }
  }

  /// Writes the first text as it grows and keeps the others until it is done; each ends with a line feed.
  private static func write(_ count: Int, generate: ((_ text: Int, _ piece: String) throws -> Void) throws -> Void)
    throws
  {
    var texts = [String](repeating: "", count: count)
    var first = ""
    var output = GeneratedText(.standardOutput)
    try generate { text, piece in
      if piece.isEmpty { return }
      if text > 0 {
        texts[text] += piece
      } else {
        first = piece
        try output.write(piece)
      }
    }
    if first.utf8.last != UInt8(ascii: "\n") {
      try output.finish()
      try output.write("\n")
    }
    for text in texts.dropFirst() {
      try output.write("----\n" + text)
      try output.finish()
      if text.utf8.last != UInt8(ascii: "\n") { try output.write("\n") }
    }
  }

  /// The text to end before, with line ends as the model writes them.
  private static func stopText(_ arguments: ParsedArguments, vocabulary: Vocabulary) -> String? {
    guard let text = arguments[stop] else { return nil }
    let tokenizer = Tokenizer(vocabulary)
    if let encoding = try? tokenizer.encode(text), encoding.replacedLineEnds > 0 {
      notice("the line ends of --stop, which the model does not know, are read as those that it knows")
      return String(decoding: tokenizer.decode(encoding.tokens), as: UTF8.self)
    }
    if !vocabulary.spells(text) { notice("the model does not know all of --stop \(text) and never writes it") }
    return text
  }

  private static func primeTokens(_ arguments: ParsedArguments, vocabulary: Vocabulary) throws -> [Int32] {
    if arguments.gives(prime) && arguments.gives(primeFile) {
      throw arguments.usageFailure("--prime and --prime-file both give the beginning; give one of them")
    }
    let place: TextSource.Place =
      switch arguments[primeFile] {
      case TextInput.standardInput: .standardInput
      case let path?: .file(path)
      case nil: .memory(SystemText.bytes(of: arguments[prime] ?? ""), name: "the prime")
      }
    do {
      let text = try TextInput.corpus([place], vocabulary, unknown: arguments[CommonOptions.unknown])
      if text.skipped > 0 {
        notice("skipped \(counted(text.skipped, text.kind.rawValue)) of the prime that the model has never seen")
      }
      return Array(text.tokens)
    } catch CorpusError.empty {
      return []
    }
  }
}
