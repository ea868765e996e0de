import CSequenceKernels

/// LSTM whose output reads the cell state through a layer normalization (Ba et al., 2016), gates i, f, g, o.
///
/// Gates are [rows, 4H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// One step: c = f·cPrevious + i·g, h = o·tanh(LN(c)).
  ///
  /// This view holds the gates: preactivations on entry, activations on return.
  package func applyNormalizedLSTMGates(
    cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>,
    norm: LayerNormView<Scalar>
  ) {
    requireStates(4, cPrevious, c.readOnly, h.readOnly, norm.normalized.readOnly)
    if runGates("lstm_cell", hidden: h.columns, .rows(self) + [.state(cPrevious), .state(c)]) {
      h.setLayerNorm(c.readOnly, norm)
      _ = h.runGates("normalized_lstm_output", hidden: h.columns, .rows(self) + [.state(h)])
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.normalized_lstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, norm.epsilon, norm.gain.base,
        norm.bias.base, c.base, norm.normalized.base, norm.scales.base, Int64(norm.scales.stride), h.base)
    }
  }

  /// Gradient of `applyNormalizedLSTMGates`; see `setLSTMGradient`.
  ///
  /// - Parameters:
  ///   - dh: gradient of h on entry, zeros on return.
  ///   - sums: receive, added, the gradients of gain and bias of each sequence in its own row.
  package func setNormalizedLSTMGradient(
    gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>,
    dc: MutableMatrixView<Scalar>, norm: LayerNormView<Scalar>,
    sums: LayerNormSums<Scalar>
  ) {
    requireStates(4, cPrevious, dh.readOnly, dc.readOnly, norm.normalized.readOnly)
    norm.requireRows(of: sums.gain.readOnly)
    requireGates(gates)
    let (hidden, normalized) = (dh.columns, norm.normalized)
    if runGates(
      "normalized_lstm_output_gradient", hidden: hidden,
      .rows(gates) + [.state(normalized), .state(norm.gain), .state(norm.bias), .state(dh)] + .rows(self))
    {
      dh.setLayerNormGradient(dh.readOnly, norm, sums: sums)
      _ = runGates(
        "normalized_lstm_cell_gradient", hidden: hidden,
        .rows(gates) + [.state(cPrevious), .state(dh), .state(dc)] + .rows(self))
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.normalized_lstm_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), cPrevious.base, norm.gain.base,
        norm.bias.base, norm.normalized.base, norm.scales.base, Int64(norm.scales.stride), dh.base, dc.base, base,
        Int64(stride), sums.gain.base, sums.bias.base, Int64(sums.gain.stride))
    }
  }
}
