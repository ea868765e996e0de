import Autograd
import TensorCore

extension Module {
  /// Moves every parameter to a device, where passes are then computed: with a workspace of that device, from inputs on it.
  ///
  /// Parameters whose values are still to be drawn stay without memory.
  ///
  /// - Throws: `DeviceError` where the device lacks the memory or the scalar type, or where it has failed; the parameters before
  ///   the failure are moved then.
  public mutating func move(to device: Device) throws(DeviceError) {
    var visitor = ParameterMove<Scalar>(device: device)
    try visitParameters(&visitor)
  }

  /// A copy of this module with its parameters on a device.
  public func on(_ device: Device) throws(DeviceError) -> Self {
    var copy = self
    try copy.move(to: device)
    return copy
  }

  /// A copy of this module on a device; a failure is remembered, and the next copy to the host throws it.
  package func copied(to device: Device) -> Self {
    var (copy, visitor) = (self, ParameterCopy<Scalar>(device: device))
    copy.visitParameters(&visitor)
    return copy
  }
}

private struct ParameterCopy<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  let device: Device

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) { parameter.copy(to: device) }
}

private struct ParameterMove<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  let device: Device

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) throws(DeviceError) {
    try parameter.move(to: device)
  }
}
