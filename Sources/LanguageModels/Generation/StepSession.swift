import Autograd
import RecurrentLayers
import TensorCore

/// A character model that reads one token of each of several texts at a time and predicts the next: what generation runs on.
///
/// An enum, not a protocol, so that calls are of known types and can be specialized.
enum StepSession<Scalar: TensorScalar> {
  case layerwise(LayerwiseSession<Scalar>)
  case whole(WholeModelSession<Scalar>)

  /// Reads the next token of each text and computes the logits of the one after it.
  func read(_ tokens: [Int32]) {
    switch self {
    case .layerwise(let session): session.read(tokens)
    case .whole(let session): session.read(tokens)
    }
  }

  /// The logits of one text, copied to `target`.
  func copyLogits(of text: Int, to target: inout [Double]) { logits.copyRow(text, to: &target) }

  /// Logits of each text, [batch, vocabulary].
  var logits: Tensor<Scalar> {
    switch self {
    case .layerwise(let session): session.logits
    case .whole(let session): session.logits
    }
  }
}

extension CharacterModel {
  /// A session in the initial state, of the fastest kind that the model allows.
  ///
  /// - Parameters:
  ///   - batch: how many texts run side by side.
  ///   - weights: how weights are held.
  func stepSession(batch: Int, weights: WeightFormat, team: ThreadTeam) -> StepSession<Scalar> {
    LayerwiseSession(model: self, batch: batch, weights: weights, team: team).map { .layerwise($0) }
      ?? .whole(WholeModelSession(model: self, weights: weights, team: team))
  }
}

/// A session for any model: each step is a pass over sequences of one token.
final class WholeModelSession<Scalar: TensorScalar> {
  private let model: CharacterModel<Scalar>
  private let workspace: Workspace<Scalar>
  private var state: CharacterModel<Scalar>.State?
  private(set) var logits = Tensor<Scalar>.zeros([0, 0])

  init(model: CharacterModel<Scalar>, weights: WeightFormat, team: ThreadTeam) {
    self.model = model
    workspace = Workspace(team: team, products: weights.products)
  }

  /// Returns to the initial state.
  func reset() { state = nil }

  func read(_ tokens: [Int32]) {
    var context = ForwardContext(workspace: workspace)
    let (logits, next) = model(TokenGrid(ids: tokens, time: 1, batch: tokens.count), from: state, in: &context)
    (self.logits, state) = (logits.value.reshaped([tokens.count, -1]), next)
  }
}
