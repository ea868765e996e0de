import CSequenceKernels

/// Activation functions of single elements.
extension MutableMatrixView {
  /// self = f(other), element by element.
  package func set(_ f: ActivationFunction, of other: MatrixView<Scalar>) {
    require(other.rows == rows && other.columns == columns, "set: sizes differ")
    let kernel = f.kernel
    if let device = OpenCLDevice.at(base) {
      return device.apply(
        kernel.function, kernel.parameter, other.base, stride: other.stride, to: base, stride: stride, rows: rows,
        columns: columns)
    }
    WorkProfile.account(for: .gates) {
      for row in 0..<rows {
        Scalar.kernels.table.pointee.activation(
          kernel.function, kernel.parameter, Int64(columns), other.base + row * other.stride, base + row * stride)
      }
    }
  }

  /// self = upstream · f′, element by element.
  ///
  /// - Parameter kept: the output or the input of f, whichever `ActivationFunction.keepsOutput` names.
  package func setActivationGradient(_ f: ActivationFunction, kept: MatrixView<Scalar>, upstream: MatrixView<Scalar>) {
    require(
      [kept, upstream].allSatisfy { $0.rows == rows && $0.columns == columns }, "setActivationGradient: sizes differ")
    let kernel = f.kernel
    if let device = OpenCLDevice.at(base) {
      return device.applyGradient(
        kernel.function, kernel.parameter, kept: kept.base, stride: kept.stride, upstream.base, stride: upstream.stride,
        to: base, stride: stride, rows: rows, columns: columns)
    }
    WorkProfile.account(for: .gates) {
      for row in 0..<rows {
        Scalar.kernels.table.pointee.activation_gradient(
          kernel.function, kernel.parameter, Int64(columns), kept.base + row * kept.stride,
          upstream.base + row * upstream.stride, base + row * stride)
      }
    }
  }
}
