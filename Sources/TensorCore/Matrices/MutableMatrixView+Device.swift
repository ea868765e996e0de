/// Launches of kernels over the rows of views.
extension MutableMatrixView {
  /// Puts a kernel of recurrent gates into the queue of the device that holds this view: an item for each of the `hidden`
  /// units of each row.
  ///
  /// - Returns: false on the host.
  func runGates(_ kernel: String, hidden: Int, _ arguments: [KernelArgument]) -> Bool {
    guard let device = OpenCLDevice.at(base) else { return false }
    device.map(.gates, kernel, of: Scalar.self, count: rows * hidden, [.int(hidden)] + arguments)
    return true
  }
}

extension KernelArgument {
  /// The memory of a view whose rows have no gaps.
  static func state<Scalar: TensorScalar>(_ view: MatrixView<Scalar>) -> KernelArgument { .memory(view.base) }
  static func state<Scalar: TensorScalar>(_ view: MutableMatrixView<Scalar>) -> KernelArgument { .memory(view.base) }
}

extension [KernelArgument] {
  /// The memory of a view and its stride.
  static func rows<Scalar: TensorScalar>(_ view: MatrixView<Scalar>) -> [KernelArgument] {
    [.memory(view.base), .int(view.stride)]
  }
  static func rows<Scalar: TensorScalar>(_ view: MutableMatrixView<Scalar>) -> [KernelArgument] { rows(view.readOnly) }
}
