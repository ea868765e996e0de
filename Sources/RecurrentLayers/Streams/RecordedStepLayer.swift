import Autograd
import NeuralLayers
import TensorCore

/// A layer whose step is a fused pass over a sequence of one step, with a record that is kept from step to step: for
/// cells whose units depend on each other within a step.
package final class RecordedStepLayer<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  private var loop: ForwardLoop<Scalar>
  /// Input of a layer that reads vectors, [batch, input].
  private let input: OwnedMatrix<Scalar>?
  /// Sum of input and h, [batch, output], in a layer with a residual connection.
  private let sum: OwnedMatrix<Scalar>?
  /// Whether the record holds the state that the next step reads; else it is still to be carried over.
  private var isReady = true

  /// - Parameters:
  ///   - initial: the initial state by component, [batch, width].
  ///   - readsTokens: whether the layer reads tokens, not vectors.
  ///   - embedding: vector of each token, [tokens, input]; nil for one-hot vectors.
  ///   - addsInput: whether its output is the sum of h and its input.
  init(
    _ cell: some FusedCell<Scalar>, zoneout: ZoneoutProbabilities, from initial: [Tensor<Scalar>],
    format: ProductFormat, readsTokens: Bool, embedding: Tensor<Scalar>?, addsInput: Bool
  ) {
    let (device, batch) = (initial[0].device, initial[0].shape[0])
    let workspace = device == .cpu ? Workspace<Scalar>(products: format) : Workspace(device: device)
    func allocated(_ width: Int) -> OwnedMatrix<Scalar> { OwnedMatrix(.zeros([batch, width], beside: initial[0])) }
    input = readsTokens ? nil : allocated(cell.inputSize)
    sum = addsInput ? allocated(cell.hiddenSize) : nil
    let grid = TokenGrid(ids: [Int32](repeating: 0, count: batch), time: 1, batch: batch)
    let sequence: SequenceInput<Scalar> =
      input.map { .vectors(Variable($0.tensor.reshaped([1, batch, -1]))) }
      ?? embedding.map { .embedded(grid, table: Variable($0)) } ?? .tokens(grid)
    var context = ForwardContext(workspace: workspace)
    (record, loop) = cell.forwardPass(SequenceRequest(sequence), from: initial, zoneout: zoneout, in: &context)
    state = record.states[0].views.after.readOnly
  }

  /// Output after the last step, [batch, output].
  var output: MatrixView<Scalar> { sum?.view.readOnly ?? state }

  /// h after the last step, [batch, output].
  private let state: MatrixView<Scalar>

  private func makeReady() {
    if !isReady { record.carryStateOver() }
    isReady = true
  }

  /// Copies a component of the state; see `StepLayer.copyState`.
  func copyState(_ component: Int, rows: Range<Int>, to target: MutableMatrixView<Scalar>) {
    makeReady()
    target.copy(from: record.states[component].views.before.rows(rows).readOnly)
  }

  /// Replaces a component of the state; see `StepLayer.setState`.
  func setState(_ component: Int, rows: Range<Int>, to source: MatrixView<Scalar>) {
    makeReady()
    record.states[component].views.before.rows(rows).copy(from: source)
  }

  /// Computes a step; see `StepLayer.run`.
  func run(tokens: [Int32], below: MatrixView<Scalar>?) {
    makeReady()
    isReady = false
    if let input { input.view.copy(from: below!) } else { loop.setTokens(tokens) }
    loop.runSteps(rows: 0..<record.batch)
    if let sum {
      sum.view.copy(from: state)
      sum.view.add(below!)
    }
  }
}
