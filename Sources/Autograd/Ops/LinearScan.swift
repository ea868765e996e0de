import TensorCore

/// A linear recurrence over the leading axis, in one operation:
///
///     h_t = a_t·h_{t−1} + b_t
///
/// element by element, with h_{−1} the initial state. Its gradients are the same recurrence backwards: with
/// G_t = ∂L/∂h_t + a_{t+1}·G_{t+1}, ∂L/∂b_t = G_t and ∂L/∂a_t = G_t·h_{t−1}.
///
/// It is computed one step after the other, which for coefficients between −1 and 1 is stable for any number of steps.
///
/// - Parameters:
///   - a: [time, …].
///   - b: of the same shape.
///   - initial: […].
/// - Returns: h after each step, [time, …], and after the last, […].
/// - Precondition: there is at least one step.
public func linearScan<Scalar>(
  _ a: Variable<Scalar>, _ b: Variable<Scalar>, from initial: Variable<Scalar>,
  in context: borrowing ForwardContext<Scalar>
) -> (all: Variable<Scalar>, last: Variable<Scalar>) {
  if a.shape.rank == 0 || a.shape[0] == 0 || a.shape != b.shape { shapeFailure("linearScan", a.shape, b.shape) }
  if initial.shape.dimensions != Array(a.shape.dimensions.dropFirst()) {
    shapeFailure("linearScan", a.shape, initial.shape, hint: "the initial state has the shape of one step")
  }
  let (team, pool) = (context.workspace.team, context.workspace.pool)
  let (shape, stateShape) = (a.shape, initial.shape)
  let (factors, start) = (a.value, initial.value)
  let steps = ScanSteps(shape)
  let output = OwnedMatrix<Scalar>(uninitialized: [steps.count, steps.width], pool: pool)
  let (target, aView, bView, startView) = (
    output.view, steps.matrix(factors), steps.matrix(b.value), steps.row(start)
  )
  team.split(steps.width, unit: 64, keeping: (factors, b, start, output)) {
    target.columns($0).setScan(aView.columns($0), bView.columns($0), initial: startView.columns($0))
  }
  let h = output.tensor.reshaped(shape.dimensions)
  // A copy, so that carrying it on keeps nothing else alive.
  let last = h.row(steps.count - 1).copied(pool: pool)

  let results = Variable.operation([h, last], of: [a, b, initial]) { upstream in
    let da = OwnedMatrix<Scalar>(uninitialized: [steps.count, steps.width], pool: pool)
    let db = OwnedMatrix<Scalar>(uninitialized: [steps.count, steps.width], pool: pool)
    let carried = OwnedMatrix(
      upstream[1]?.reshaped([1, steps.width]).copied(pool: pool) ?? .zeros([1, steps.width], pool: pool))
    let (aView, startView, hView) = (steps.matrix(factors), steps.row(start), steps.matrix(h))
    let upstreamView = upstream[0].map(steps.matrix)
    team.split(steps.width, unit: 64, keeping: (factors, start, h, upstream, da, db, carried)) {
      da.view.columns($0).setScanGradient(
        aView.columns($0), initial: startView.columns($0), h: hView.columns($0),
        upstream: upstreamView?.columns($0), carried: carried.view.columns($0), db: db.view.columns($0))
    }
    return [
      da.tensor.reshaped(shape.dimensions), db.tensor.reshaped(shape.dimensions),
      carried.tensor.reshaped(stateShape.dimensions),
    ]
  }
  return (results[0], results[1])
}

/// Tensors [time, …] as matrices with a row a step.
private struct ScanSteps {
  let count: Int
  let width: Int

  init(_ shape: TensorShape) { (count, width) = (shape[0], shape.dimensions.dropFirst().reduce(1, *)) }

  func matrix<Scalar>(_ tensor: Tensor<Scalar>) -> MatrixView<Scalar> { tensor.reshaped([count, width]).matrix() }
  func row<Scalar>(_ tensor: Tensor<Scalar>) -> MatrixView<Scalar> { tensor.reshaped([1, width]).matrix() }
}
