import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// A model that reads a text as streams side by side. Stream i predicts the tokens after positions i·m to (i + 1)·m, where m is the
/// length of a stream.
struct StreamReader<Scalar: TensorScalar> {
  private let model: CharacterModel<Scalar>
  private let text: TextStream
  private let length: Int
  private let own: Range<Int>
  private let workspace: Workspace<Scalar>
  private var context: ForwardContext<Scalar>
  /// State of all streams before the step that is read next; nil for the initial one.
  private(set) var state: CharacterModel<Scalar>.State?

  /// - Parameters:
  ///   - length: predictions of a stream; nil for those of the whole text, which is then one stream.
  ///   - own: the streams that are read.
  ///   - state: state before the first step that is read; nil for the initial one.
  init(
    _ model: CharacterModel<Scalar>, _ text: TextStream, length: Int? = nil, reading own: Range<Int> = 0..<1,
    from state: CharacterModel<Scalar>.State? = nil, workspace: Workspace<Scalar>
  ) {
    (self.model, self.text, self.own, self.workspace) = (model, text, own, workspace)
    self.length = length ?? text.predictions
    context = ForwardContext(workspace: workspace)
    self.state = state
  }

  /// Reads the steps before the first, in which each stream but the first reads the tokens before its own.
  mutating func warmUp(on steps: Range<Int>) {
    for chunk in chunks(of: steps) { _ = forward(chunk) }
    // The first stream has nothing before it.
    let initial = model.initialState(in: workspace)
    if own.lowerBound == 0 { state?.reset(sequence: 0, to: initial) }
  }

  /// The sum of −log p over the predictions of each stream at some steps.
  ///
  /// - Parameter read: receives logits, [time, batch, vocabulary], and the losses of their rows.
  mutating func sums(
    of steps: Range<Int>, read: (_ logits: Tensor<Scalar>, _ losses: [Double]) -> Void = { _, _ in }
  ) -> [Double] {
    var totals = [Double](repeating: 0, count: own.count)
    for chunk in chunks(of: steps) {
      let (positions, logits) = forward(chunk)
      let (losses, _) = crossEntropyRows(logits, targets: positions.map { token(at: $0 + 1) }, workspace: workspace)
      for (index, loss) in losses.enumerated() where positions[index] < text.predictions {
        totals[index % own.count] += loss
      }
      read(logits, losses)
    }
    return totals
  }

  private func chunks(of steps: Range<Int>) -> [Range<Int>] {
    if own.isEmpty { return [] }
    return stride(from: steps.lowerBound, to: steps.upperBound, by: streamChunk).map {
      $0..<min($0 + streamChunk, steps.upperBound)
    }
  }

  private mutating func forward(_ steps: Range<Int>) -> (positions: [Int], logits: Tensor<Scalar>) {
    let positions = steps.flatMap { step in own.map { $0 * length + step } }
    let grid = TokenGrid(ids: positions.map(token), time: steps.count, batch: own.count)
    let (logits, next) = model(
      grid, resets: text.resets(at: positions.map(place), batch: own.count), from: state, in: &context)
    state = next
    return (positions, logits.value)
  }

  /// Position of a token. Outside of the text it is read as some token, and what is predicted there is not counted.
  private func place(_ position: Int) -> Int { text.tokens.startIndex + max(0, min(position, text.predictions)) }
  private func token(at position: Int) -> Int32 { text.tokens[place(position)] }
}

/// Steps in one call: enough to make the products large, and few enough not to need more memory than training.
let streamChunk = 32

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
