import CSequenceKernels

/// LSTM whose gates read the cell state (Gers, Schraudolph and Schmidhuber, 2002), gates i, f, g, o.
///
/// Gates are [rows, 4H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// One step: i and f read cPrevious, o reads c; then as `applyLSTMGates`.
  ///
  /// - Parameter peepholes: the diagonal weights of i, f and o side by side, [1, 3H].
  package func applyPeepholeLSTMGates(
    peepholes: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>,
    h: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c.readOnly, h.readOnly)
    requirePeepholes(peepholes, rows: 1, hidden: h.columns)
    if runGates(
      "peephole_lstm_gates", hidden: h.columns,
      .rows(self) + [.state(peepholes), .state(cPrevious), .state(c), .state(h)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.peephole_lstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), peepholes.base, cPrevious.base, c.base, h.base)
    }
  }

  /// Gradient of `applyPeepholeLSTMGates`; see `setLSTMGradient`.
  ///
  /// - Parameter dPeepholes: receives, added, the gradient of the peepholes of each sequence in its own row, [rows, 3H].
  package func setPeepholeLSTMGradient(
    gates: MatrixView<Scalar>, peepholes: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>,
    dh: MatrixView<Scalar>, dc: MutableMatrixView<Scalar>,
    dPeepholes: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c, dh, dc.readOnly)
    requirePeepholes(peepholes, rows: 1, hidden: c.columns)
    requirePeepholes(dPeepholes.readOnly, rows: rows, hidden: c.columns)
    requireGates(gates)
    if runGates(
      "peephole_lstm_gates_gradient", hidden: c.columns,
      .rows(gates) + [.state(peepholes), .state(cPrevious), .state(c), .state(dh), .state(dc)] + .rows(self)
        + [.state(dPeepholes)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.peephole_lstm_gates_gradient(
        Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), peepholes.base, cPrevious.base, c.base, dh.base,
        dc.base, base, Int64(stride), dPeepholes.base)
    }
  }

  private func requirePeepholes(_ peepholes: MatrixView<Scalar>, rows: Int, hidden: Int) {
    if peepholes.rows != rows || peepholes.columns != 3 * hidden || !peepholes.isContiguous {
      shapeFailure("peepholes", peepholes.shape, [rows, 3 * hidden])
    }
  }
}
