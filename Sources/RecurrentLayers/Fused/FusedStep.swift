import TensorCore

/// The elementwise part of a cell's time step and its gradient: all that a cell brings to the fused engine.
///
/// Letters: B sequences, H hidden units, G gates, P numbers in the cell's own parameters. For some rows of the batch
/// the engine
///
/// 1. sets the gates to x·W_ihᵀ + b_ih, and adds b_hh unless the recurrent products are kept apart,
/// 2. adds each product of `layout.products` to its columns, in order, or sets the columns of `recurrent` where they are
///    kept apart,
/// 3. calls `forward`, which writes the new state.
///
/// Backward it calls `backward`, which writes the gradient of the preactivations, and takes the products in reverse
/// order. Sums over time, resets, zoneout, projections and threads are the engine's own. A step reads and writes the
/// given rows alone, and allocates nothing.
protocol FusedStep<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  var layout: StepLayout { get }

  /// Row-wise transformation of x·W_ihᵀ + b_ih before step 2; nil by default. It needs `separatesRecurrent` and own parameters.
  var inputTransform: (any InputTransform<Scalar>)? { get }

  /// Kernels that take a whole sequence through all steps on a device; nil by default.
  var sequenceCell: SequenceLaunch<Scalar>.Cell? { get }

  /// Sets a saved buffer that the next product multiplies, from the gates and the previous state. It may turn gates that
  /// are complete into activations. Called for operands `.saved` alone.
  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>)

  /// Writes the new state (`at.next`), and leaves in gates, recurrent products and saved buffers whatever `backward`
  /// needs, as a rule the activations. A buffer that a product multiplies stays as `setOperand` left it: the gradient of
  /// W_hh is made from it.
  ///
  /// `at.previous(i)` and `at.next(i)` may be the same memory: read a unit before writing it. Take widths from the views,
  /// which may hold some units of the layer alone where the layout is elementwise.
  func forward(_ at: StepViews<Scalar>)

  /// Writes the gradient of the preactivations, from the gradient of the new state. Reads `at`, and does not write to it.
  ///
  /// | in `d` | on entry | on return |
  /// | --- | --- | --- |
  /// | `gates` | undefined | gradient of x·W_ihᵀ + b; `backwardThroughOperand` may set or complete some columns |
  /// | `recurrent`, where it is apart | undefined | gradient of the sum of the recurrent products |
  /// | `state(0)` | gradient of the new h | gradient of the previous h that bypasses all products, if there is such |
  /// | `state(i)`, i > 0 | gradient of the new component i | gradient of the previous component i |
  /// | `parameters` | sums so far | the step's gradient of the own parameters added, each sequence's in its own row |
  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>)

  /// Takes the gradient of a saved buffer that a product multiplied back to the gates that it was made of (set in `d.gates`)
  /// and to the previous state (added to `d.state`).
  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>)
}

extension FusedStep {
  var inputTransform: (any InputTransform<Scalar>)? { nil }
  var sequenceCell: SequenceLaunch<Scalar>.Cell? { nil }

  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>) { programmingError("\(Self.self) makes no operand") }

  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>
  ) { programmingError("\(Self.self) makes no operand") }
}

/// A row-wise transformation of x·W_ihᵀ + b_ih, such as a normalization. For tokens it is applied once to a table with a row
/// for each token, else at each step.
protocol InputTransform<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// Width of each buffer that a row keeps for the backward pass.
  var saved: [Int] { get }

  /// Transforms rows, [rows, G·H], in place.
  ///
  /// - Parameter parameters: the cell's own, [1, P].
  func forward(_ products: MutableMatrixView<Scalar>, saved: SavedRows<Scalar>, parameters: MatrixView<Scalar>)

  /// Takes the gradient of rows from their transformed values back to x·W_ihᵀ, in place. Each row adds its gradient of
  /// the cell's own parameters to its own row of `sums`, [rows, P].
  func backward(
    _ gradient: MutableMatrixView<Scalar>, saved: SavedRows<Scalar>, parameters: MatrixView<Scalar>,
    sums: MutableMatrixView<Scalar>)
}
