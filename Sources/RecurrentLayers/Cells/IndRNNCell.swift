import Autograd
import NeuralLayers
import TensorCore

/// Independently recurrent network with ReLU (IndRNN: Li, Li, Cook, Zhu and Gao, 2018), whose units each read their own
/// previous value alone: h' = max(x·W_ihᵀ + b_ih + u·h, 0).
///
/// u starts between −1 and 1, where values neither explode nor vanish at once. Stack such layers: units meet in the next
/// layer's W_ih.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·2H numbers (preactivations, h).
public struct IndRNNCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  /// W_ih, [hidden, input], and b_ih.
  public var weights: InputWeights<Scalar>
  /// u, [hidden].
  public var recurrentWeight: Parameter<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = InputWeights(gates: 1, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
    recurrentWeight = Parameter([hidden], .uniform(1))
  }

  public var inputSize: Int { weights.inputWeight.shape[1] }
  public var hiddenSize: Int { weights.inputWeight.shape[0] }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let hidden = (weights(input, in: context) + context.variable(recurrentWeight) * state.hidden).relu()
    return (hidden, HiddenState(hidden: hidden))
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    body(&recurrentWeight)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weights.inputWeight, "weight_ih")
    try visitor.visit(&recurrentWeight, "weight_hh")
    try visitor.visit(&weights.inputBias, "bias_ih")
  }

  var fusedParameters: FusedParameters<Parameter<Scalar>> {
    FusedParameters(inputWeight: weights.inputWeight, inputBias: weights.inputBias, own: [recurrentWeight])
  }

  var fusedStep: any FusedStep<Scalar> { IndRNNStep(hidden: hiddenSize) }
}

/// h' = max(gates + u·h, 0) without a recurrent product; state: h; own parameter: u.
private struct IndRNNStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout {
    var layout = StepLayout(gates: hidden, products: [])
    layout.hiddenBypassesProducts = true
    return layout
  }

  func forward(_ at: StepViews<Scalar>) {
    at.next(0).setIndRNN(gates: at.gates.readOnly, u: at.parameters, hPrevious: at.previous(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setIndRNNGradient(
      u: at.parameters, hPrevious: at.previous(0), h: at.next(0).readOnly, dh: d.state(0), du: d.parameters)
  }
}
