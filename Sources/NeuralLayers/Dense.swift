import Autograd
import TensorCore

/// A fully connected layer: y = x·Wᵀ + b over the last axis, [..., in] to [..., out].
public struct Dense<Scalar: TensorScalar>: Layer {
  /// [out, in].
  public var weight: Parameter<Scalar>
  /// [out].
  public var bias: Parameter<Scalar>?

  /// A layer whose weight is still to be drawn; the bias starts at 0.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .glorotUniform) {
    weight = Parameter([outputs, inputs], initializer)
    self.bias = bias ? Parameter([outputs], .zeros) : nil
  }

  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .glorotUniform,
    using random: inout RandomSource
  ) {
    self.init(inputs, outputs, bias: bias, initializer: initializer)
    initialize(using: &random)
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(input, weight: weight, bias: bias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
