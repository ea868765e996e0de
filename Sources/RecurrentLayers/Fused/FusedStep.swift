import TensorCore

/// The elementwise part of a cell's time step and its gradient: all that a cell brings to the fused engine.
///
/// Letters: B sequences, H hidden units, G gates, P numbers in the cell's own parameters. For some rows of the batch
/// the engine
///
/// 1. sets the gates to x·W_ihᵀ + b_ih,
/// 2. adds each product of `layout.products` to its columns, in order,
/// 3. calls `forward`, which writes the new state.
///
/// Backward it calls `backward`, which writes the gradient of the preactivations, and takes the products in reverse
/// order. Sums over time, resets, zoneout, projections and threads are the engine's own. A step reads and writes the
/// given rows alone, and allocates nothing.
protocol FusedStep<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  var layout: StepLayout { get }

  /// Row-wise transformation of x·W_ihᵀ before step 2; nil by default.
  var inputTransform: (any InputTransform<Scalar>)? { get }

  /// Sets a saved buffer that the next product multiplies, from the gates and the previous state. Called for operands
  /// `.saved` alone.
  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>)

  /// Turns the gates from preactivations to activations and writes the new state (`at.next`).
  func forward(_ at: StepViews<Scalar>)

  /// Writes the gradient of the preactivations (`d.gates`, and `d.recurrent` where that is apart), from the gradient of
  /// the new state. On return `d.state(0)` holds the gradient of the previous h that bypasses all products (see
  /// `StepLayout.hiddenBypassesProducts`), `d.state(i)` for i > 0 the gradient of the previous component i, and the
  /// gradient of the cell's own parameters is added to `d.parameters`, each sequence's to its own row.
  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>)

  /// Takes the gradient of a saved buffer that a product multiplied back to the gates that it was made of (set in
  /// `d.gates`) and to the previous state (added to `d.state`).
  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>)
}

extension FusedStep {
  var inputTransform: (any InputTransform<Scalar>)? { nil }

  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>) { programmingError("\(Self.self) makes no operand") }

  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>
  ) { programmingError("\(Self.self) makes no operand") }
}

/// A row-wise transformation of x·W_ihᵀ, such as a normalization. For tokens it is applied once to a table with a row
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
