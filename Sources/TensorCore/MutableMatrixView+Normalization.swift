import CSequenceKernels

/// A layer normalization of rows of n elements, y = x̂·gain + bias, and what it keeps of each for the way back.
package struct LayerNormView<Scalar: TensorScalar> {
  package let gain, bias: MatrixView<Scalar>
  package let epsilon: Double
  /// x̂, the rows brought to mean 0 and variance 1, [rows, n].
  package let normalized: MutableMatrixView<Scalar>
  /// What each row was scaled by, 1 / √(variance + epsilon), [rows, 1].
  package let scales: MutableMatrixView<Scalar>

  /// - Parameter gain: [1, n], as `bias`.
  package init(
    gain: MatrixView<Scalar>, bias: MatrixView<Scalar>, epsilon: Double, normalized: MutableMatrixView<Scalar>,
    scales: MutableMatrixView<Scalar>
  ) {
    require(
      gain.rows == 1 && bias.rows == 1 && gain.columns == normalized.columns && bias.columns == normalized.columns
        && scales.rows == normalized.rows && scales.columns == 1,
      "layer normalization: each column has one gain and one bias, each row one scale")
    (self.gain, self.bias, self.epsilon, self.normalized, self.scales) = (gain, bias, epsilon, normalized, scales)
  }

  package func rows(_ range: Range<Int>) -> LayerNormView {
    LayerNormView(
      gain: gain, bias: bias, epsilon: epsilon, normalized: normalized.rows(range), scales: scales.rows(range))
  }

  fileprivate func requireRows(of matrices: MatrixView<Scalar>...) {
    for matrix in matrices where matrix.rows != normalized.rows || matrix.columns != normalized.columns {
      shapeFailure("layer normalization", matrix.shape, normalized.shape)
    }
  }
}

/// ∂L/∂gain and ∂L/∂bias of a layer normalization, each row's apart, [rows, n] each and one stride: to be added to.
package struct LayerNormSums<Scalar: TensorScalar> {
  let gain, bias: MutableMatrixView<Scalar>

  package init(gain: MutableMatrixView<Scalar>, bias: MutableMatrixView<Scalar>) {
    if gain.rows != bias.rows || gain.columns != bias.columns || gain.stride != bias.stride {
      shapeFailure("layer normalization", gain.shape, bias.shape, hint: "both sums have the same rows")
    }
    (self.gain, self.bias) = (gain, bias)
  }
}

extension MutableMatrixView {
  /// This becomes the layer normalization of the rows of x, or has it added.
  ///
  /// x may be this, or what the normalization keeps.
  package func setLayerNorm(_ x: MatrixView<Scalar>, _ norm: LayerNormView<Scalar>, adding: Bool = false) {
    norm.requireRows(of: readOnly, x)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.layer_norm(
        Int64(rows), Int64(columns), x.base, Int64(x.stride), norm.epsilon, norm.gain.base, norm.bias.base,
        norm.normalized.base, Int64(norm.normalized.stride), norm.scales.base, Int64(norm.scales.stride), adding, base,
        Int64(stride))
    }
  }

  /// This becomes the gradient of the rows that were normalized, from that of what they became, which may be this.
  package func setLayerNormGradient(
    _ upstream: MatrixView<Scalar>, _ norm: LayerNormView<Scalar>, sums: LayerNormSums<Scalar>
  ) {
    norm.requireRows(of: readOnly, upstream, sums.gain.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.layer_norm_gradient(
        Int64(rows), Int64(columns), norm.normalized.base, Int64(norm.normalized.stride), norm.scales.base,
        Int64(norm.scales.stride), norm.gain.base, upstream.base, Int64(upstream.stride), base, Int64(stride),
        sums.gain.base, sums.bias.base, Int64(sums.gain.stride))
    }
  }

  /// As `applyLSTMGates`, with h = o·tanh(the layer normalization of c).
  package func applyNormalizedLSTMGates(
    cPrevious: MatrixView<Scalar>, c: MutableMatrixView<Scalar>, h: MutableMatrixView<Scalar>,
    norm: LayerNormView<Scalar>
  ) {
    requireStates(4, cPrevious, c.readOnly, h.readOnly, norm.normalized.readOnly)
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_normalized_gates(
        Int64(rows), Int64(h.columns), base, Int64(stride), cPrevious.base, norm.epsilon, norm.gain.base,
        norm.bias.base, c.base, norm.normalized.base, norm.scales.base, Int64(norm.scales.stride), h.base)
    }
  }

  /// As `setLSTMGradient`; dh goes from ∂L/∂h to zeros.
  package func setNormalizedLSTMGradient(
    gates: MatrixView<Scalar>, cPrevious: MatrixView<Scalar>, dh: MutableMatrixView<Scalar>,
    dc: MutableMatrixView<Scalar>, norm: LayerNormView<Scalar>,
    sums: LayerNormSums<Scalar>
  ) {
    requireStates(4, cPrevious, dh.readOnly, dc.readOnly, norm.normalized.readOnly)
    norm.requireRows(of: sums.gain.readOnly)
    require(gates.rows == rows && gates.columns == columns, "recurrent gates: sizes differ")
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.lstm_normalized_gates_gradient(
        Int64(rows), Int64(dh.columns), gates.base, Int64(gates.stride), cPrevious.base, norm.gain.base,
        norm.bias.base, norm.normalized.base, norm.scales.base, Int64(norm.scales.stride), dh.base, dc.base, base,
        Int64(stride), sums.gain.base, sums.bias.base, Int64(sums.gain.stride))
    }
  }
}
