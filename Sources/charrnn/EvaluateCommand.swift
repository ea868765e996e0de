import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// `charrnn evaluate`: how well a model predicts a text.
enum EvaluateCommand {
  static let corpora = Argument<[String]>.many(
    "CORPUS", help: "text files, read one after the other; - is standard input")
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
    let input = try TextInput(arguments[corpora], of: arguments)
    let file = try ModelFile<Float>(contentsOf: arguments[CommonOptions.model])
    let corpus = try input.corpus(file.vocabulary, unknown: arguments[CommonOptions.unknown])
    let isTrainedOn = file.history?.corpusHash == corpus.contentHash
    let chosen = arguments[part] ?? (isTrainedOn ? .test : .all)
    let count = corpus.tokens.count
    let split = try file.history?.split(count: count) ?? CorpusSplit(count: count)
    let predicted = try split.predicted(in: chosen)

    let workspace = Workspace<Float>(
      threads: CommonOptions.threadCount(arguments), products: arguments[SampleCommand.weights].products)
    let nats = Evaluation.negativeLogLikelihood(
      of: file.model.bound(), on: TextStream(corpus.tokens[split[chosen]]), workspace: workspace)
    let measure = corpus.measure(predicted)
    let loss = nats / Double(predicted.count)
    guard loss.isFinite else {
      throw CommandFailure(
        "\(arguments[CommonOptions.model]): the model's loss on this text is not a number; its weights are damaged",
        code: .badData)
    }
    let bits = nats / log(2)
    // A few tokens may all lie within one character, which began before them.
    let perCharacter = measure.characters > 0 ? bits / Double(measure.characters) : nil
    let perByte = bits / Double(measure.bytes)
    if arguments[CommonOptions.json] {
      let report: JSONText = [
        "loss": .number(loss), "bits_per_character": perCharacter.map { .number($0) } ?? .null,
        "bits_per_byte": .number(perByte),
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
        bits per character  \(perCharacter.map { Readable.fixed($0, digits: 4) } ?? "none")
        bits per byte       \(Readable.fixed(perByte, digits: 4))
        perplexity          \(Readable.fixed(exp(loss), digits: 4)) a token
        tokens              \(predicted.count)
        characters          \(measure.characters)
        unknown             \(corpus.skipped)

        """)
    }
    return .done
  }
}
