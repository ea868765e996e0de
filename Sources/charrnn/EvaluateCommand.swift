import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn evaluate`: how well a model predicts a text.
enum EvaluateCommand {
  static let corpora = Argument<[String]>.many("CORPUS", help: "text files, read one after the other")
  static let part = Option(
    "split", .choice(of: CorpusSplit.Part.self), defaultNote: "test of the corpus trained on, all of another",
    help: "part of the text")

  static let command = Command(
    name: "evaluate", summary: "measure how well a model predicts a text", arguments: [CommonOptions.model, corpora],
    groups: [
      OptionGroup(
        "Options", [part, CommonOptions.unknown, CommonOptions.threads, SampleCommand.weights, CommonOptions.json])
    ],
    example: "charrnn evaluate runs/fables corpora/fables.txt", run: run)

  @Sendable
  static func run(_ arguments: ParsedArguments) throws -> ExitCode {
    let file = try ModelFile<Float>(contentsOf: arguments[CommonOptions.model])
    let corpus = try Corpus(
      files: arguments[corpora], vocabulary: file.vocabulary, unknown: arguments[CommonOptions.unknown])
    corpus.notices.forEach(notice)
    let history = file.history
    let isTrainedOn = history?.corpusHash == corpus.contentHash
    let chosen = arguments[part] ?? (isTrainedOn ? .test : .all)
    let split = try CorpusSplit(
      count: corpus.tokens.count,
      validation: fraction(history?.validationFraction), test: fraction(history?.testFraction))
    let predicted = try split.predicted(in: chosen)

    let workspace = Workspace<Float>(
      threads: CommonOptions.threadCount(arguments), products: arguments[SampleCommand.weights].products)
    let nats = Evaluation.negativeLogLikelihood(
      of: file.model.bound(), on: TextStream(corpus.tokens[split[chosen]]), workspace: workspace)
    let measure = corpus.measure(predicted)
    let loss = nats / Double(predicted.count)
    let bits = nats / log(2)
    let (perCharacter, perByte) = (bits / Double(measure.characters), bits / Double(measure.bytes))
    if arguments[CommonOptions.json] {
      let report: JSONText = [
        "loss": .number(loss), "bits_per_character": .number(perCharacter), "bits_per_byte": .number(perByte),
        "perplexity": .number(exp(loss)), "tokens": .integer(predicted.count),
        "characters": .integer(measure.characters),
        "unknown": .integer(corpus.skipped),
      ]
      try OutputChannel.standardOutput.write(report.line + "\n")
    } else {
      try OutputChannel.standardOutput.write(
        """
        split               \(chosen.rawValue)
        loss                \(Readable.fixed(loss, digits: 4)) nats a token
        bits per character  \(Readable.fixed(perCharacter, digits: 4))
        bits per byte       \(Readable.fixed(perByte, digits: 4))
        perplexity          \(Readable.fixed(exp(loss), digits: 4)) a token
        tokens              \(predicted.count)
        characters          \(measure.characters)
        unknown             \(corpus.skipped)

        """)
    }
    return .done
  }

  private static func fraction(_ text: String?) -> DecimalFraction {
    text.flatMap { DecimalFraction($0) } ?? CorpusSplit.defaultFraction
  }
}
