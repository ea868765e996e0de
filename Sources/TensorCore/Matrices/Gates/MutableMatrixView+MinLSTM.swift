import CSequenceKernels

/// Minimal LSTM (minLSTM: Feng et al., 2024), gates i, f, g.
///
/// Gates are [rows, 3H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// h = kept·hPrevious + (1 − kept)·g with kept = σ(f) / (σ(i) + σ(f)). i and f go from preactivations to the derivatives
  /// of `kept` with respect to them, g stays.
  package func applyMinLSTMGates(
    hPrevious: MatrixView<Scalar>, kept: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, kept.readOnly, h.readOnly)
    if runGates("min_lstm_gates", hidden: h.columns, .rows(self) + [.state(hPrevious), .state(kept), .state(h)]) {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.min_lstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), hPrevious.base, kept.base, h.base)
    }
  }

  /// Gradient of `applyMinLSTMGates`. This view receives the gradient of the preactivations.
  ///
  /// - Parameters:
  ///   - gates: what the step left.
  ///   - dh: gradient of h on entry, of hPrevious on return.
  package func setMinLSTMGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, kept: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, kept, dh.readOnly)
    requireGates(gates)
    if runGates(
      "min_lstm_gates_gradient", hidden: dh.columns,
      .rows(gates) + [.state(hPrevious), .state(kept), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.min_lstm_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, kept.base, dh.base, base,
        Int64(stride))
    }
  }
}
