import Autograd
import TensorCore

/// Layer normalization (Ba, Kiros and Hinton, 2016): each sample's features are brought to mean 0 and variance 1, then scaled
/// and shifted,
///
///     y = (x − mean) / √(variance + ε) · weight + bias
///
/// over the last axis, [..., features]. It does the same in training and in inference.
public struct LayerNorm<Scalar: TensorScalar>: Layer {
  /// [features], 1 at first.
  public var weight: Parameter<Scalar>
  /// [features], 0 at first.
  public var bias: Parameter<Scalar>
  public let epsilon: Double

  public init(_ features: Int, epsilon: Double = 1e-5) {
    require(features > 0 && epsilon > 0, "LayerNorm: \(features) features and ε = \(epsilon); both must be positive")
    weight = Parameter([features], .constant(1))
    bias = Parameter([features], .zeros)
    self.epsilon = epsilon
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    if input.shape.rank == 0 || input.shape[-1] != weight.shape[0] {
      shapeFailure("LayerNorm", input.shape, weight.shape, hint: "the input must be [..., \(weight.shape[0])]")
    }
    return normalizedRows(input, epsilon: epsilon, in: context) * context.variable(weight) + context.variable(bias)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
