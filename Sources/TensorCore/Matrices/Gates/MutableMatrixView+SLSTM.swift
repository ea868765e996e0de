import CSequenceKernels

/// sLSTM (Beck et al., 2024), gates i, f, z, o.
///
/// Gates are [rows, 4H]; states are [rows, H] without gaps: the cell c, the normalizer n and the stabilizer m beside h.
extension MutableMatrixView {
  /// One step: the gates go from preactivations to the stabilized exponential gates i and f, z = tanh(·) and o = σ(·);
  /// c = f·cPrevious + i·z, n = f·nPrevious + i, h = o·c/n.
  ///
  /// - Parameter forgetSigmoid: receives σ of the forget gate's preactivation, which the gradient needs.
  package func applySLSTMGates(
    previous: (c: MatrixView<Scalar>, n: MatrixView<Scalar>, m: MatrixView<Scalar>), c: MutableMatrixView<Scalar>,
    n: MutableMatrixView<Scalar>, m: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>,
    forgetSigmoid: MutableMatrixView<Scalar>
  ) {
    requireStates(4, previous.c, previous.n, previous.m)
    requireStates(4, c.readOnly, n.readOnly, m.readOnly, h.readOnly)
    requireStates(4, forgetSigmoid.readOnly)
    let states = [previous.c, previous.n, previous.m].map { KernelArgument.state($0) }
    if runGates(
      "slstm_gates", hidden: h.columns,
      .rows(self) + states + [.state(c), .state(n), .state(m), .state(h), .state(forgetSigmoid)])
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.slstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), previous.c.base, previous.n.base, previous.m.base, c.base,
        n.base, m.base, h.base, forgetSigmoid.base)
    }
  }

  /// Gradient of `applySLSTMGates`. This view receives the gradients of the preactivations.
  ///
  /// - Parameters:
  ///   - gates: the activations that the step left.
  ///   - dh: gradient of h.
  ///   - dc: gradient of c on entry, of cPrevious on return; dn and dm likewise.
  package func setSLSTMGradient(
    gates: MatrixView<Scalar>, previous: (c: MatrixView<Scalar>, n: MatrixView<Scalar>), c: MatrixView<Scalar>,
    n: MatrixView<Scalar>, forgetSigmoid: MatrixView<Scalar>, dh: MatrixView<Scalar>, dc: MutableMatrixView<Scalar>,
    dn: MutableMatrixView<Scalar>, dm: MutableMatrixView<Scalar>
  ) {
    requireStates(4, previous.c, previous.n, c, n)
    requireStates(4, forgetSigmoid, dh)
    requireStates(4, dc.readOnly, dn.readOnly, dm.readOnly)
    requireGates(gates)
    let states = [previous.c, previous.n, c, n, forgetSigmoid, dh].map { KernelArgument.state($0) }
    if runGates(
      "slstm_gates_gradient", hidden: dh.columns,
      .rows(gates) + states + [.state(dc), .state(dn), .state(dm)] + .rows(self))
    {
      return
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.slstm_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), previous.c.base, previous.n.base, c.base,
        n.base, forgetSigmoid.base, dh.base, dc.base, dn.base, dm.base, base, Int64(stride))
    }
  }
}
