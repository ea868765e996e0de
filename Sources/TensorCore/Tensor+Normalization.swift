import CSequenceKernels

/// The mean and the variance (divided by the count) of each of a number of rows, [rows] each: in double precision on the host,
/// in that of the rows on a device.
package enum RowMoments<Scalar: TensorScalar>: Sendable {
  case host(means: Tensor<Double>, variances: Tensor<Double>)
  case device(means: Tensor<Scalar>, variances: Tensor<Scalar>)

  /// The means times a factor, rounded once.
  package func means(times factor: Double) -> Tensor<Scalar> {
    switch self {
    case .host(let means, _): Self.rounded(means * factor)
    case .device(let means, _): means * Scalar(factor)
    }
  }

  /// The variances times a factor, and then another one, rounded once.
  package func variances(times factor: Double, _ other: Double) -> Tensor<Scalar> {
    switch self {
    case .host(_, let variances): Self.rounded((variances * factor) * other)
    case .device(_, let variances): variances * Scalar(factor * other)
    }
  }

  private static func rounded(_ numbers: Tensor<Double>) -> Tensor<Scalar> {
    Tensor(numbers.scalars.map { Scalar($0) }, shape: numbers.shape)
  }
}

extension Tensor {
  /// Every row of the last axis brought to mean 0 and variance 1: (x − mean) / √(variance + epsilon).
  ///
  /// - Precondition: the last axis is not empty.
  package func normalizedRows(epsilon: Double, team: ThreadTeam) -> (rows: Tensor, moments: RowMoments<Scalar>) {
    require(rank > 0 && shape[-1] > 0, "normalization: a tensor of shape \(shape) has no features")
    let (rows, size) = (shape.rowCount, shape[-1])
    let result = Tensor(uninitialized: shape, pool: storage.pool)
    let (x, y) = (SharedPointer(storage.base + offset), SharedPointer(result.storage.base))
    if let device = storage.device {
      let pool = storage.pool
      let (means, variances) = (Tensor(uninitialized: [rows], pool: pool), Tensor(uninitialized: [rows], pool: pool))
      device.launch(
        .normalization, "normalize_rows", of: Scalar.self, groups: rows,
        [
          .count(size), .memory(x.pointer), .real(epsilon), .memory(y.pointer), .memory(means.storage.base),
          .memory(variances.storage.base),
        ])
      withExtendedLifetime((self, result)) {}
      return (result, .device(means: means, variances: variances))
    }
    let moments = (means: Tensor<Double>.zeros([rows]), variances: Tensor<Double>.zeros([rows]))
    let (means, variances) = (SharedPointer(moments.means.storage.base), SharedPointer(moments.variances.storage.base))
    team.split(rows) { part in
      let start = part.lowerBound
      Scalar.kernels.table.pointee.normalize_rows(
        Int64(part.count), Int64(size), x.pointer + start * size, epsilon, y.pointer + start * size,
        means.pointer + start, variances.pointer + start)
    }
    withExtendedLifetime((self, result, moments)) {}
    return (result, .host(means: moments.means, variances: moments.variances))
  }

  /// Gradient with respect to the rows before normalization; this tensor holds the normalized rows, and `upstream` the gradient
  /// with respect to them.
  package func normalizedRowsGradient(
    _ upstream: Tensor, moments: RowMoments<Scalar>, epsilon: Double, team: ThreadTeam
  ) -> Tensor {
    if shape != upstream.shape { shapeFailure("normalization", shape, upstream.shape) }
    let (rows, size) = (shape.rowCount, shape[-1])
    let result = Tensor(uninitialized: shape, pool: storage.pool)
    Tensor.requireSamePlace("normalization", self, upstream)
    let (y, g) = (SharedPointer(storage.base + offset), SharedPointer(upstream.storage.base + upstream.offset))
    let variances: Tensor<Double>
    switch moments {
    case .device(_, let variances):
      storage.device?.launch(
        .normalization, "normalize_rows_gradient", of: Scalar.self, groups: rows,
        [
          .count(size), .memory(y.pointer), .memory(variances.storage.base), .real(epsilon), .memory(g.pointer),
          .memory(result.storage.base),
        ])
      withExtendedLifetime((self, upstream, result)) {}
      return result
    case .host(_, let ofRows): variances = ofRows
    }
    let (variance, out) = (SharedPointer(variances.storage.base + variances.offset), SharedPointer(result.storage.base))
    team.split(rows) { part in
      let start = part.lowerBound
      Scalar.kernels.table.pointee.normalize_rows_gradient(
        Int64(part.count), Int64(size), y.pointer + start * size, variance.pointer + start, epsilon,
        g.pointer + start * size, out.pointer + start * size)
    }
    withExtendedLifetime((self, upstream, variances, result)) {}
    return result
  }
}
