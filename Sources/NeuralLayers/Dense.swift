import Autograd
import TensorCore

/// A fully connected layer: y = f(x·Wᵀ + b) over the last axis, [..., in] to [..., out].
public struct Dense<Scalar: TensorScalar>: Layer {
  /// [out, in].
  public var weight: Parameter<Scalar>
  /// [out].
  public var bias: Parameter<Scalar>?
  /// f.
  public let activation: ActivationFunction

  /// A layer whose weight is still to be drawn; the bias starts at 0.
  public init(
    _ inputs: Int, _ outputs: Int, activation: ActivationFunction = .linear, bias: Bool = true,
    initializer: Initializer = .glorotUniform
  ) {
    require(inputs > 0 && outputs > 0, "Dense: \(inputs) inputs and \(outputs) outputs; both must be positive")
    weight = Parameter([outputs, inputs], initializer)
    self.bias = bias ? Parameter([outputs], .zeros) : nil
    self.activation = activation
  }

  /// A layer of given weights, [out, in], and biases, [out].
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>? = nil, activation: ActivationFunction = .linear) {
    if weight.rank != 2 || bias.map({ $0.shape != [weight.shape[0]] }) ?? false {
      shapeFailure("Dense", weight.shape, bias?.shape ?? [], hint: "a weight [out, in] and a bias [out]")
    }
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
    self.activation = activation
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    if input.shape.rank == 0 || input.shape[-1] != weight.shape[1] {
      shapeFailure("Dense", input.shape, weight.shape, hint: "the input must be [..., \(weight.shape[1])]")
    }
    return activation(linear(input, weight: weight, bias: bias, in: context))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
    try visitor.visit(&bias, "bias")
  }
}
