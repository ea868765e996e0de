import CSequenceKernels

/// Convex combinations of two matrices, element by element.
extension MutableMatrixView {
  private func requireSameLayout(_ matrices: MatrixView<Scalar>...) {
    require(isContiguous, "mixture: there are gaps between the rows")
    for other in matrices {
      if other.rows != rows || other.columns != columns { shapeFailure("mixture", shape, other.shape) }
      require(other.isContiguous, "mixture: there are gaps between the rows")
    }
  }

  /// self = share·x + (1 − share)·y.
  package func setMixture(_ share: MatrixView<Scalar>, of x: MatrixView<Scalar>, and y: MatrixView<Scalar>) {
    requireSameLayout(share, x, y)
    if let device = OpenCLDevice.at(base) {
      return device.map(
        .elementwise, "mixture", of: Scalar.self, count: rows * columns,
        [.memory(share.base), .memory(x.base), .memory(y.base), .memory(base)])
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mix(Int64(rows * columns), share.base, x.base, y.base, base)
    }
  }

  /// rest = (1 − share)·self and self = share·self: from the gradient of a mixture to those of its parts.
  package func divide(into share: MatrixView<Scalar>, rest: MutableMatrixView<Scalar>) {
    requireSameLayout(share, rest.readOnly)
    if let device = OpenCLDevice.at(base) {
      return device.map(
        .elementwise, "mixture_gradient", of: Scalar.self, count: rows * columns,
        [.memory(share.base), .memory(base), .memory(rest.base)])
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mix_gradient(Int64(rows * columns), share.base, base, rest.base)
    }
  }
}
