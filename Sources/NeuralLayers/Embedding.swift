import Autograd
import TensorCore

/// A table of vectors, one for each token: looking up row i is the product with the one-hot vector of i.
///
///     Sequential {
///       Embedding(tokens: 1000, features: 32)
///       Recurrent(GRUCell(input: 32, hidden: 64))
///     }
public struct Embedding<Scalar: TensorScalar>: Layer {
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

  /// - Parameter input: token ids as numbers, of any shape […], each a whole number at least 0 and below the number of tokens.
  /// - Returns: […, features].
  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    // Where a device has failed, the next copy to the host says so: the ids make no difference.
    let numbers = (try? input.value.on(.cpu)) ?? .zeros(input.shape)
    let ids = numbers.scalars.map { number in
      guard let id = Int32(exactly: number) else {
        programmingError("Embedding: \(number) is no token id, a whole number from 0 to \(weight.shape[0] - 1)")
      }
      return id
    }
    return self(ids, in: &context).reshaped(input.shape.dimensions + [weight.shape[1]])
  }

  public var inputTokens: Int? { weight.shape[0] }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weight, "weight")
  }
}
