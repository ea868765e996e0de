import Autograd
import ProcessGroups
import RecurrentLayers
import SequenceText
import TensorCore

/// A text as tokens, to be predicted one after the other: n tokens make n − 1 predictions.
public struct TextStream: Sendable {
  let tokens: Slice<TokenSequence>
  private let documentStarts: [Int]?

  /// A text that is read from its start to its end.
  public init(_ tokens: Slice<TokenSequence>) { (self.tokens, documentStarts) = (tokens, nil) }

  /// Tokens of a corpus; each of its documents is read from the initial state.
  public init(_ text: ArrangedCorpus, in range: Range<Int>) {
    (tokens, documentStarts) = (text.corpus.tokens[range], text.documentStarts)
  }

  /// Resets of the state before the tokens at some positions, after which a document begins; nil where there is one document.
  func resets(at positions: [Int], batch: Int) -> StateResets? {
    documentStarts.map { starts in
      let begins = positions.map { position in
        let next = starts.firstPosition(atLeast: position + 1)
        return next < starts.count && starts[next] == position + 1
      }
      return StateResets(begins, time: positions.count / batch, batch: batch)
    }
  }

  /// The text up to a position of its tokens.
  func prefix(upTo end: Int) -> TextStream {
    TextStream(tokens: tokens[tokens.startIndex..<end], documentStarts: documentStarts)
  }

  private init(tokens: Slice<TokenSequence>, documentStarts: [Int]?) {
    (self.tokens, self.documentStarts) = (tokens, documentStarts)
  }

  /// How many predictions there are.
  public var predictions: Int { max(tokens.count - 1, 0) }
}

/// How well a model predicts a text.
public enum Evaluation {
  /// The sum of −log p over all predictions, in nats, reading the text as one stream from the model's initial state, and each
  /// further document from there again.
  ///
  /// Exact: it depends on nothing but the model and the text, and PyTorch gives the same.
  ///
  /// - Parameter group: processes of which each reads a part of the text; the sum is that of one process but for rounding.
  public static func negativeLogLikelihood<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>, group: ProcessGroup? = nil
  ) -> Double {
    guard let group else { return sum(of: model, on: text, workspace: workspace) }
    return sum(of: model, on: text, workspace: workspace, in: group).nats
  }

  /// The mean of −log p, in nats, reading the text as several streams at once, each but the first warmed up on the tokens
  /// before it.
  ///
  /// How many streams depends on the text's length alone. Faster than the exact sum, and within 1e-3 of it for a model that
  /// remembers less than the warm-up.
  ///
  /// - Parameter group: processes of which each reads some of the streams; the bits are those of one process.
  public static func validationLoss<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>, group: ProcessGroup? = nil
  ) -> Double {
    let (streams, length) = validationStreams(predictions: text.predictions)
    let own = evenShare(of: streams, part: group?.rank ?? 0, parts: group?.size ?? 1)
    var reader = StreamReader(model, text, length: length, reading: own, workspace: workspace)
    if streams > 1 { reader.warmUp(on: -warmUp..<0) }
    let sums = reader.sums(of: 0..<length)
    var all = [Double](repeating: 0, count: streams)
    all.replaceSubrange(own, with: sums)
    return (group?.sums(of: all) ?? all).reduce(0, +) / Double(max(text.predictions, 1))
  }

  /// Streams that a validation reads, and predictions of each.
  static func validationStreams(predictions: Int) -> (count: Int, length: Int) {
    let streams = streams(predictions: predictions)
    return (streams, (predictions + streams - 1) / streams)
  }

  private static func streams(predictions: Int) -> Int { max(1, min(mostStreams, predictions / (2 * warmUp))) }

  /// How many rows of products a validation computes: few streams take as long as 16, about.
  static func validationRows(predictions: Int) -> Double {
    let streams = streams(predictions: predictions)
    let steps = predictions / streams + (streams == 1 ? 0 : warmUp)
    return Double(steps) * Double(max(streams, 16))
  }

  /// Rows that are computed at a time, at most: activations of as many positions are held.
  static let mostRows = mostStreams * streamChunk

  private static let warmUp = 256
  private static let mostStreams = 64

  /// The sum of −log p over all predictions, of a text that is read as one stream.
  ///
  /// - Parameter read: receives logits, [time, batch, vocabulary], and the losses of their rows.
  static func sum<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>,
    read: (_ logits: Tensor<Scalar>, _ losses: [Double]) -> Void = { _, _ in }
  ) -> Double {
    var reader = StreamReader(model, text, workspace: workspace)
    return segments(predictions: text.predictions).reduce(0) { $0 + reader.sums(of: $1, read: read)[0] }
  }

  /// Predictions of a stream whose losses are summed before they are added to the others', and between which ranks divide a text.
  static func segments(predictions: Int) -> [Range<Int>] {
    stride(from: 0, to: predictions, by: segment).map { $0..<min($0 + segment, predictions) }
  }

  private static let segment = 512
}
