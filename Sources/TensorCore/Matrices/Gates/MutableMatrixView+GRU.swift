import CSequenceKernels

/// Gated recurrent unit that resets after the product, as PyTorch's (Cho et al., 2014), gates r, z, n.
///
/// Gates are [rows, 3H]; states are [rows, H] without gaps.
extension MutableMatrixView {
  /// One step: n = tanh(n + r·recurrent n), h = (1 − z)·n + z·hPrevious, where r and z are sigmoids of both parts' sums.
  ///
  /// This view holds the gates: the input's preactivations on entry, the activations r, z, n on return.
  ///
  /// - Parameters:
  ///   - hardSlope: slope of gates that are hard sigmoids, min(1, max(0, slope·x + ½)); nil for sigmoids.
  ///   - recurrent: the hidden state's preactivations, [rows, 3H].
  package func applyGRUGates(
    hardSlope: Double? = nil, recurrent: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>,
    h: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, h.readOnly)
    requireGates(recurrent)
    if runGates(
      "gru_gates", hidden: h.columns,
      [.real(hardSlope ?? 0)] + .rows(self) + .rows(recurrent) + [.state(hPrevious), .state(h)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_gru_gates(
          Int64(rows), Int64(h.columns), hardSlope, base, Int64(stride), recurrent.base, Int64(recurrent.stride),
          hPrevious.base, h.base)
      } else {
        Scalar.kernels.table.pointee.gru_gates(
          Int64(rows), Int64(h.columns), base, Int64(stride), recurrent.base, Int64(recurrent.stride), hPrevious.base,
          h.base)
      }
    }
  }

  /// Gradient of `applyGRUGates`. This view receives the gradient of the input's preactivations, [rows, 3H].
  ///
  /// - Parameters:
  ///   - hardSlope: as for `applyGRUGates`.
  ///   - gates: the activations that the step left.
  ///   - dh: gradient of h on entry; on return, the part of the gradient of hPrevious that bypasses the recurrent weights.
  ///   - dRecurrent: receives the gradient of `recurrent`.
  package func setGRUGradient(
    hardSlope: Double? = nil, gates: MatrixView<Scalar>, recurrent: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>,
    dh: MutableMatrixView<Scalar>, dRecurrent: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dh.readOnly)
    requireGates(gates)
    requireGates(recurrent)
    requireGates(dRecurrent.readOnly)
    if runGates(
      "gru_gates_gradient", hidden: dh.columns,
      [.real(hardSlope ?? 0)] + .rows(gates) + .rows(recurrent) + [.state(hPrevious), .state(dh)] + .rows(self)
        + .rows(dRecurrent))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_gru_gates_gradient(
          Int64(rows), Int64(dh.columns), hardSlope, gates.base, Int64(gates.stride), recurrent.base,
          Int64(recurrent.stride), hPrevious.base, dh.base, base, Int64(stride), dRecurrent.base,
          Int64(dRecurrent.stride))
      } else {
        Scalar.kernels.table.pointee.gru_gates_gradient(
          Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), recurrent.base, Int64(recurrent.stride),
          hPrevious.base, dh.base, base, Int64(stride), dRecurrent.base, Int64(dRecurrent.stride))
      }
    }
  }
}
