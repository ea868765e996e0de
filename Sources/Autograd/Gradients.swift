import TensorCore

/// Gradients ∂L/∂x of a backward pass, for every watched variable and every bound parameter that the loss depends on.
public struct Gradients<Scalar: TensorScalar> {
  private let tape: UInt64
  private let values: [Tensor<Scalar>?]
  private let slots: [Int: Int]

  init(tape: UInt64, values: [Tensor<Scalar>?], slots: [Int: Int]) {
    self.tape = tape
    self.values = values
    self.slots = slots
  }

  /// The gradient of a watched variable; nil where the loss does not depend on it.
  ///
  /// - Precondition: the variable is recorded on the tape of this backward pass.
  public subscript(variable: Variable<Scalar>) -> Tensor<Scalar>? {
    guard let other = variable.tape else { return nil }
    require(other.number == tape, "gradients: the variable of shape \(variable.shape) stands on another tape")
    return variable.id < values.count ? values[variable.id] : nil
  }

  /// The gradient of a bound parameter; nil where the loss does not depend on it.
  public subscript(parameter: Parameter<Scalar>) -> Tensor<Scalar>? { parameter.slot.flatMap { self[slot: $0] } }

  /// The gradients of all parameters that have one, in the order of their slots.
  public var ofParameters: [Tensor<Scalar>] { slots.keys.sorted().compactMap { self[slot: $0] } }

  /// The gradient of the parameter in a slot.
  public subscript(slot slot: Int) -> Tensor<Scalar>? { slots[slot].flatMap { values[$0] } }
}
