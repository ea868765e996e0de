import Autograd
import TensorCore

/// Drops elements at random while training (Srivastava et al., 2014); the identity at inference.
public struct Dropout<Scalar: TensorScalar>: Layer {
  /// The probability that an element becomes 0.
  public let probability: Double

  /// - Precondition: the probability is at least 0 and below 1.
  public init(_ probability: Double) {
    require(probability >= 0 && probability < 1, "Dropout: the probability \(probability) is not in 0..<1")
    self.probability = probability
  }

  public func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    dropout(input, probability: probability, batchAxis: 0, in: &context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {}
}
