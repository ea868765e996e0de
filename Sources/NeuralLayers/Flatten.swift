import Autograd
import TensorCore

/// Makes one row of each sample: [batch, …] becomes [batch, product of the other axes].
public struct Flatten<Scalar: TensorScalar>: Layer {
  public init() {}

  /// - Precondition: the input has an axis.
  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    let shape = input.shape
    require(shape.rank > 0, "Flatten: a single number has no axis of samples")
    require(context.lengths == nil, "Flatten: sequences of several lengths make no rows of one length")
    return input.reshaped([shape[0], shape.dimensions.dropFirst().reduce(1, *)])
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {}
}
