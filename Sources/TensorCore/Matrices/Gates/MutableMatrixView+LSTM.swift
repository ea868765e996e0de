import CSequenceKernels

/// Long short-term memory (Hochreiter and Schmidhuber, 1997), gates i, f, g, o.
///
/// Gates are [rows, 4H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// One LSTM step: c = f·cPrevious + i·g, h = o·tanh(c).
  ///
  /// This view holds the gates: preactivations on entry, activations on return.
  ///
  /// - Parameter hardSlope: slope of gates that are hard sigmoids, min(1, max(0, slope·x + ½)); nil for sigmoids.
  package func applyLSTMGates(
    hardSlope: Double?, cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c.readOnly, h.readOnly)
    if runGates(
      "lstm_gates", hidden: h.columns,
      [.real(hardSlope ?? 0)] + .rows(self) + [.state(cPrevious), .state(c), .state(h)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_lstm_gates(
          Int64(rows), Int64(h.columns), hardSlope, base, Int64(stride), cPrevious.base, c.base, h.base)
      } else {
        Scalar.kernels.table.pointee.lstm_gates(
          Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, c.base, h.base)
      }
    }
  }

  /// Gradient of `applyLSTMGates`. This view receives the gradient of the preactivations, [rows, 4H].
  ///
  /// - Parameters:
  ///   - hardSlope: as for `applyLSTMGates`.
  ///   - gates: the activations that the step left.
  ///   - dh: gradient of h.
  ///   - dc: gradient of c from the next step on entry, of cPrevious on return.
  package func setLSTMGradient(
    hardSlope: Double?, gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>,
    dh: MatrixView<Scalar>, dc: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c, dh, dc.readOnly)
    requireGates(gates)
    if runGates(
      "lstm_gates_gradient", hidden: c.columns,
      [.real(hardSlope ?? 0)] + .rows(gates) + [.state(cPrevious), .state(c), .state(dh), .state(dc)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_lstm_gates_gradient(
          Int64(rows), Int64(c.columns), hardSlope, gates.base, Int64(gates.stride), cPrevious.base, c.base, dh.base,
          dc.base, base, Int64(stride))
      } else {
        Scalar.kernels.table.pointee.lstm_gates_gradient(
          Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), cPrevious.base, c.base, dh.base, dc.base,
          base, Int64(stride))
      }
    }
  }
}
