import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn sample`: writes text from a model, streaming.
enum SampleCommand {
  static let length = Option(
    "length", .count(atLeast: 0), default: 2000, help: "tokens to write, the prime not counted")
  static let temperature = Option(
    "temperature", .number(atLeast: 0), default: 0.8, help: "below 1 is safer, above 1 bolder; 0 is --greedy")
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
  static let count = Option(
    "count", .integer(atLeast: 1, atMost: 1024), defaultNote: "1, or 20 items that are drawn",
    help: "texts, documents or items to write")
  static let new = Flag("new", help: "only items that the model was not trained on, each once")
  static let seed = Option(
    "seed", .integer(atLeast: 0), defaultNote: "another each time, which is said",
    help: "the same seed gives the same text")
  static let dynamicOn = Option(
    "dynamic-on", .path("FILE"),
    help: "let the network first learn from this text, as evaluate --dynamic does; - is standard input")
  static let withNGrams = Flag(
    "with-ngrams",
    help: "mix its predictions with those of n-gram models of the training text, and of --dynamic-on")
  static let weights = Option(
    "weights", .choice(of: WeightChoice.self), default: .format(.float32),
    help:
      "how weights are held; fewer bytes are faster, a little worse; auto: the fewest that change bits by less than 0.1%"
  )

  static let command = Command(
    name: "sample", summary: "write text from a model", arguments: [CommonOptions.model],
    groups: [
      OptionGroup("Text", [length, prime, primeFile, count, new, seed, CommonOptions.unknown]),
      OptionGroup("What a text may be", SampleConstraints.options),
      OptionGroup("Other ways to write", SampleModes.options),
      OptionGroup("Drawing", [temperature, topK, topP, minP, greedy]),
      OptionGroup("Learning before writing", [dynamicOn, withNGrams]),
      OptionGroup("Output", SampleOutput.options),
      OptionGroup("Machine", [CommonOptions.threads, DeviceChoice.option, weights]),
    ],
    usual: [
      "length", "temperature", "top-p", "greedy", "prime", "stop", "matching", "count", "new", "seed", "interactive",
      "fill", "probabilities", "json", "device",
    ],
    example: "charrnn sample runs/fables --temperature 0.8 --prime \"The fox\"", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    try Job.run(arguments.command.name) { try write(arguments, in: $0) }
  }

  private static func write(_ arguments: ParsedArguments, in job: Job?) throws -> ExitCode {
    try requireEffect(arguments)
    if let job, job.group.size > 1, let mode = SampleModes.options.first(where: arguments.gives) {
      throw arguments.usageFailure("--\(mode.name) writes in one process; start it alone")
    }
    try SampleConstraints.requireEffect(arguments)
    try SampleModes.requireEffect(arguments)
    let file = try ModelFile<Float>(contentsOf: CommonOptions.modelPath(arguments))
    let sampling = try Sampling(arguments, file, in: job)
    let areItems = file.arrangement.documents == .lines
    if arguments[new] && !areItems {
      throw arguments.usageFailure("--new is for a model of items, one a line; this one was not trained on items")
    }
    do {
      if let end = try SampleModes.run(sampling, arguments) { return end }
      if areItems {
        try writeItems(sampling, arguments, file)
      } else if SampleOutput.likeliest(arguments) == nil {
        try stream(sampling)
      } else {
        try write(try sampling.texts(), sampling, arguments)
      }
    } catch let error as GenerationError {
      // Numbers read of a device that has failed are no prediction.
      if let failure = sampling.device.failure { throw failure }
      throw CommandFailure("\(CommonOptions.modelPath(arguments)): \(error)", code: .badData)
    }
    return .done
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
    let readers: [any OptionDeclaration] = [
      prime, primeFile, dynamicOn, SampleModes.fill, SampleModes.interactive,
    ]
    if arguments.gives(CommonOptions.unknown) && !readers.contains(where: arguments.gives) {
      throw arguments.usageFailure(
        "--unknown is about text that is read; give --prime, --prime-file, --fill or --dynamic-on, or leave it out")
    }
    if arguments[primeFile] == TextInput.standardInput && arguments[dynamicOn] == TextInput.standardInput {
      throw arguments.usageFailure("--prime-file and --dynamic-on cannot both read standard input; give one a file")
    }
  }

  private static func writeItems(
    _ sampling: Sampling, _ arguments: ParsedArguments, _ file: ModelFile<Float>
  ) throws {
    let known = arguments[new] ? try KnownItems(of: arguments, file) : nil
    let writer = ItemWriter(
      count: sampling.count, seed: sampling.seed, known: known, generate: { try sampling.texts($0, seed: $1) })
    if SampleOutput.likeliest(arguments) == nil { return try writer.write(SampleOutput.writeItem) }
    var items: [SampledText] = []
    try writer.write { items.append($0) }
    try write(items, sampling, arguments)
  }

  /// Writes texts with their probabilities.
  private static func write(_ texts: [SampledText], _ sampling: Sampling, _ arguments: ParsedArguments) throws {
    if arguments[SampleOutput.json] {
      return try SampleOutput.writeJSON(texts, sampling)
    }
    for (index, text) in texts.enumerated() {
      if index > 0 { try SampleOutput.writeBorder() }
      try SampleOutput.writeTable(text, sampling.vocabulary)
    }
  }

  /// Writes the first text as it grows and keeps the others until it is done; each ends with a line feed.
  private static func stream(_ sampling: Sampling) throws {
    var last: UInt8?
    var output = GeneratedText(.standardOutput)
    let texts = try sampling.texts { piece in
      last = piece.bytes.last ?? last
      try output.write(piece.bytes)
    }
    if last != UInt8(ascii: "\n") {
      try output.finish()
      try output.write("\n")
    }
    for text in texts.dropFirst() {
      try SampleOutput.writeBorder()
      try SampleOutput.writeText(text)
    }
  }
}
