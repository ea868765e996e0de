import TensorCore

/// How the first values of a parameter are drawn.
///
/// For a weight [out, in], fan-in is `in` and fan-out is `out`.
public enum Initializer: Sendable, Equatable {
  case zeros
  case constant(Double)
  /// Uniform in ±bound.
  case uniform(Double)
  /// Normal with mean 0 and this standard deviation.
  case normal(Double)
  /// Uniform in ±√(6 / (fan-in + fan-out)) (Glorot and Bengio, 2010).
  case glorotUniform
  /// Uniform in ±√(3 / fan-in), so that the variance is 1 / fan-in (LeCun et al., 1998).
  case lecunUniform
  /// A matrix with orthonormal rows or columns, whichever are fewer, uniformly distributed (Saxe et al., 2014).
  case orthogonal

  /// A tensor of the given shape.
  ///
  /// - Precondition: `glorotUniform`, `lecunUniform` and `orthogonal` need a matrix.
  public func callAsFunction<Scalar: TensorScalar>(
    _ shape: TensorShape, using random: inout RandomSource
  ) -> Tensor<Scalar> {
    switch self {
    case .zeros: return .zeros(shape)
    case .constant(let value): return .full(shape, Scalar(value))
    case .uniform(let bound): return drawn(shape) { bound * (2 * random.uniform() - 1) }
    case .normal(let deviation): return drawn(shape) { deviation * random.normal() }
    case .glorotUniform:
      requireMatrix(shape)
      let bound = (6 / Double(shape[0] + shape[1])).squareRoot()
      return drawn(shape) { bound * (2 * random.uniform() - 1) }
    case .lecunUniform:
      requireMatrix(shape)
      let bound = (3 / Double(shape[1])).squareRoot()
      return drawn(shape) { bound * (2 * random.uniform() - 1) }
    case .orthogonal:
      requireMatrix(shape)
      return orthogonalMatrix(rows: shape[0], columns: shape[1], using: &random)
    }
  }

  private func requireMatrix(_ shape: TensorShape) {
    require(shape.rank == 2, "Initializer: \(self) needs a matrix [out, in], not the shape \(shape)")
  }
}

private func drawn<Scalar: TensorScalar>(_ shape: TensorShape, _ draw: () -> Double) -> Tensor<Scalar> {
  Tensor((0..<shape.count).map { _ in Scalar(draw()) }, shape: shape)
}

/// Gram–Schmidt on normal vectors, in blocks: each block is made orthogonal to all before it by matrix products, then within
/// itself; all of it twice, against round-off.
private func orthogonalMatrix<Scalar: TensorScalar>(
  rows: Int, columns: Int, using random: inout RandomSource
) -> Tensor<Scalar> {
  let (count, length) = (min(rows, columns), max(rows, columns))
  var basis = Tensor<Double>.zeros([0, length])
  while basis.shape[0] < count {
    var block: Tensor<Double> = drawn([min(32, count - basis.shape[0]), length]) { random.normal() }
    for _ in 0..<2 {
      block -= block.matmul(basis, transposingOther: true).matmul(basis)
      block = orthonormalized(block)
    }
    basis = .concatenate([basis, block], axis: 0)
  }
  let matrix = Tensor(basis.scalars.map { Scalar($0) }, shape: [count, length])
  return rows <= columns ? matrix : matrix.transposed()
}

/// Modified Gram–Schmidt over the rows of a block. Rows of normal numbers are linearly independent but for chance of measure 0.
private func orthonormalized(_ block: Tensor<Double>) -> Tensor<Double> {
  var done: [Tensor<Double>] = []
  for index in 0..<block.shape[0] {
    var row = block.row(index)
    for known in done { row.addScaled(-(row * known).sum().scalar, known) }
    done.append(row / row.sumOfSquares().squareRoot())
  }
  return .stack(done)
}
