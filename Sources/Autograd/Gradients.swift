import TensorCore

/// What a backward pass found: ∂L/∂x for every watched variable and every bound parameter that the loss depends on.
public struct Gradients<Scalar: TensorScalar> {
  private let values: [Tensor<Scalar>?]
  private let slots: [Int: Int]

  init(values: [Tensor<Scalar>?], slots: [Int: Int]) {
    self.values = values
    self.slots = slots
  }

  /// The gradient of a watched variable; nil where the loss does not depend on it.
  public subscript(variable: Variable<Scalar>) -> Tensor<Scalar>? {
    variable.tape == nil ? nil : values[variable.id]
  }

  /// The gradient of a bound parameter; nil where the loss does not depend on it.
  public subscript(parameter: Parameter<Scalar>) -> Tensor<Scalar>? { parameter.slot.flatMap { self[slot: $0] } }

  /// The gradient of the parameter in a slot.
  public subscript(slot slot: Int) -> Tensor<Scalar>? { slots[slot].flatMap { values[$0] } }
}
