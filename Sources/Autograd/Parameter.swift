import TensorCore

/// A tensor that training changes.
///
/// A parameter is a value. *Binding* a model gives each of its parameters a slot; gradients, optimizer moments and packed
/// weights are found by slot.
public struct Parameter<Scalar: TensorScalar>: Sendable {
  public var value: Tensor<Scalar> {
    get { stored }
    // An observed property would be read, copied and written back when another module changes it in place.
    _modify {
      defer { generation = UniqueNumber.next() }
      yield &stored
    }
  }
  private var stored: Tensor<Scalar>
  /// The place of this parameter in its model's order of visiting; nil until the model is bound.
  public private(set) var slot: Int?
  /// A number that no other value of any parameter has: what is derived from the value is looked up by it.
  package private(set) var generation = UniqueNumber.next()

  public init(_ value: Tensor<Scalar>) { stored = value }

  package mutating func bind(to slot: Int) { self.slot = slot }
}
