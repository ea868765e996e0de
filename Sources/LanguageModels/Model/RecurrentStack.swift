import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore

/// State of recurrent layers, through which gradients flow.
package struct StackState<Scalar: TensorScalar> {
  /// By layer, then by component in the order of `RecurrentStack.stateComponents`; each [batch, width].
  package var layers: [[Variable<Scalar>]]

  package init(_ layers: [[Variable<Scalar>]]) { self.layers = layers }
}

/// The recurrent part of a character model, whatever its cells are.
protocol RecurrentStack<Scalar>: Module {
  /// Width of the top layer's outputs.
  var outputSize: Int { get }

  /// Whether the backward pass computes activations again instead of keeping them: see `StackOptions.recomputes`.
  var recomputes: Bool { get set }

  /// Steps whose activations are held at a time where the others are recomputed.
  static func stepsOfSegment(time: Int, batch: Int) -> Int

  /// Numbers that are kept of a position for the backward pass; see `StackedRecurrent.numbersPerPosition(hasResets:)`.
  func numbersPerPosition(hasResets: Bool) -> Int

  /// Name and width of each component of each layer's state.
  var stateComponents: [[(name: String, width: Int)]] { get }

  /// Runs the segments of a sequence one after the other; see `StackedRecurrent.run(segments:isTruncated:from:in:)`.
  ///
  /// - Parameter state: nil for the initial state.
  /// - Returns: outputs of the top layer, [time, batch, output], and the state after each segment.
  func run(
    segments: [SequenceInput<Scalar>], isTruncated: Bool, from state: StackState<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [StackState<Scalar>])

  func initialState(batch: Int, in context: inout ForwardContext<Scalar>) -> StackState<Scalar>

  /// The layers as they read streams token by token; see `StreamingSession`.
  func session(
    reading tokens: StreamItems<Scalar>, head: Dense<Scalar>, streams: Int, weights: ProductFormat, team: ThreadTeam
  ) -> StreamingSession<Scalar>
}

extension StackedRecurrent: RecurrentStack {
  var recomputes: Bool {
    get { options.recomputes }
    set { options.recomputes = newValue }
  }

  var stateComponents: [[(name: String, width: Int)]] {
    cells.map { cell in zip(Cell.State.componentNames, cell.stateWidths).map { (name: $0, width: $1) } }
  }

  func run(
    segments: [SequenceInput<Scalar>], isTruncated: Bool, from state: StackState<Scalar>?,
    in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, states: [StackState<Scalar>]) {
    let state = state?.layers.map { Cell.State(components: $0) }
    let (outputs, states) = run(segments: segments, isTruncated: isTruncated, from: state, in: &context)
    return (outputs, states.map { layers in StackState(layers.map { $0.components }) })
  }

  func session(
    reading tokens: StreamItems<Scalar>, head: Dense<Scalar>, streams: Int, weights: ProductFormat, team: ThreadTeam
  ) -> StreamingSession<Scalar> {
    StreamingSession(self, reading: tokens, head: head, streams: streams, weights: weights, team: team)
  }

  func initialState(batch: Int, in context: inout ForwardContext<Scalar>) -> StackState<Scalar> {
    StackState(initialState(batchSize: batch, in: &context).map { $0.components })
  }
}
