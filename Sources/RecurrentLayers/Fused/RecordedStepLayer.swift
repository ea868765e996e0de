import Autograd
import NeuralLayers
import TensorCore

/// A layer whose step is a fused pass over a sequence of one step, with a record that is kept from step to step: for all that
/// units cannot compute apart from each other.
package final class RecordedStepLayer<Scalar: TensorScalar> {
  private let record: FusedRecord<Scalar>
  private var steps: ForwardSteps<Scalar>
  /// What a layer that reads vectors reads, [batch, input].
  private let input: OwnedMatrix<Scalar>?
  /// The sum of input and state, [batch, output], for a layer that puts out that.
  private let sum: OwnedMatrix<Scalar>?
  private var isFirst = true

  /// - Parameters:
  ///   - initial: h and, where there is one, c before the first step, [batch, width].
  ///   - readsTokens: whether the layer reads tokens, not vectors.
  ///   - embedding: the vector of each token, [tokens, input]; nil for one-hot vectors.
  ///   - addsInput: whether it puts out the sum of its state and its input.
  init(
    _ cell: some FusedCell<Scalar>, keeping probabilities: ZoneoutProbabilities, from initial: [Tensor<Scalar>],
    format: ProductFormat, readsTokens: Bool, embedding: Tensor<Scalar>?, addsInput: Bool
  ) {
    let (workspace, batch) = (Workspace<Scalar>(products: format), initial[0].shape[0])
    func allocated(_ width: Int) -> OwnedMatrix<Scalar> { OwnedMatrix(.zeros([batch, width])) }
    input = readsTokens ? nil : allocated(cell.inputSize)
    sum = addsInput ? allocated(cell.hiddenSize) : nil
    let grid = TokenGrid(ids: [Int32](repeating: 0, count: batch), time: 1, batch: batch)
    let sequence: SequenceInput<Scalar> =
      input.map { .vectors(Variable($0.tensor.reshaped([1, batch, -1]))) }
      ?? embedding.map { .embedded(grid, table: Variable($0)) } ?? .tokens(grid)
    var context = ForwardContext(workspace: workspace)
    let parts = cell.parts(of: sequence, from: initial, keeping: probabilities, in: &context)
    (record, steps) = (parts.record, parts.steps)
  }

  /// What the layer puts out after the step that was run last, [batch, output].
  var output: MatrixView<Scalar> { sum?.view.readOnly ?? state }

  /// h after the step that was run last.
  private var state: MatrixView<Scalar> { record.hiddenViews.states.readOnly.rows(record.batch..<2 * record.batch) }

  /// Computes a step; see `StepLayer.run`.
  func run(tokens: [Int32], below: MatrixView<Scalar>?) {
    if !isFirst { record.beginAgain() }
    isFirst = false
    if let input { input.view.copy(from: below!) } else { steps.lookUp(tokens) }
    steps.run(rows: 0..<record.batch)
    if let sum {
      sum.view.copy(from: state)
      sum.view.add(below!)
    }
  }
}
