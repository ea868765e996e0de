import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory with layer normalization (Ba, Kiros and Hinton, 2016, equations 20 to 22), gates in the order
/// i, f, g, o:
///
///     i, f, o = σ(…)   g = tanh(…)   of LN_i(x·W_ihᵀ) + LN_h(h·W_hhᵀ)
///     c' = f·c + i·g   h' = o·tanh(LN_c(c'))
///
/// LN_i and LN_h bring all 4·hidden preactivations of a sequence together to mean 0 and variance 1, each with a gain
/// and a bias of its own; what the state hands on is c' as it is, and the output sees it normalized. The biases of LN_i
/// and LN_h stand for b_ih and b_hh.
///
/// The forget gate's part of LN_i's bias starts at 1, gains at 1, the other biases at 0.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·11H numbers (gates, x̂ of LN_h and LN_c, h, c), where
/// x̂ is a normalized row before gain and bias; an input of vectors adds T·N·4H (x̂ of LN_i).
public struct LayerNormLSTMCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  /// W_ih and W_hh.
  public var weights: GatedWeights<Scalar>
  /// LN_i, over 4·hidden.
  public var inputNorm: LayerNorm<Scalar>
  /// LN_h, over 4·hidden.
  public var recurrentNorm: LayerNorm<Scalar>
  /// LN_c, over hidden.
  public var cellNorm: LayerNorm<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - forgetBias: initial bias of LN_i for the forget gate.
  ///   - inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(gates: 4, input: input, hidden: hidden, bias: false, inputWeight: inputWeight)
    inputNorm = LayerNorm(4 * hidden)
    inputNorm.bias = Parameter([4 * hidden], .stacked([.zeros, .constant(forgetBias), .zeros, .zeros]))
    recurrentNorm = LayerNorm(4 * hidden)
    cellNorm = LayerNorm(hidden)
  }

  public func step(
    _ input: Variable<Scalar>, from state: LSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: LSTMState<Scalar>) {
    let gates =
      inputNorm(weights.fromInput(input, in: context), in: &context)
      + recurrentNorm(weights.fromHidden(state.hidden, in: context), in: &context)
    let (cell, o) = gates.lstmCell(from: state.cell)
    let hidden = o * cellNorm(cell, in: &context).tanh()
    return (hidden, LSTMState(hidden: hidden, cell: cell))
  }

  var ownParameters: [Parameter<Scalar>] { norms.flatMap { [$0.weight, $0.bias] } }
  private var norms: [LayerNorm<Scalar>] { [inputNorm, recurrentNorm, cellNorm] }

  var fusedStep: any FusedStep<Scalar> {
    let rows = RowNorm.all(of: norms, widths: [4 * hiddenSize, 4 * hiddenSize, hiddenSize])
    return LayerNormLSTMStep(
      hidden: hiddenSize, input: RowNorms([rows[0]]), recurrent: RowNorms([rows[1]]), cell: rows[2])
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
    try visitor.visit(&inputNorm, "layernorm_i")
    try visitor.visit(&recurrentNorm, "layernorm_h")
    try visitor.visit(&cellNorm, "layernorm_c")
  }
}

/// Gates i, f, g, o; state: h, c; own parameters: gain and bias of LN_i, LN_h, LN_c; saved: the scales of LN_h, then x̂
/// and the scales of LN_c. The x̂ of LN_h replaces the product that it was made of, which no one reads again.
private struct LayerNormLSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int
  let input, recurrent: RowNorms<Scalar>
  let cell: RowNorm

  var layout: StepLayout {
    var layout = StepLayout(gates: 4 * hidden, output: hidden)
    layout.separatesRecurrent = true
    // The gradient of h holds zeros after the output's part.
    layout.hiddenBypassesProducts = true
    layout.saved = [1, hidden, 1]
    layout.isElementwise = false
    return layout
  }

  var inputTransform: (any InputTransform<Scalar>)? { input }

  func forward(_ at: StepViews<Scalar>) {
    recurrent.apply(
      to: at.recurrent.readOnly, setting: at.gates, adding: true, normalized: at.recurrent, scales: at.saved(0),
      parameters: at.parameters)
    at.gates.applyNormalizedLSTMGates(
      cPrevious: at.previous(1), c: at.next(1), h: at.next(0), norm: cellView(at))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setNormalizedLSTMGradient(
      gates: at.gates.readOnly, cPrevious: at.previous(1), dh: d.state(0), dc: d.state(1), norm: cellView(at),
      sums: cell.sums(d.parameters))
    recurrent.applyGradient(
      to: d.gates.readOnly, setting: d.recurrent, normalized: at.recurrent, scales: at.saved(0),
      parameters: at.parameters,
      sums: d.parameters)
  }

  private func cellView(_ at: StepViews<Scalar>) -> LayerNormView<Scalar> {
    cell.view(normalized: at.saved(1), scales: at.saved(2), parameters: at.parameters)
  }
}
