import CSequenceKernels

/// Linear recurrence h[t] = a[t]·h[t − 1] + b[t], element by element, over matrices of one row a time step.
extension MutableMatrixView {
  private func requireSteps(_ matrices: MatrixView<Scalar>..., states: MatrixView<Scalar>...) {
    for other in matrices where other.rows != rows || other.columns != columns || other.stride != stride {
      shapeFailure("scan", shape, other.shape, hint: "the matrices need the same shape and stride")
    }
    for state in states where state.rows != 1 || state.columns != columns {
      shapeFailure("scan", shape, state.shape, hint: "the state is one row")
    }
  }

  /// self[t] = a[t]·self[t − 1] + b[t], with self[−1] = `initial`, [1, columns].
  package func setScan(_ a: MatrixView<Scalar>, _ b: MatrixView<Scalar>, initial: MatrixView<Scalar>) {
    requireSteps(a, b, states: initial)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.linear_scan(
        Int64(rows), Int64(columns), Int64(stride), a.base, b.base, initial.base, base)
    }
  }

  /// Gradient of `setScan`: this view receives that of a.
  ///
  /// - Parameters:
  ///   - h: the states that the scan computed.
  ///   - upstream: gradient of h from outside the recurrence; nil means zeros.
  ///   - carried: gradient of the last state from later steps on entry, of the initial state on return, [1, columns].
  ///   - db: receives the gradient of b.
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
