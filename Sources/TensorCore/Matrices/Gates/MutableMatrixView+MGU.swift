import CSequenceKernels

/// Minimal gated unit (Zhou et al., 2016), gates f, n.
///
/// Gates are [rows, 2H]; states are [rows, H] without gaps. The candidate's product with f·h stands between the halves.
extension MutableMatrixView {
  /// First half of a step: f goes from preactivation to activation; keptHidden = f·hPrevious.
  package func applyMGUForgetGate(hPrevious: MatrixView<Scalar>, keptHidden: MutableMatrixView<Scalar>) {
    requireStates(2, hPrevious, keptHidden.readOnly)
    if runGates("mgu_forget", hidden: hPrevious.columns, .rows(self) + [.state(hPrevious), .state(keptHidden)]) {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mgu_forget(
        Int64(rows), Int64(hPrevious.columns), base, Int64(stride), hPrevious.base, keptHidden.base)
    }
  }

  /// Second half of a step: n goes from preactivation to activation; h = (1 − f)·hPrevious + f·n.
  package func applyMGUCandidate(hPrevious: MatrixView<Scalar>, h: MutableMatrixView<Scalar>) {
    requireStates(2, hPrevious, h.readOnly)
    if runGates("mgu_candidate", hidden: h.columns, .rows(self) + [.state(hPrevious), .state(h)]) { return }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mgu_candidate(
        Int64(rows), Int64(h.columns), base, Int64(stride), hPrevious.base, h.base)
    }
  }

  /// Gradient of `applyMGUCandidate`. The n columns of this view receive the gradient of the preactivations, the f columns
  /// the gradient of f so far, which `setMGUForgetGradient` completes.
  ///
  /// - Parameters:
  ///   - gates: the activations that the step left.
  ///   - dh: gradient of h on entry, (1 − f)·dh on return.
  package func setMGUCandidateGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>
  ) {
    requireStates(2, hPrevious, dh.readOnly)
    requireGates(gates)
    if runGates(
      "mgu_candidate_gradient", hidden: dh.columns, .rows(gates) + [.state(hPrevious), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mgu_candidate_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dh.base, base, Int64(stride))
    }
  }

  /// Gradient of `applyMGUForgetGate`. The f columns of this view go from the gradient of f so far to that of its
  /// preactivations.
  ///
  /// - Parameters:
  ///   - gates: the activations that the step left.
  ///   - dKeptHidden: gradient of keptHidden.
  ///   - dh: receives, added, f·dKeptHidden.
  package func setMGUForgetGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dKeptHidden: MatrixView<Scalar>,
    dh: MutableMatrixView<Scalar>
  ) {
    requireStates(2, hPrevious, dKeptHidden, dh.readOnly)
    requireGates(gates)
    if runGates(
      "mgu_forget_gradient", hidden: dh.columns,
      .rows(gates) + [.state(hPrevious), .state(dKeptHidden), .state(dh)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.mgu_forget_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dKeptHidden.base, dh.base,
        base, Int64(stride))
    }
  }
}
