import Autograd
import TensorCore

/// A table of vectors, one for each token: looking up row i is the product with the one-hot vector of i.
public struct Embedding<Scalar: TensorScalar>: Module {
  /// [tokens, features].
  public var weight: Parameter<Scalar>

  /// A table whose values are still to be drawn.
  public init(tokens: Int, features: Int, initializer: Initializer = .normal(1)) {
    weight = Parameter([tokens, features], initializer)
  }

  /// A table of given vectors, [tokens, features].
  public init(weight: Tensor<Scalar>) {
    if weight.rank != 2 { shapeFailure("Embedding", weight.shape, [], hint: "a weight [tokens, features]") }
    self.weight = Parameter(weight)
  }

  /// - Parameter tokens: ids, each at least 0 and below the number of tokens.
  /// - Returns: [ids, features].
  public func callAsFunction(_ tokens: [Int32], in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    context.variable(weight).gatherRows(tokens)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
  }
}
