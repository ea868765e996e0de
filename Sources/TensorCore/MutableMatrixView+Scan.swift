import CSequenceKernels

/// A linear recurrence over the rows of matrices, element by element; each matrix has as many rows as there are steps.
extension MutableMatrixView {
  private func requireSteps(_ matrices: MatrixView<Scalar>..., states: MatrixView<Scalar>...) {
    for other in matrices where other.rows != rows || other.columns != columns || other.stride != stride {
      shapeFailure("scan", shape, other.shape, hint: "the matrices need the same shape and stride")
    }
    for state in states where state.rows != 1 || state.columns != columns {
      shapeFailure("scan", shape, state.shape, hint: "the state is one row")
    }
  }

  /// Row t becomes a[t]·row(t − 1) + b[t], where `initial` stands before the first row.
  package func setScan(_ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, initial: MatrixView<Scalar>) {
    requireSteps(a, b, states: initial)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.linear_scan(
        Int64(rows), Int64(columns), Int64(stride), a.base, b.base, initial.base, base)
    }
  }

  /// This becomes ∂L/∂a, `db` ∂L/∂b, of a scan that came to `h`.
  ///
  /// - Parameters:
  ///   - upstream: ∂L/∂h but for what comes through later steps; nil means zeros.
  ///   - carried: from what comes from behind the last step to ∂L/∂initial.
  package func setScanGradient(
    _ a: MatrixView<Scalar>, initial: MatrixView<Scalar>, h: MatrixView<Scalar>, upstream: MatrixView<Scalar>?,
    carried: MutableMatrixView<Scalar>, db: MutableMatrixView<Scalar>
  ) {
    requireSteps(a, h, upstream ?? h, db.readOnly, states: initial, carried.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.linear_scan_gradient(
        Int64(rows), Int64(columns), Int64(stride), a.base, initial.base, h.base, upstream?.base, carried.base, base,
        db.base)
    }
  }
}
