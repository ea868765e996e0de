import CSequenceKernels

/// Gated recurrent unit that resets the hidden state before the product (Cho et al., 2014), gates r, z, n.
///
/// Gates are [rows, 3H]; states are [rows, H] without gaps. The candidate's product with r·h stands between the halves.
extension MutableMatrixView {
  /// First half of a step: r and z go from preactivations to activations; resetHidden = r·hPrevious.
  ///
  /// - Parameter hardSlope: slope of gates that are hard sigmoids, min(1, max(0, slope·x + ½)); nil for sigmoids.
  package func applyGRUReset(
    hardSlope: Double?, hPrevious: MatrixView<Scalar>, resetHidden: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, resetHidden.readOnly)
    if runGates(
      "reset_before_gru_gates", hidden: hPrevious.columns,
      [.real(hardSlope ?? 0)] + .rows(self) + [.state(hPrevious), .state(resetHidden)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_reset_before_gru_gates(
          Int64(rows), Int64(hPrevious.columns), hardSlope, base, Int64(stride), hPrevious.base, resetHidden.base)
      } else {
        Scalar.kernels.table.pointee.reset_before_gru_gates(
          Int64(rows), Int64(hPrevious.columns), base, Int64(stride), hPrevious.base, resetHidden.base)
      }
    }
  }

  /// Second half of a step: n goes from preactivation to activation; h = (1 − z)·n + z·hPrevious.
  package func applyGRUCandidate(hPrevious: MatrixView<Scalar>, h: MutableMatrixView<Scalar>) {
    requireStates(3, hPrevious, h.readOnly)
    if runGates("reset_before_gru_candidate", hidden: h.columns, .rows(self) + [.state(hPrevious), .state(h)]) {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.reset_before_gru_candidate(
        Int64(rows), Int64(h.columns), base, Int64(stride), hPrevious.base, h.base)
    }
  }

  /// Gradient of `applyGRUCandidate`. The z and n columns of this view receive the gradients of the preactivations.
  ///
  /// - Parameters:
  ///   - hardSlope: as for `applyGRUReset`.
  ///   - gates: the activations that the step left.
  ///   - dh: gradient of h on entry, z·dh on return.
  package func setGRUCandidateGradient(
    hardSlope: Double?, gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dh.readOnly)
    requireGates(gates)
    if runGates(
      "reset_before_gru_candidate_gradient", hidden: dh.columns,
      [.real(hardSlope ?? 0)] + .rows(gates) + [.state(hPrevious), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_reset_before_gru_candidate_gradient(
          Int64(rows), Int64(dh.columns), hardSlope, gates.base, Int64(gates.stride), hPrevious.base, dh.base, base,
          Int64(stride))
      } else {
        Scalar.kernels.table.pointee.reset_before_gru_candidate_gradient(
          Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dh.base, base,
          Int64(stride))
      }
    }
  }

  /// Gradient of `applyGRUReset`. The r columns of this view receive the gradient of the preactivations.
  ///
  /// - Parameters:
  ///   - hardSlope: as for `applyGRUReset`.
  ///   - gates: the activations that the step left.
  ///   - dResetHidden: gradient of resetHidden.
  ///   - dh: receives, added, r·dResetHidden.
  package func setGRUResetGradient(
    hardSlope: Double?, gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dResetHidden: MatrixView<Scalar>,
    dh: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dResetHidden, dh.readOnly)
    requireGates(gates)
    if runGates(
      "reset_before_gru_gates_gradient", hidden: dh.columns,
      [.real(hardSlope ?? 0)] + .rows(gates) + [.state(hPrevious), .state(dResetHidden), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      if let hardSlope {
        Scalar.kernels.table.pointee.hard_reset_before_gru_gates_gradient(
          Int64(rows), Int64(dh.columns), hardSlope, gates.base, Int64(gates.stride), hPrevious.base,
          dResetHidden.base, dh.base, base, Int64(stride))
      } else {
        Scalar.kernels.table.pointee.reset_before_gru_gates_gradient(
          Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dResetHidden.base, dh.base,
          base, Int64(stride))
      }
    }
  }
}
