import TensorCore

/// A tensor that takes part in a computation whose gradient may be asked for.
///
/// Operations on variables compute their values at once. Where an operand is on a tape, the operation is recorded there;
/// otherwise it is plain arithmetic.
public struct Variable<Scalar: TensorScalar> {
  public let value: Tensor<Scalar>
  let tape: Tape<Scalar>?
  let id: Int

  init(value: Tensor<Scalar>, tape: Tape<Scalar>?, id: Int) {
    self.value = value
    self.tape = tape
    self.id = id
  }

  /// A constant: no gradient flows to it.
  public init(_ value: Tensor<Scalar>) { self.init(value: value, tape: nil, id: -1) }

  public var shape: TensorShape { value.shape }

  /// Whether a gradient can flow to it.
  public var isRecorded: Bool { tape != nil }

  /// This value as a constant: no gradient flows back through it.
  public func detached() -> Variable { Variable(value) }

  /// The variable on a device, where its value is copied; the gradient is copied back.
  ///
  /// - Throws: `DeviceError`, as `Tensor.on(_:)`; a failure of the way back is remembered by the device.
  public func on(_ device: Device) throws(DeviceError) -> Variable {
    let source = value.device
    if source == device { return self }
    return Variable.operation(try value.on(device), of: [self]) { [$0.copied(to: source)] }
  }

  /// The variable on a device, for code that does not throw: a failure is remembered, and the next copy to the host throws it.
  public func copied(to device: Device) -> Variable {
    let source = value.device
    return source == device
      ? self : Variable.operation(value.copied(to: device), of: [self]) { [$0.copied(to: source)] }
  }

  /// Keeps this variable's gradient after the backward pass, as for a watched one. It must be on a tape.
  public func keepGradient() {
    guard let tape else { programmingError("keepGradient: the variable does not depend on anything on a tape") }
    tape.keepGradient(of: id)
  }

  /// The gradients of this variable, a single number, with respect to all that was watched on its tape.
  ///
  /// - Precondition: it holds one element and is on a tape.
  public func gradients() -> Gradients<Scalar> {
    require(value.count == 1, "gradients: a loss is a single number, this variable has the shape \(shape)")
    return gradients(seed: .ones(like: value))
  }

  /// The gradients of Σ seed · self (a vector–Jacobian product).
  ///
  /// - Precondition: the seed has this variable's shape, and the variable is on a tape.
  public func gradients(seed: Tensor<Scalar>) -> Gradients<Scalar> {
    guard let tape else { programmingError("gradients: the variable does not depend on anything on a tape") }
    if seed.shape != shape { shapeFailure("gradients", shape, seed.shape, hint: "the seed needs the variable's shape") }
    return tape.gradients(of: [(id, seed)])
  }

  /// The gradients of seed · self, a single number, each parameter's reported as soon as it is final.
  ///
  /// - Parameter finished: called with the slot and the gradient of each parameter that has one.
  package func gradients(
    seed: Scalar, finished: @escaping (_ slot: Int, _ gradient: Tensor<Scalar>) -> Void
  ) -> Gradients<Scalar> {
    require(value.count == 1, "gradients: a loss is a single number, this variable has the shape \(shape)")
    guard let tape else { programmingError("gradients: the variable does not depend on anything on a tape") }
    return tape.gradients(of: [(id, .full(like: value, seed))], finished: finished)
  }

  /// Records an operation with one result; operations of one's own are written with this.
  ///
  /// - Parameter pullback: maps ∂L/∂value to ∂L/∂input for each input (nil for one that needs none). It captures tensors,
  ///   not variables.
  public static func operation(
    _ value: Tensor<Scalar>, of inputs: [Variable],
    pullback: @escaping (_ upstream: Tensor<Scalar>) -> [Tensor<Scalar>?]
  ) -> Variable {
    operation([value], of: inputs) { pullback($0[0]!) }[0]
  }

  /// Records an operation with several results.
  public static func operation(
    _ values: [Tensor<Scalar>], of inputs: [Variable], pullback: @escaping Tape<Scalar>.Pullback
  ) -> [Variable] {
    var tape: Tape<Scalar>?
    for input in inputs {
      guard let other = input.tape else { continue }
      require(tape == nil || tape === other, "an operation mixes variables of two tapes")
      tape = other
    }
    guard let tape else { return values.map(Variable.init) }
    return tape.record(inputs: inputs, values: values, pullback: pullback)
  }
}
