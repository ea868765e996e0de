import CSequenceKernels

/// LSTM with coupled input and forget gates, i = 1 − f (Greff et al., 2017), gates f, g, o.
///
/// Gates are [rows, 3H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// One step: c = f·cPrevious + (1 − f)·g, h = o·tanh(c).
  ///
  /// This view holds the gates: preactivations on entry, activations on return.
  package func applyCoupledLSTMGates(
    cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>
  ) {
    requireStates(3, cPrevious, c.readOnly, h.readOnly)
    if runGates("coupled_lstm_gates", hidden: h.columns, .rows(self) + [.state(cPrevious), .state(c), .state(h)]) {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.coupled_lstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, c.base, h.base)
    }
  }

  /// Gradient of `applyCoupledLSTMGates`, [rows, 3H]; see `setLSTMGradient`.
  package func setCoupledLSTMGradient(
    gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>, dh: MatrixView<Scalar>,
    dc: MutableMatrixView<Scalar>
  ) {
    requireStates(3, cPrevious, c, dh, dc.readOnly)
    requireGates(gates)
    if runGates(
      "coupled_lstm_gates_gradient", hidden: c.columns,
      .rows(gates) + [.state(cPrevious), .state(c), .state(dh), .state(dc)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.coupled_lstm_gates_gradient(
        Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), cPrevious.base, c.base, dh.base, dc.base, base,
        Int64(stride))
    }
  }
}
