import TensorCore

/// A tensor that belongs to a model: one that training changes, or a statistic of the data that a layer keeps.
///
/// A parameter is a value. *Binding* a model gives each of its parameters a slot, by which gradients and optimizer moments
/// are found: training needs it, inference does not.
public struct Parameter<Scalar: TensorScalar>: Sendable {
  public enum Role: Sendable {
    /// Gradients are computed for it, and an optimizer changes it.
    case trained
    /// Saved and loaded with the model, but changed only by the layer that keeps it (a running mean, say).
    case statistic
  }

  public var value: Tensor<Scalar> {
    get { stored ?? initialValue }
    // An observed property would be read, copied and written back when another module changes it in place.
    _modify {
      defer {
        generation = UniqueNumber.next()
        if identity != nil && !isKnownUniquelyReferenced(&identity) { identity = ParameterIdentity() }
        isDrawn = true
        isProvisional = false
      }
      if stored == nil { stored = initialValue }
      yield &stored!
    }
  }
  /// Nil until the model is bound, or the values are drawn, loaded or set: a model that is only counted takes no memory.
  private var stored: Tensor<Scalar>?
  private let undrawnShape: TensorShape
  public let role: Role
  /// Distribution of its first values; nil for a parameter made from given values.
  public let initializer: Initializer?
  /// Whether it has values: false from its declaration until they are drawn, loaded or set.
  public private(set) var isDrawn: Bool
  /// Whether its values were drawn without a seed, so that an enclosing model draws them again.
  package private(set) var isProvisional = false
  /// Index of this parameter in its model's order of visiting; nil until the model is bound.
  public private(set) var slot: Int?
  /// A number unique to this value of this parameter: the version of everything derived from the value (packed weights).
  package private(set) var generation = UniqueNumber.next()
  /// The key of everything derived from the value, shared with copies until one of them changes; nil where nothing derived is
  /// kept.
  package private(set) var identity: ParameterIdentity?

  /// A parameter of given values.
  public init(_ value: Tensor<Scalar>, role: Role = .trained) {
    self.init(passing: value, role: role)
    identity = ParameterIdentity()
  }

  /// A parameter of one pass: nothing derived from it is kept.
  init(passing value: Tensor<Scalar>, role: Role = .trained) {
    stored = value
    undrawnShape = value.shape
    self.role = role
    initializer = nil
    isDrawn = true
  }

  /// A parameter without values yet: `Module.drawn(using:)` and `initialize(using:)` draw them, or a `Sequential` that
  /// contains the layer; loading a file sets them.
  public init(_ shape: TensorShape, _ initializer: Initializer, role: Role = .trained) {
    stored = nil
    undrawnShape = shape
    self.role = role
    self.initializer = initializer
    isDrawn = initializer.isDeterministic
    identity = ParameterIdentity()
  }

  /// Values of an initializer that draws nothing (biases, say); zeros where they are still to be drawn.
  private var initialValue: Tensor<Scalar> {
    guard let initializer, initializer.isDeterministic else { return .zeros(undrawnShape) }
    var none = RandomSource(seed: 0)
    return initializer(undrawnShape, using: &none)
  }

  public var shape: TensorShape { stored?.shape ?? undrawnShape }

  /// Moves the values to a device; those that are still to be drawn stay so.
  package mutating func move(to device: Device) throws(DeviceError) {
    try move { value throws(DeviceError) in try value.on(device) }
  }

  /// As `move(to:)`, but for a failure: see `Tensor.copied(to:)`.
  package mutating func copy(to device: Device) { move { $0.copied(to: device) } }

  private mutating func move<Failure: Error>(
    _ moved: (Tensor<Scalar>) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    guard isDrawn || stored != nil else { return }
    let there = try moved(value)
    if there.device == value.device { return }
    stored = there
    generation = UniqueNumber.next()
    if identity != nil { identity = ParameterIdentity() }
  }

  /// Draws fresh values, if it has an initializer.
  package mutating func draw(using random: inout RandomSource, provisionally: Bool = false) {
    guard let initializer else { return }
    value = initializer(shape, using: &random)
    isProvisional = provisionally
  }

  package mutating func bind(to slot: Int) {
    self.slot = slot
    if stored == nil && isDrawn { stored = initialValue }
  }

  /// The slot; traps where the parameter has none.
  ///
  /// - Parameter use: the use that needs one, for the message.
  func requiredSlot(_ use: String) -> Int {
    guard let slot else {
      programmingError(
        "a parameter of shape \(shape) is used \(use) before its model was bound; "
          + "if it was, visitParameters leaves the parameter out")
    }
    return slot
  }
}
