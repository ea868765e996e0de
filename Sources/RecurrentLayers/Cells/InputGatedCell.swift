import Autograd
import NeuralLayers
import TensorCore

/// A fused cell whose gates depend on the input alone, and whose state is h.
protocol InputGatedCell<Scalar>: FusedCell where State == HiddenState<Scalar> {
  static var gateCount: Int { get }
  var weights: InputWeights<Scalar> { get set }
}

extension InputGatedCell {
  public var inputSize: Int { weights.inputWeight.shape[1] }
  public var hiddenSize: Int { weights.inputWeight.shape[0] / Self.gateCount }

  var fusedParameters: FusedParameters<Parameter<Scalar>> {
    FusedParameters(inputWeight: weights.inputWeight, inputBias: weights.inputBias)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
  }
}
