import TensorCore

/// Buffers of all time steps of a fused pass, [T·B, width] each.
///
/// Valid while the tensors that they are views of live. Written in the forward pass only.
final class StepBuffers<Scalar: TensorScalar>: Sendable {
  /// Preactivations, then activations, [T·B, G·H].
  let gates: MutableMatrixView<Scalar>
  /// Sum of the recurrent products, where it is apart; else the gates.
  let recurrent: MutableMatrixView<Scalar>
  /// State that each step reads, by component; the first is h.
  let previous: [MatrixView<Scalar>]
  /// State that each step writes, by component; the first is h, or the units of which h is a projection.
  let next: [MutableMatrixView<Scalar>]
  /// By index in `StepLayout.saved`.
  let saved: [MutableMatrixView<Scalar>]
  /// Buffers of the input transform, by index in `InputTransform.saved`; empty where a table was transformed instead.
  let transformed: [MutableMatrixView<Scalar>]
  /// The cell's own parameters, [1, P]; nil without any.
  let parameters: MatrixView<Scalar>?

  init(
    gates: MutableMatrixView<Scalar>, recurrent: MutableMatrixView<Scalar>?, previous: [MatrixView<Scalar>],
    next: [MutableMatrixView<Scalar>], saved: [MutableMatrixView<Scalar>] = [],
    transformed: [MutableMatrixView<Scalar>] = [],
    parameters: MatrixView<Scalar>?
  ) {
    (self.gates, self.recurrent, self.previous, self.next) = (gates, recurrent ?? gates, previous, next)
    (self.saved, self.transformed, self.parameters) = (saved, transformed, parameters)
  }
}

/// Buffers of one time step, for some rows of the batch.
struct StepViews<Scalar: TensorScalar> {
  private let buffers: StepBuffers<Scalar>
  /// Rows of the buffers.
  var rows: Range<Int>

  init(_ buffers: StepBuffers<Scalar>, rows: Range<Int>) { (self.buffers, self.rows) = (buffers, rows) }

  /// Preactivations before `FusedStep.forward`, activations after it, [rows, G·H].
  var gates: MutableMatrixView<Scalar> { buffers.gates.rows(rows) }
  /// Sum of the recurrent products, [rows, G·H], where it is apart; else the gates.
  var recurrent: MutableMatrixView<Scalar> { buffers.recurrent.rows(rows) }
  /// Component of the state before the step, [rows, width]; 0 is h.
  @_specialize(where Scalar == Float)
  func previous(_ component: Int) -> MatrixView<Scalar> { buffers.previous[component].rows(rows) }
  /// Component of the state after the step, [rows, width]; 0 is h, or the units of which h is a projection.
  @_specialize(where Scalar == Float)
  func next(_ component: Int) -> MutableMatrixView<Scalar> { buffers.next[component].rows(rows) }
  /// Saved buffer, [rows, `StepLayout.saved[index]`].
  @_specialize(where Scalar == Float)
  func saved(_ index: Int) -> MutableMatrixView<Scalar> { buffers.saved[index].rows(rows) }
  /// The cell's own parameters one after the other, [1, P].
  var parameters: MatrixView<Scalar> { buffers.parameters! }
  /// Buffers of the input transform.
  var transformed: SavedRows<Scalar> { SavedRows(buffers: buffers.transformed, rows: rows) }
}

/// Some rows of the buffers of an input transform.
struct SavedRows<Scalar: TensorScalar> {
  let buffers: [MutableMatrixView<Scalar>]
  let rows: Range<Int>

  subscript(index: Int) -> MutableMatrixView<Scalar> { buffers[index].rows(rows) }
}

/// Gradients of one time step, for some rows of the batch.
struct StepGradients<Scalar: TensorScalar> {
  /// Gradient of the loss with respect to the preactivations, [rows, G·H].
  let gates: MutableMatrixView<Scalar>
  /// Gradient with respect to the sum of the recurrent products, [rows, G·H], where it is apart; else `gates`.
  let recurrent: MutableMatrixView<Scalar>
  /// Gradient with respect to W_hr·units, [rows, output], in cells with a projection.
  let projected: MutableMatrixView<Scalar>?
  /// Gradient with respect to h, or to the units of which h is a projection, [rows, width].
  let hidden: MutableMatrixView<Scalar>
  /// Gradients with respect to all state components, [B, width]: see `state`.
  let states: [MutableMatrixView<Scalar>]
  /// Rows of the batch in `states` and `sums`.
  let rows: Range<Int>
  /// Gradient with respect to the cell's own parameters, each sequence's apart, [B, P].
  let sums: MutableMatrixView<Scalar>?

  /// Gradient with respect to a state component, [rows, width]; 0 is h, or the units of which h is a projection.
  @_specialize(where Scalar == Float)
  func state(_ component: Int) -> MutableMatrixView<Scalar> {
    component == 0 ? hidden : states[component].rows(rows)
  }

  /// Gradient with respect to the cell's own parameters, each sequence's in its own row, [rows, P].
  var parameters: MutableMatrixView<Scalar> { sums!.rows(rows) }
}
