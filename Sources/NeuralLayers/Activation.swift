import Autograd
import TensorCore

/// A function applied to each element (or, for softmax, to each row), as a layer of its own: `Activation(.relu)`.
public struct Activation<Scalar: TensorScalar>: Layer {
  public let function: ActivationFunction

  public init(_ function: ActivationFunction) { self.function = function }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    function(input)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {}
}
