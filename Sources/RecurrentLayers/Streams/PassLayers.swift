import Autograd
import NeuralLayers
import TensorCore

/// Layers of cells that have no fused pass: each step of a session is a pass over sequences of one item.
final class PassLayers<Scalar: TensorScalar> {
  private typealias States = [[Tensor<Scalar>]]

  private let streams: Int
  private let table: Tensor<Scalar>?
  private let pass: (SequenceInput<Scalar>, States) -> (outputs: Tensor<Scalar>, states: States)
  /// By layer, then by component, [streams, width].
  private var states: States
  /// Outputs after the last item of each stream, [streams, output].
  let outputs: OwnedMatrix<Scalar>

  init<Cell: RecurrentCell<Scalar>>(
    _ stack: StackedRecurrent<Cell>, _ items: StreamItems<Scalar>, on device: Device, streams: Int,
    weights: ProductFormat
  ) {
    let workspace = device == .cpu ? Workspace<Scalar>(products: weights) : Workspace(device: device)
    var context = ForwardContext(workspace: workspace)
    (self.streams, table) = (streams, items.table)
    outputs = OwnedMatrix(.zeros([streams, stack.outputSize], pool: workspace.pool))
    states = stack.initialState(batchSize: streams, in: &context).map { $0.components.map(\.value) }
    pass = { input, states in
      var context = ForwardContext(workspace: workspace)
      let state = states.map { Cell.State(components: $0.map { Variable($0) }) }
      let (outputs, next) = stack.run(input, from: state, in: &context)
      return (outputs.value, next.map { $0.components.map(\.value) })
    }
  }

  /// Reads the next item of each stream.
  ///
  /// - Parameter vectors: [streams, input]; nil where the items are tokens.
  func run(tokens: [Int32], vectors: Tensor<Scalar>?) {
    let grid = TokenGrid(ids: tokens, time: 1, batch: streams)
    // A cell may keep its input, whose memory the next item takes: it gets a copy.
    let copy = vectors.map { $0.copied(pool: nil).reshaped([1, streams, -1]) }
    let input: SequenceInput<Scalar> =
      copy.map { .vectors(Variable($0)) }
      ?? table.map { .embedded(grid, table: Variable($0)) } ?? .tokens(grid)
    let (outputs, next) = pass(input, states)
    states = next
    self.outputs.view.copy(from: outputs.reshaped([streams, -1]))
  }

  func copyState(_ component: StateComponent<Scalar>, rows: Range<Int>, to target: MutableMatrixView<Scalar>) {
    target.copy(from: states[component.layer][component.index].rows(rows))
  }

  func setState(_ component: StateComponent<Scalar>, rows: Range<Int>, to source: MatrixView<Scalar>) {
    states[component.layer][component.index].mutableMatrix().rows(rows).copy(from: source)
  }
}
