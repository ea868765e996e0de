import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory whose gates see the cell state through diagonal weights, called peepholes (Gers, Schraudolph
/// and Schmidhuber, 2002); gates in the order i, f, g, o:
///
///     i = σ(… + w_ci·c)   f = σ(… + w_cf·c)   g = tanh(…)   of x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     c' = f·c + i·g
///     o = σ(… + w_co·c')   h' = o·tanh(c')
///
/// The input and forget gates see the state before the step, the output gate the one after it. Peepholes start at 0,
/// where the cell is an `LSTMCell`, and the forget gate's b_ih at 1.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·6H numbers (gates, h, c).
public struct PeepholeLSTMCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  public var weights: GatedWeights<Scalar>
  /// w_ci, [hidden].
  public var inputPeephole: Parameter<Scalar>
  /// w_cf, [hidden].
  public var forgetPeephole: Parameter<Scalar>
  /// w_co, [hidden].
  public var outputPeephole: Parameter<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, bias: Bool = true, forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform
  ) {
    weights = GatedWeights(
      gates: 4, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(forgetBias), .zeros, .zeros]))
    inputPeephole = Parameter([hidden], .zeros)
    forgetPeephole = Parameter([hidden], .zeros)
    outputPeephole = Parameter([hidden], .zeros)
  }

  public func step(
    _ input: Variable<Scalar>, from state: LSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: LSTMState<Scalar>) {
    let gates = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let i = (gates.gate(0, of: 4) + context.variable(inputPeephole) * state.cell).sigmoid()
    let f = (gates.gate(1, of: 4) + context.variable(forgetPeephole) * state.cell).sigmoid()
    let g = gates.gate(2, of: 4).tanh()
    let cell = f * state.cell + i * g
    let o = (gates.gate(3, of: 4) + context.variable(outputPeephole) * cell).sigmoid()
    let hidden = o * cell.tanh()
    return (hidden, LSTMState(hidden: hidden, cell: cell))
  }

  var fusedStep: any FusedStep<Scalar> { PeepholeLSTMStep(hidden: hiddenSize) }
  var ownParameters: [Parameter<Scalar>] { [inputPeephole, forgetPeephole, outputPeephole] }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
    try visitor.visit(&inputPeephole, "weight_ci")
    try visitor.visit(&forgetPeephole, "weight_cf")
    try visitor.visit(&outputPeephole, "weight_co")
  }
}

/// Gates i, f, g, o; state: h, c; own parameters: w_ci, w_cf, w_co.
private struct PeepholeLSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout { StepLayout(gates: 4 * hidden, output: hidden) }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applyPeepholeLSTMGates(
      peepholes: at.parameters, cPrevious: at.previous(1), c: at.next(1), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setPeepholeLSTMGradient(
      gates: at.gates.readOnly, peepholes: at.parameters, cPrevious: at.previous(1), c: at.next(1).readOnly,
      dh: d.state(0).readOnly, dc: d.state(1), dPeepholes: d.parameters)
  }
}
