import CSequenceKernels

/// Layer normalization of rows of n elements (Ba et al., 2016), y = x̂·gain + bias with x̂ = (x − mean) / √(variance + epsilon),
/// and the buffers that its gradient needs.
package struct LayerNormView<Scalar: TensorScalar> {
  package let gain, bias: MatrixView<Scalar>
  package let epsilon: Double
  /// x̂, [rows, n].
  package let normalized: MutableMatrixView<Scalar>
  /// 1 / √(variance + epsilon) of each row, [rows, 1].
  package let scales: MutableMatrixView<Scalar>

  /// - Parameters:
  ///   - gain: [1, n].
  ///   - bias: [1, n].
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

  func requireRows(of matrices: MatrixView<Scalar>...) {
    for matrix in matrices where matrix.rows != normalized.rows || matrix.columns != normalized.columns {
      shapeFailure("layer normalization", matrix.shape, normalized.shape)
    }
  }
}

/// Accumulators of the gradients of gain and bias, row by row: [rows, n] each, of equal strides.
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
  /// self = the layer normalization of the rows of x, or self += it if `adding`.
  ///
  /// - Parameter x: may be this view or `norm.normalized`.
  package func setLayerNorm(_ x: MatrixView<Scalar>, _ norm: LayerNormView<Scalar>, adding: Bool = false) {
    norm.requireRows(of: readOnly, x)
    if let device = OpenCLDevice.at(base) {
      return device.launch(
        .normalization, "layer_norm", of: Scalar.self, groups: rows,
        [.count(columns)] + .rows(x) + [.real(norm.epsilon), .state(norm.gain), .state(norm.bias)]
          + .rows(norm.normalized) + .rows(norm.scales) + [.int(adding ? 1 : 0)] + .rows(self))
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.layer_norm(
        Int64(rows), Int64(columns), x.base, Int64(x.stride), norm.epsilon, norm.gain.base, norm.bias.base,
        norm.normalized.base, Int64(norm.normalized.stride), norm.scales.base, Int64(norm.scales.stride), adding, base,
        Int64(stride))
    }
  }

  /// self = gradient of the rows before normalization. The gradients of gain and bias are added to `sums`.
  ///
  /// - Parameter upstream: gradient of the normalized rows; may be this view.
  package func setLayerNormGradient(
    _ upstream: MatrixView<Scalar>, _ norm: LayerNormView<Scalar>, sums: LayerNormSums<Scalar>
  ) {
    norm.requireRows(of: readOnly, upstream, sums.gain.readOnly)
    if let device = OpenCLDevice.at(base) {
      return device.launch(
        .normalization, "layer_norm_gradient", of: Scalar.self, groups: rows,
        [.count(columns)] + .rows(norm.normalized) + .rows(norm.scales) + [.state(norm.gain)] + .rows(upstream)
          + .rows(self) + [.state(sums.gain), .state(sums.bias), .int(sums.gain.stride)])
    }
    WorkProfile.account(for: .gates) {
      Scalar.kernels.table.pointee.layer_norm_gradient(
        Int64(rows), Int64(columns), norm.normalized.base, Int64(norm.normalized.stride), norm.scales.base,
        Int64(norm.scales.stride), norm.gain.base, upstream.base, Int64(upstream.stride), base, Int64(stride),
        sums.gain.base, sums.bias.base, Int64(sums.gain.stride))
    }
  }
}
