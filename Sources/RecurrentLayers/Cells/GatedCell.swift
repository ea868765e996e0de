import Autograd
import NeuralLayers
import TensorCore

/// A fused cell whose weights are laid out as PyTorch lays them out, [gates · hidden, input] and [gates · hidden,
/// output].
protocol GatedCell<Scalar>: FusedCell {
  var weights: GatedWeights<Scalar> { get set }
  /// Vectors that the cell's step reads beside the weights, in the order in which the step sees them; none by default.
  var ownParameters: [Parameter<Scalar>] { get }
}

extension GatedCell {
  public var inputSize: Int { weights.inputSize }
  public var hiddenSize: Int { weights.outputSize }
  var ownParameters: [Parameter<Scalar>] { [] }

  var fusedParameters: FusedParameters<Parameter<Scalar>> {
    FusedParameters(
      inputWeight: weights.inputWeight, recurrentWeight: weights.recurrentWeight, inputBias: weights.inputBias,
      recurrentBias: weights.recurrentBias, projection: weights.projection, own: ownParameters)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    body(&weights.recurrentWeight)
  }
}
