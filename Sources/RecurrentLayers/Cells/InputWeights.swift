import Autograd
import NeuralLayers
import TensorCore

/// Parameters that multiply the input, stacked by gate: those of a cell whose gates depend on the input alone, or that has
/// recurrent weights of another shape than `GatedWeights`.
public struct InputWeights<Scalar: TensorScalar>: Module {
  /// W_ih, [gates · hidden, input].
  public var inputWeight: Parameter<Scalar>
  /// b_ih, [gates · hidden].
  public var inputBias: Parameter<Scalar>?

  /// Weights that are still to be drawn.
  init(gates: Int, input: Int, hidden: Int, bias: Bool, inputWeight: Initializer, inputBias: Initializer = .zeros) {
    require(input > 0 && hidden > 0, "a recurrent cell cannot have \(input) inputs and \(hidden) hidden units")
    self.inputWeight = Parameter([gates * hidden, input], inputWeight)
    self.inputBias = bias ? Parameter([gates * hidden], inputBias) : nil
  }

  /// x·W_ihᵀ + b_ih over the last axis.
  func callAsFunction(_ x: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(x, weight: inputWeight, bias: inputBias, in: context)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&inputWeight, "weight_ih")
    try visitor.visit(&inputBias, "bias_ih")
  }
}
