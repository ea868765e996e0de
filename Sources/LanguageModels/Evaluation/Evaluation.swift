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
  public static func negativeLogLikelihood<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>
  ) -> Double {
    sum(of: model, on: text, workspace: workspace)
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
    let streams = streams(predictions: text.predictions)
    let (rank, size) = (group?.rank ?? 0, group?.size ?? 1)
    let own = streams * rank / size..<streams * (rank + 1) / size
    let sums = sums(
      of: model, on: text, streams: streams, reading: own, warmUp: streams == 1 ? 0 : warmUp, workspace: workspace)
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
  static let mostRows = mostStreams * chunk

  private static let warmUp = 256
  private static let mostStreams = 64
  /// Tokens a stream in one call: enough to make the products large, and few enough not to need more memory than training.
  private static let chunk = 32

  /// The sum of −log p over all predictions, of a text that is read as one stream.
  ///
  /// - Parameter read: receives logits, [time, batch, vocabulary], and the losses of their rows.
  static func sum<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, workspace: Workspace<Scalar>,
    read: (_ logits: Tensor<Scalar>, _ losses: [Double]) -> Void = { _, _ in }
  ) -> Double {
    sums(of: model, on: text, streams: 1, reading: 0..<1, warmUp: 0, workspace: workspace, read: read)[0]
  }

  /// The sum of −log p over the predictions of each stream. Stream i predicts the tokens after positions i·m to (i + 1)·m, where m
  /// is the length of a stream.
  ///
  /// - Parameters:
  ///   - own: the streams that are read.
  ///   - read: receives logits, [time, batch, vocabulary], and the losses of their rows.
  private static func sums<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, streams: Int, reading own: Range<Int>, warmUp: Int,
    workspace: Workspace<Scalar>, read: (_ logits: Tensor<Scalar>, _ losses: [Double]) -> Void = { _, _ in }
  ) -> [Double] {
    let (tokens, count) = (text.tokens, text.predictions)
    var totals = [Double](repeating: 0, count: own.count)
    guard count > 0, !own.isEmpty else { return totals }
    let length = (count + streams - 1) / streams
    var context = ForwardContext(workspace: workspace)
    var state: CharacterModel<Scalar>.State?
    var start = -warmUp
    while start < length {
      // The first stream has nothing before it.
      if start == 0 && own.lowerBound == 0 { state?.reset(sequence: 0, to: model.initialState) }
      let end = min(start + chunk, start < 0 ? 0 : length)
      // Positions outside of the text are read as some token; what is predicted there is not counted.
      let positions = (start..<end).flatMap { t in own.map { $0 * length + t } }
      func place(_ position: Int) -> Int { tokens.startIndex + max(0, min(position, count)) }
      func token(at position: Int) -> Int32 { tokens[place(position)] }
      let grid = TokenGrid(ids: positions.map(token), time: end - start, batch: own.count)
      let resets = text.resets(at: positions.map(place), batch: own.count)
      let (logits, next) = model(grid, resets: resets, from: state, in: &context)
      state = next
      if start >= 0 {
        let (losses, _) = crossEntropyRows(
          logits.value, targets: positions.map { token(at: $0 + 1) }, workspace: workspace)
        for (index, loss) in losses.enumerated() where positions[index] < count { totals[index % own.count] += loss }
        read(logits.value, losses)
      }
      start = end
    }
    return totals
  }
}

extension CharacterModel.State {
  /// Resets one sequence of the batch to an initial state, which is that of a batch of one.
  fileprivate mutating func reset(sequence: Int, to initial: CharacterModel.State) {
    for layer in layers.indices {
      for component in layers[layer].indices {
        let first = initial.layers[layer][component]
        let mask = (0..<layers[layer][component].shape[0]).map { $0 != sequence }
        layers[layer][component] = layers[layer][component].choosingRows(
          mask, else: first.broadcast(to: layers[layer][component].shape))
      }
    }
  }
}
