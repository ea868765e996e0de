import CSequenceKernels

/// The mean and the variance (divided by the count) of each of a number of rows: [rows] each.
package struct RowMoments: Sendable {
  package let means: Tensor<Double>
  package let variances: Tensor<Double>
}

extension Tensor {
  /// Every row of the last axis brought to mean 0 and variance 1: (x − mean) / √(variance + epsilon).
  ///
  /// - Precondition: the last axis is not empty.
  package func normalizedRows(epsilon: Double, team: ThreadTeam) -> (rows: Tensor, moments: RowMoments) {
    require(rank > 0 && shape[-1] > 0, "normalization: a tensor of shape \(shape) has no features")
    let (rows, size) = (shape.rowCount, shape[-1])
    let result = Tensor(uninitialized: shape, pool: storage.pool)
    let moments = RowMoments(means: .zeros([rows]), variances: .zeros([rows]))
    let (x, y) = (SharedPointer(storage.base + offset), SharedPointer(result.storage.base))
    let (means, variances) = (SharedPointer(moments.means.storage.base), SharedPointer(moments.variances.storage.base))
    team.split(rows) { part in
      let start = part.lowerBound
      Scalar.kernels.table.pointee.normalize_rows(
        Int64(part.count), Int64(size), x.pointer + start * size, epsilon, y.pointer + start * size,
        means.pointer + start, variances.pointer + start)
    }
    withExtendedLifetime((self, result, moments)) {}
    return (result, moments)
  }

  /// Gradient with respect to the rows before normalization; this tensor holds the normalized rows, and `upstream` the gradient
  /// with respect to them.
  package func normalizedRowsGradient(
    _ upstream: Tensor, variances: Tensor<Double>, epsilon: Double, team: ThreadTeam
  ) -> Tensor {
    if shape != upstream.shape { shapeFailure("normalization", shape, upstream.shape) }
    let (rows, size) = (shape.rowCount, shape[-1])
    let result = Tensor(uninitialized: shape, pool: storage.pool)
    let (y, g) = (SharedPointer(storage.base + offset), SharedPointer(upstream.storage.base + upstream.offset))
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
