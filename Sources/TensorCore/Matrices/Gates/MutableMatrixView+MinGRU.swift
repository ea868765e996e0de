import CSequenceKernels

/// Minimal GRU (minGRU: Feng et al., 2024), gates z, n.
///
/// Gates are [rows, 2H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// z goes from preactivation to activation, n stays; h = (1 − z)·hPrevious + z·n.
  package func applyMinGRUGates(hPrevious: MatrixView<Scalar>, h: MutableMatrixView<Scalar>) {
    requireStates(2, hPrevious, h.readOnly)
    if runGates("min_gru_gates", hidden: h.columns, .rows(self) + [.state(hPrevious), .state(h)]) { return }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.min_gru_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), hPrevious.base, h.base)
    }
  }

  /// Gradient of `applyMinGRUGates`. This view receives the gradient of the preactivations.
  ///
  /// - Parameters:
  ///   - gates: what the step left.
  ///   - dh: gradient of h on entry, of hPrevious on return.
  package func setMinGRUGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>
  ) {
    requireStates(2, hPrevious, dh.readOnly)
    requireGates(gates)
    if runGates(
      "min_gru_gates_gradient", hidden: dh.columns, .rows(gates) + [.state(hPrevious), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.min_gru_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dh.base, base, Int64(stride))
    }
  }
}
