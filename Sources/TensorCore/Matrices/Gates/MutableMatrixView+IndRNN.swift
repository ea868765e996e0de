import CSequenceKernels

/// Independently recurrent network with ReLU (Li et al., 2018).
///
/// Gates and states are [rows, H], states without gaps; the recurrent weights u are one row, [1, H].
extension MutableMatrixView {
  /// This view, h, becomes max(gates + u·hPrevious, 0).
  package func setIndRNN(gates: MatrixView<Scalar>, u: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>) {
    requireStates(1, hPrevious, readOnly)
    requireGates(gates)
    requireRow(u)
    if runGates("indrnn_gates", hidden: columns, .rows(gates) + [.state(u), .state(hPrevious), .state(self)]) {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.indrnn_gates(
        Int64(rows), Int64(columns), gates.base, Int64(gates.stride), u.base, hPrevious.base, base)
    }
  }

  /// Gradient of `setIndRNN`. This view receives the gradient of the preactivations.
  ///
  /// - Parameters:
  ///   - h: the state that the step left.
  ///   - dh: gradient of h on entry, of hPrevious on return.
  ///   - du: receives, added, the gradient of u, each sequence's in its own row, [rows, H].
  package func setIndRNNGradient(
    u: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, h: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>,
    du: MutableMatrixView<Scalar>
  ) {
    requireStates(1, hPrevious, h, dh.readOnly, du.readOnly)
    requireRow(u)
    if runGates(
      "indrnn_gates_gradient", hidden: columns,
      [.state(u), .state(hPrevious), .state(h), .state(dh)] + .rows(self) + [.state(du)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.indrnn_gates_gradient(
        Int64(rows), Int64(columns), u.base, hPrevious.base, h.base, dh.base, base, Int64(stride), du.base)
    }
  }

  private func requireRow(_ u: MatrixView<Scalar>) {
    if u.rows != 1 || u.columns != columns { shapeFailure("recurrent weights of an IndRNN", u.shape, [1, columns]) }
  }
}
