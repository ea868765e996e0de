import CSequenceKernels

/// The pointwise part of one time step of each gated cell, for some rows (sequences) of a batch.
///
/// H is the hidden size; states are [rows, H] without gaps between rows, gates [rows, gates · H]. Formulas and gate orders are
/// those of PyTorch's documentation of `nn.LSTM`, `nn.GRU` and `nn.RNN`.
extension MutableMatrixView {
  func requireStates(_ gates: Int, _ states: MatrixView<Scalar>...) {
    for state in states where state.rows != rows || state.columns * gates != columns || !state.isContiguous {
      shapeFailure("recurrent gates", shape, state.shape, hint: "\(gates) gates need a state of 1/\(gates) the width")
    }
  }

  /// These gates (i, f, g, o) go from preactivations to activations; c = f·cPrevious + i·g, h = o·tanh(c).
  package func applyLSTMGates(cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>)
  {
    requireStates(4, cPrevious, c.readOnly, h.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, c.base, h.base)
    }
  }

  /// This becomes ∂L/∂preactivations; dc goes from ∂L/∂c (by way of the next step) to ∂L/∂cPrevious.
  package func setLSTMGradient(
    gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>, dh: MatrixView<Scalar>,
    dc: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c, dh, dc.readOnly)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_gates_gradient(
        Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), cPrevious.base, c.base, dh.base, dc.base, base,
        Int64(stride))
    }
  }

  /// As `applyLSTMGates`, with gates that see the cell state: i and f the one before through the first two parts of the row
  /// `peepholes`, o the new one through the third.
  package func applyPeepholeLSTMGates(
    peepholes: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>,
    h: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c.readOnly, h.readOnly)
    requirePeepholes(peepholes, rows: 1, hidden: h.columns)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_peephole_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), peepholes.base, cPrevious.base, c.base, h.base)
    }
  }

  /// As `setLSTMGradient`; ∂L/∂peepholes is added to `dPeepholes`, [rows, 3 · H], each sequence's to its own row.
  package func setPeepholeLSTMGradient(
    gates: MatrixView<Scalar>, peepholes: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>,
    dh: MatrixView<Scalar>, dc: MutableMatrixView<Scalar>,
    dPeepholes: MutableMatrixView<Scalar>
  ) {
    requireStates(4, cPrevious, c, dh, dc.readOnly)
    requirePeepholes(peepholes, rows: 1, hidden: c.columns)
    requirePeepholes(dPeepholes.readOnly, rows: rows, hidden: c.columns)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_peephole_gates_gradient(
        Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), peepholes.base, cPrevious.base, c.base, dh.base,
        dc.base, base, Int64(stride), dPeepholes.base)
    }
  }

  private func requirePeepholes(_ peepholes: MatrixView<Scalar>, rows: Int, hidden: Int) {
    if peepholes.rows != rows || peepholes.columns != 3 * hidden || !peepholes.isContiguous {
      shapeFailure("peepholes", peepholes.shape, [rows, 3 * hidden])
    }
  }

  /// These gates (f, g, o) go from preactivations to activations; c = f·cPrevious + (1 − f)·g, h = o·tanh(c).
  package func applyCoupledLSTMGates(
    cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>
  ) {
    requireStates(3, cPrevious, c.readOnly, h.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_coupled_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, c.base, h.base)
    }
  }

  /// As `setLSTMGradient`, for coupled gates.
  package func setCoupledLSTMGradient(
    gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, c: MatrixView<Scalar>, dh: MatrixView<Scalar>,
    dc: MutableMatrixView<Scalar>
  ) {
    requireStates(3, cPrevious, c, dh, dc.readOnly)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_coupled_gates_gradient(
        Int64(rows), Int64(c.columns), gates.base, Int64(gates.stride), cPrevious.base, c.base, dh.base, dc.base, base,
        Int64(stride))
    }
  }

  /// These gates (r, z, n) go from the input's preactivations to activations; `recurrent` holds those of the hidden state.
  /// h = (1 − z)·n + z·hPrevious with n = tanh(input + r·recurrent).
  package func applyGRUGates(recurrent: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, h: MutableMatrixView<Scalar>)
  {
    requireStates(3, hPrevious, h.readOnly)
    require(recurrent.rows == rows && recurrent.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), recurrent.base, Int64(recurrent.stride), hPrevious.base,
        h.base)
    }
  }

  /// This becomes the gradient of the input's preactivations, `dRecurrent` that of the hidden state's; dh goes from ∂L/∂h to
  /// the part of ∂L/∂hPrevious that does not pass through the recurrent weights.
  package func setGRUGradient(
    gates: MatrixView<Scalar>, recurrent: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>,
    dh: MutableMatrixView<Scalar>, dRecurrent: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dh.readOnly)
    require(
      [gates, recurrent, dRecurrent.readOnly].allSatisfy { $0.rows == rows && $0.columns == columns },
      "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), recurrent.base, Int64(recurrent.stride),
        hPrevious.base, dh.base, base, Int64(stride), dRecurrent.base, Int64(dRecurrent.stride))
    }
  }

  /// Of these gates (r, z, n) r and z go from preactivations to activations; resetHidden = r·hPrevious.
  package func applyGRUReset(hPrevious: MatrixView<Scalar>, resetHidden: MutableMatrixView<Scalar>) {
    requireStates(3, hPrevious, resetHidden.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_reset_gates(
        Int64(rows), Int64(hPrevious.columns), base, Int64(stride), hPrevious.base, resetHidden.base)
    }
  }

  /// Of these gates n goes from preactivation to activation, r and z being there; h = (1 − z)·n + z·hPrevious.
  package func applyGRUCandidate(hPrevious: MatrixView<Scalar>, h: MutableMatrixView<Scalar>) {
    requireStates(3, hPrevious, h.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_candidate(
        Int64(rows), Int64(h.columns), base, Int64(stride), hPrevious.base, h.base)
    }
  }

  /// Of this z and n become ∂L/∂preactivations; dh goes from ∂L/∂h to z·∂L/∂h.
  package func setGRUCandidateGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dh.readOnly)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_candidate_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dh.base, base, Int64(stride))
    }
  }

  /// Of this r becomes ∂L/∂preactivations; r·∂L/∂resetHidden is added to dh.
  package func setGRUResetGradient(
    gates: MatrixView<Scalar>, hPrevious: MatrixView<Scalar>, dResetHidden: MatrixView<Scalar>,
    dh: MutableMatrixView<Scalar>
  ) {
    requireStates(3, hPrevious, dResetHidden, dh.readOnly)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.gru_reset_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), hPrevious.base, dResetHidden.base, dh.base,
        base, Int64(stride))
    }
  }

  /// These become f of others, f a function of single elements.
  package func set(_ f: ActivationFunction, of other: MatrixView<Scalar>) {
    require(other.rows == rows && other.columns == columns, "set: sizes differ")
    let kernel = f.kernel
    WorkProfile.account(for: .gates) {
      for row in 0..<rows {
        Scalar.kernels.table.pointee.activation(
          kernel.function, kernel.parameter, Int64(columns), other.base + row * other.stride, base + row * stride)
      }
    }
  }

  /// This becomes upstream · f', with f' computed from what the forward pass kept: see `ActivationFunction.keepsOutput`.
  package func setActivationGradient(_ f: ActivationFunction, kept: MatrixView<Scalar>, upstream: MatrixView<Scalar>) {
    require(
      [kept, upstream].allSatisfy { $0.rows == rows && $0.columns == columns }, "setActivationGradient: sizes differ")
    let kernel = f.kernel
    WorkProfile.account(for: .gates) {
      for row in 0..<rows {
        Scalar.kernels.table.pointee.activation_gradient(
          kernel.function, kernel.parameter, Int64(columns), kept.base + row * kept.stride,
          upstream.base + row * upstream.stride, base + row * stride)
      }
    }
  }
}
