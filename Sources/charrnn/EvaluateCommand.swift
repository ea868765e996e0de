import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn evaluate`: how well a model predicts a text.
enum EvaluateCommand {
  static let corpora = Argument<[String]>.any(
    "CORPUS", help: "text files, read one after the other; - is standard input; none for what a run was trained on")
  static let part = Option(
    "split", .choice(of: CorpusSplit.Part.self), defaultNote: "test of the corpus trained on, all of another",
    help: "part of the text")

  static let dynamic = Flag(
    "dynamic", help: "let the network learn from the text that it has predicted (dynamic evaluation)")
  static let withNGrams = Flag(
    "with-ngrams", help: "mix its predictions with those of n-gram models that learn as they read")

  static let command = Command(
    name: "evaluate", summary: "measure how well a model predicts a text", arguments: [CommonOptions.model, corpora],
    groups: [
      OptionGroup(
        "Options",
        [
          part, CommonOptions.unknown, CommonOptions.threads, DeviceChoice.option, SampleCommand.weights,
          CommonOptions.json,
        ]),
      OptionGroup("Learning while reading", [dynamic, withNGrams]),
    ],
    example: "charrnn evaluate runs/fables", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    try Job.run(arguments.command.name) { try evaluate(arguments, in: $0) }
  }

  private static func evaluate(_ arguments: ParsedArguments, in job: Job?) throws -> ExitCode {
    let model = CommonOptions.modelPath(arguments)
    let named = arguments[corpora]
    let input = try TextInput(named.isEmpty ? namesOfCorpus(arguments, "name a CORPUS") : named, of: arguments)
    let file = try ModelFile<Float>(contentsOf: model)
    let corpus = try input.corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    if named.isEmpty, let history = file.history, !history.isOf(corpus) {
      notice(
        "\(input.shownNames) is not the text any more that the run was trained on; it is evaluated as another text")
    }
    let adaptation = try adaptation(arguments)
    if adaptation != nil, let job, job.group.size > 1 {
      throw arguments.usageFailure("--dynamic and --with-ngrams read the text in one process; start it alone")
    }
    let device = try DeviceChoice.chosen(arguments)
    if device != .cpu {
      try DeviceChoice.refuse(arguments, with: [dynamic, withNGrams, SampleCommand.weights], in: job)
    }
    let weights = device == .cpu ? try weightFormat(arguments, for: file, at: model) : .float32
    job?.require(equal: file.contentHash, called: "the SHA-256 of the model")
    job?.require(equal: corpus.contentHash, called: "the SHA-256 of the text")
    let evaluation = try PartEvaluation(
      of: file, on: corpus, part: arguments[part], weights: weights,
      threads: CommonOptions.threadCount(arguments), device: device, adapting: adaptation,
      trainedOn: try trainingText(arguments, file, evaluated: corpus), group: job?.group)
    guard evaluation.loss.isFinite else {
      throw CommandFailure(
        "\(model): the model's loss on this text is not a number; its weights are damaged", code: .badData)
    }
    guard job?.isLeader ?? true else { return .done }
    let baselines = KeptBaselines(in: RunDirectory(model)).baselines(of: evaluation)
    let text =
      arguments[CommonOptions.json]
      ? json(evaluation, baselines, unknown: corpus.skipped, weights: weights).line + "\n"
      : report(evaluation, baselines, unknown: corpus.skipped)
    try OutputChannel.standardOutput.write(text)
    return .done
  }

  private static func adaptation(_ arguments: ParsedArguments) throws -> Adaptation? {
    guard arguments[dynamic] || arguments[withNGrams] else { return nil }
    if arguments.gives(SampleCommand.weights) && arguments[SampleCommand.weights] != .format(.float32) {
      throw arguments.usageFailure("--dynamic and --with-ngrams compute in float32; leave out --weights")
    }
    return Adaptation(dynamic: arguments[dynamic] ? DynamicRule() : nil, mixesNGrams: arguments[withNGrams])
  }

  /// The text that a run was trained on, where it is asked for and another is evaluated.
  private static func trainingText(
    _ arguments: ParsedArguments, _ file: ModelFile<Float>, evaluated: Corpus
  ) throws -> Corpus? {
    guard arguments[dynamic] || arguments[withNGrams], file.history?.corpusHash != evaluated.contentHash else {
      return nil
    }
    return try TextInput.trainingText(of: file, arguments)
  }

  private static func json(
    _ evaluation: PartEvaluation, _ baselines: Baselines, unknown: Int, weights: WeightFormat
  ) -> JSONText {
    [
      "loss": .number(evaluation.loss), "bits_per_character": JSONText(evaluation.bitsPerCharacter(evaluation.loss)),
      "bits_per_byte": .number(evaluation.bitsPerByte(evaluation.loss)),
      "perplexity": .number(exp(evaluation.loss)), "tokens": .integer(evaluation.tokens),
      "characters": .integer(evaluation.measure.characters), "documents": JSONText(evaluation.documents),
      "loss_per_document": JSONText(evaluation.lossPerDocument),
      "unknown": .integer(unknown), "weights": .string(weights.rawValue),
      "baselines": .object(baselines.named.map { ($0.key, .number($0.loss)) }),
    ]
  }

  private static func report(_ evaluation: PartEvaluation, _ baselines: Baselines, unknown: Int) -> String {
    func digits(_ number: Double?) -> String { number.map { Readable.fixed($0, digits: 4) } ?? "none" }
    let counting = baselines.named.map { baseline in
      let name = "  " + baseline.name
      return name.padding(toLength: 20, withPad: " ", startingAt: 0)
        + digits(evaluation.bitsPerCharacter(baseline.loss)) + "\n"
    }
    let documents = evaluation.documents.map { count in
      "documents           \(count)\nloss per document   \(digits(evaluation.lossPerDocument)) nats\n"
    }
    return """
      split               \(evaluation.part.rawValue)
      loss                \(digits(evaluation.loss)) nats a token
      bits per character  \(digits(evaluation.bitsPerCharacter(evaluation.loss)))
      bits per byte       \(digits(evaluation.bitsPerByte(evaluation.loss)))
      perplexity          \(digits(exp(evaluation.loss))) a token
      tokens              \(evaluation.tokens)
      characters          \(evaluation.measure.characters)
      unknown             \(unknown)
      \(documents ?? "")models that count, in bits per character
      \(counting.joined())
      """
  }
}

/// Names of the texts that the MODEL of a command was trained on, where it is a run.
///
/// - Parameter otherwise: what to do where they are not known.
func namesOfCorpus(_ arguments: ParsedArguments, _ otherwise: String) throws -> [String] {
  let model = CommonOptions.modelPath(arguments)
  guard let status = try SystemFiles().statusIfAny(of: model) else {
    throw FileError(path: model, action: "open", code: ENOENT)
  }
  guard status.kind == .directory, let names = try StoredOptions(RunDirectory(model)).corpora(), !names.isEmpty else {
    throw arguments.usageFailure("\(model) does not say what it was trained on; \(otherwise)")
  }
  guard !names.contains(TextInput.standardInput) else {
    throw arguments.usageFailure("\(model) was trained on standard input; \(otherwise)")
  }
  return names
}
