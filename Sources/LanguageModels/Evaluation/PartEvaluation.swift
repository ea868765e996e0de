import Autograd
import Foundation
import ProcessGroups
import SequenceText
import TensorCheckpoints
import TensorCore

/// How well a model predicts a part of a text.
public struct PartEvaluation: Sendable {
  public let part: CorpusSplit.Part
  /// Mean of −log p over the predicted tokens, in nats.
  public let loss: Double
  /// How many tokens were predicted: all of the part; without documents, all but the first.
  public let tokens: Int
  /// How many documents they are; nil where the text is one.
  public let documents: Int?
  /// Size of the predicted text. A few tokens may all lie within a character that began before them.
  public let measure: TextMeasure
  /// Whether the model was trained on this text, of which the part was held out, or was not.
  public let isHeldOut: Bool
  private let text: ArrangedCorpus
  /// Positions of the predicted tokens, and of the one before them.
  private let range: Range<Int>

  /// Evaluates a model on a part of a text, read as one stream from the model's initial state, or document by document where the
  /// model was trained so.
  ///
  /// - Parameters:
  ///   - part: nil for the test part of the text that the model was trained on, or all of another.
  ///   - corpus: text in the symbols of the model.
  ///   - device: where the model is computed, in float32 and without adaptation; the CPU in any of the formats.
  ///   - adaptation: how the model learns from the part as it reads it; nil for not at all.
  ///   - training: text that the model was trained on, where that is another.
  ///   - group: processes of which each reads a part of the text, where the model does not adapt; the loss is that of one process but
  ///     for rounding.
  /// - Throws: `CorpusError` where the part has fewer than two tokens, or the text cannot be split as for the training;
  ///   `CorpusSplitError`; `AdaptationError`.
  public init(
    of file: ModelFile<Float>, on corpus: Corpus, part: CorpusSplit.Part? = nil, weights: WeightFormat = .float32,
    threads: Int = 1, device: Device = .cpu, adapting adaptation: Adaptation? = nil, trainedOn training: Corpus? = nil,
    group: ProcessGroup? = nil
  ) throws {
    let isTrainedOn = file.history?.isOf(corpus) ?? false
    self.part = part ?? (isTrainedOn ? .test : .all)
    isHeldOut = isTrainedOn && [.validation, .test].contains(self.part)
    text = try file.history.arranged(corpus, isWhole: self.part == .all)
    range = try text.reading(self.part)
    require(
      device == .cpu || weights == .float32 && adaptation == nil && group == nil,
      "PartEvaluation: a device computes in float32, alone, and without adaptation")
    let workspace =
      device == .cpu ? Workspace<Float>(threads: threads, products: weights.products) : Workspace(device: device)
    let stream = TextStream(text, in: range)
    let nats: Double
    if let adaptation {
      let trained = isTrainedOn ? corpus : training
      guard let seen = trained.flatMap({ file.trainingPart(of: $0) }) else { throw AdaptationError.noTrainingText }
      let isSeen = isTrainedOn && !isHeldOut
      nats = -Evaluation.logLikelihoods(
        of: file.model, on: stream, adapting: adaptation, training: seen,
        counted: isSeen ? TextStream(TokenSequence()[...]) : seen, workspace: workspace
      ).reduce(0, +)
    } else {
      nats = Evaluation.negativeLogLikelihood(
        of: try file.model.on(device), on: stream, workspace: workspace, group: group)
      if let failure = device.failure { throw failure }
    }
    tokens = range.count - 1
    documents = text.documentCount(in: range.dropFirst())
    loss = nats / Double(tokens)
    measure = text.corpus.measure(range.dropFirst())
  }

  /// Losses of models that count, on the same predictions. Where the part was held out they have read the training part, and
  /// else nothing.
  ///
  /// - Complexity: about a second for each million tokens.
  public func baselines() -> Baselines {
    Baselines(of: range, after: counted, in: text.corpus.tokens, symbols: text.corpus.vocabulary.count)
  }

  /// Hash of what `baselines()` are computed from.
  var baselineKey: String {
    Baselines.key(of: range, after: counted, in: text.corpus.tokens, symbols: text.corpus.vocabulary.count)
  }

  /// Positions of what models that count have read before.
  private var counted: Range<Int> { isHeldOut ? text.split.train : 0..<0 }

  /// Mean of −log p of a whole document, in nats; nil where the text is one.
  public var lossPerDocument: Double? { documents.map { loss * Double(tokens) / Double(max($0, 1)) } }

  /// A loss in nats a token as bits for each character of the text; nil where none begins in it.
  public func bitsPerCharacter(_ loss: Double) -> Double? {
    measure.characters > 0 ? bits(loss) / Double(measure.characters) : nil
  }

  /// A loss in nats a token as bits for each byte of the text.
  public func bitsPerByte(_ loss: Double) -> Double { bits(loss) / Double(measure.bytes) }

  private func bits(_ loss: Double) -> Double { loss * Double(tokens) / log(2) }
}

extension ModelFile {
  /// Part of a text that the model was trained on; nil where it was trained on another text, or does not say on which.
  func trainingPart(of corpus: Corpus) -> TextStream? {
    guard history?.isOf(corpus) == true else { return nil }
    return (try? history.arranged(corpus, isWhole: false)).map { TextStream($0, in: $0.split.train) }
  }
}

extension ModelFile {
  /// Documents of the corpus that the model was trained on, without their ends.
  ///
  /// - Throws: `CorpusError`.
  /// - Precondition: the model was trained on documents that end with some text: items, or with a separator.
  package func trainingDocuments(of corpus: Corpus) throws -> [String] {
    let text = try history.arranged(corpus, isWhole: true)
    guard let starts = text.documentStarts, let end = history?.arrangement.documentEnd(in: vocabulary) else {
      programmingError("trainingDocuments: a model of a whole text")
    }
    let tokenizer = Tokenizer(vocabulary)
    return zip(starts, starts.dropFirst() + [text.split.all.upperBound]).map { start, next in
      String(decoding: tokenizer.decode(text.corpus.tokens[start..<next].dropLast(end.count)), as: UTF8.self)
    }
  }
}

/// Error of a model that cannot adapt to a text.
public enum AdaptationError: Error, CustomStringConvertible {
  /// The text that the model was trained on is not at hand.
  case noTrainingText

  public var description: String {
    switch self {
    case .noTrainingText: "a model that learns as it reads needs the text that it was trained on, as it was then"
    }
  }
}
