import Autograd
import TensorCore

/// A fully connected layer: y = x·Wᵀ + b over the last axis, [..., in] to [..., out].
public struct Dense<Scalar: TensorScalar>: Layer, InitializableModule {
  /// [out, in].
  public var weight: Parameter<Scalar>
  /// [out].
  public var bias: Parameter<Scalar>?
  /// How the weight's first values are drawn; the bias starts at 0.
  public let initializer: Initializer

  public init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .glorotUniform,
    using random: inout RandomSource
  ) {
    self.init(zeros: inputs, outputs, bias: bias, initializer: initializer)
    initialize(using: &random)
  }

  /// A layer of zeros, to be filled from a file.
  package init(zeros inputs: Int, _ outputs: Int, bias: Bool = true, initializer: Initializer = .glorotUniform) {
    weight = Parameter(.zeros([outputs, inputs]))
    self.bias = bias ? Parameter(.zeros([outputs])) : nil
    self.initializer = initializer
  }

  public mutating func initialize(using random: inout RandomSource) {
    weight.value = initializer(weight.value.shape, using: &random)
    bias?.value = .zeros([weight.value.shape[0]])
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(input, weight: weight, bias: bias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
