import TensorCore

/// Distribution of a parameter's first values.
///
/// The fan-in of a weight [out, in, …], the number of inputs that one output sums over, is in · …; its fan-out is out · …
/// (as in PyTorch, `…` is the window of a convolution).
public indirect enum Initializer: Sendable, Equatable, Codable {
  case zeros
  case constant(Double)
  /// 1 where row and column have the same number, else 0; for a matrix.
  case identity
  /// Uniform in ±bound: mean 0, variance bound² / 3.
  case uniform(Double)
  /// Normal with mean 0 and this standard deviation.
  case normal(Double)
  /// Normal with mean 0 and this standard deviation σ, drawn again where it is beyond ±2σ: the variance that remains is
  /// σ² · (1 − 4·φ(2) / (2·Φ(2) − 1)) ≈ 0.7737·σ².
  case truncatedNormal(Double)
  /// Uniform in ±√(6 / (fan-in + fan-out)): variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010).
  case glorotUniform
  /// Normal with the variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010).
  case glorotNormal
  /// Uniform in ±√(6 / fan-in): variance 2 / fan-in, for ReLU (He et al., 2015).
  case heUniform
  /// Normal with the variance 2 / fan-in, for ReLU (He et al., 2015).
  case heNormal
  /// Uniform in ±√(3 / fan-in): variance 1 / fan-in (LeCun et al., 1998).
  case lecunUniform
  /// Normal with the variance 1 / fan-in (LeCun et al., 1998).
  case lecunNormal
  /// A matrix [out, in · …] with orthonormal rows or columns, whichever are fewer, uniformly distributed (Saxe et al., 2014).
  case orthogonal
  /// Another initializer's values times a factor (a gain).
  case scaled(by: Double, Initializer)
  /// The leading axis cut into as many equal parts as there are initializers, each drawn by its own: the gates of a recurrent
  /// cell, the units of a locally connected layer.
  case stacked([Initializer])

  /// A tensor of the given shape.
  ///
  /// - Precondition: the shape has at least two axes where the distribution depends on the fans.
  public func callAsFunction<Scalar: TensorScalar>(
    _ shape: TensorShape, using random: inout RandomSource
  ) -> Tensor<Scalar> {
    switch self {
    case .zeros: return .zeros(shape)
    case .constant(let value): return .full(shape, Scalar(value))
    case .identity: return identityMatrix(matrix(shape))
    case .uniform(let bound): return drawnEvenly(shape, bound, using: &random)
    case .normal(let deviation): return drawn(shape) { deviation * random.normal() }
    case .truncatedNormal(let deviation): return drawn(shape) { deviation * random.truncatedNormal() }
    case .glorotUniform: return drawnEvenly(shape, (6 / (fanIn(shape) + fanOut(shape))).squareRoot(), using: &random)
    case .glorotNormal: return drawnNormally(shape, variance: 2 / (fanIn(shape) + fanOut(shape)), using: &random)
    case .heUniform: return drawnEvenly(shape, (6 / fanIn(shape)).squareRoot(), using: &random)
    case .heNormal: return drawnNormally(shape, variance: 2 / fanIn(shape), using: &random)
    case .lecunUniform: return drawnEvenly(shape, (3 / fanIn(shape)).squareRoot(), using: &random)
    case .lecunNormal: return drawnNormally(shape, variance: 1 / fanIn(shape), using: &random)
    case .orthogonal:
      let (rows, columns) = matrix(shape)
      return orthogonalMatrix(rows: rows, columns: columns, using: &random).reshaped(shape.dimensions)
    case .scaled(let factor, let initializer):
      let values: Tensor<Scalar> = initializer(shape, using: &random)
      return values * Scalar(factor)
    case .stacked(let parts):
      require(
        shape.rank > 0 && !parts.isEmpty && shape[0] % parts.count == 0,
        "Initializer: the leading axis of the shape \(shape) cannot be cut into \(parts.count) equal parts")
      let part = TensorShape([shape[0] / parts.count] + shape.dimensions.dropFirst())
      return .concatenate(parts.map { $0(part, using: &random) })
    }
  }

  /// Whether the values do not depend on the random source.
  var isDeterministic: Bool {
    switch self {
    case .zeros, .constant, .identity: true
    case .scaled(_, let initializer): initializer.isDeterministic
    case .stacked(let parts): parts.allSatisfy(\.isDeterministic)
    case .uniform, .normal, .truncatedNormal, .glorotUniform, .glorotNormal, .heUniform, .heNormal, .lecunUniform,
      .lecunNormal, .orthogonal:
      false
    }
  }

  private func fanIn(_ shape: TensorShape) -> Double { Double(matrix(shape).columns) }

  private func fanOut(_ shape: TensorShape) -> Double {
    Double(matrix(shape).rows * shape.dimensions.dropFirst(2).reduce(1, *))
  }

  private func matrix(_ shape: TensorShape) -> (rows: Int, columns: Int) {
    require(shape.rank >= 2, "Initializer: \(self) needs a weight [out, in, …], not the shape \(shape)")
    return (shape[0], shape.dimensions.dropFirst().reduce(1, *))
  }
}

private func drawn<Scalar: TensorScalar>(_ shape: TensorShape, _ draw: () -> Double) -> Tensor<Scalar> {
  Tensor((0..<shape.count).map { _ in Scalar(draw()) }, shape: shape)
}

private func drawnEvenly<Scalar: TensorScalar>(
  _ shape: TensorShape, _ bound: Double, using random: inout RandomSource
) -> Tensor<Scalar> { drawn(shape) { bound * (2 * random.uniform() - 1) } }

private func drawnNormally<Scalar: TensorScalar>(
  _ shape: TensorShape, variance: Double, using random: inout RandomSource
) -> Tensor<Scalar> {
  let deviation = variance.squareRoot()
  return drawn(shape) { deviation * random.normal() }
}

extension RandomSource {
  /// A draw from the standard normal distribution truncated to ±2.
  fileprivate mutating func truncatedNormal() -> Double {
    while true {
      let value = normal()
      if abs(value) <= 2 { return value }
    }
  }
}

private func identityMatrix<Scalar: TensorScalar>(_ size: (rows: Int, columns: Int)) -> Tensor<Scalar> {
  let square = Tensor<Scalar>.identity(max(size.rows, size.columns))
  return square.rows(0..<size.rows).slice(axis: 1, 0..<size.columns)
}

/// Gram–Schmidt on vectors of normal numbers, in blocks of 32. They are linearly independent but for chance of measure 0.
private func orthogonalMatrix<Scalar: TensorScalar>(
  rows: Int, columns: Int, using random: inout RandomSource
) -> Tensor<Scalar> {
  let (count, length) = (min(rows, columns), max(rows, columns))
  var basis = OrthonormalBasis(length: length)
  while basis.vectors.shape[0] < count {
    basis.add(drawn([min(32, count - basis.vectors.shape[0]), length]) { random.normal() })
  }
  let matrix = Tensor(basis.vectors.scalars.map { Scalar($0) }, shape: [count, length])
  return rows <= columns ? matrix : matrix.transposed()
}
