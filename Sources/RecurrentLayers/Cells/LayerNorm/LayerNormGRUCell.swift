import Autograd
import NeuralLayers
import TensorCore

/// The gated recurrent unit with layer normalization (Ba, Kiros and Hinton, 2016, equations 23 to 25), gates in the
/// order r, z, n:
///
///     r, z = σ(LN_i(x·W_iᵀ) + LN_h(h·W_hᵀ))
///     n = tanh(LN_in(x·W_inᵀ) + r·LN_hn(h·W_hnᵀ))
///     h' = (1 − z)·n + z·h
///
/// LN_i and LN_h bring the 2·hidden preactivations of r and z together to mean 0 and variance 1, LN_in and LN_hn the
/// hidden ones of n, each with a gain and a bias of its own, in place of b_ih and b_hh. The state itself is not
/// normalized. As in `GRUCell`, z is what is kept of h; the paper calls that 1 − z.
///
/// Gains start at 1, biases at 0.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·10H numbers (gates, recurrent products, x̂ of LN_h
/// and LN_hn, h), where x̂ is a normalized row before gain and bias; an input of vectors adds T·N·3H (x̂ of LN_i and LN_in).
public struct LayerNormGRUCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  /// W_ih and W_hh.
  public var weights: GatedWeights<Scalar>
  /// LN_i, over 2·hidden.
  public var inputNorm: LayerNorm<Scalar>
  /// LN_h, over 2·hidden.
  public var recurrentNorm: LayerNorm<Scalar>
  /// LN_in, over hidden.
  public var inputCandidateNorm: LayerNorm<Scalar>
  /// LN_hn, over hidden.
  public var recurrentCandidateNorm: LayerNorm<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(gates: 3, input: input, hidden: hidden, bias: false, inputWeight: inputWeight)
    (inputNorm, recurrentNorm) = (LayerNorm(2 * hidden), LayerNorm(2 * hidden))
    (inputCandidateNorm, recurrentCandidateNorm) = (LayerNorm(hidden), LayerNorm(hidden))
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let x = weights.fromInput(input, in: context)
    let h = weights.fromHidden(state.hidden, in: context)
    let both = 0..<2 * hiddenSize
    let gates =
      (inputNorm(x.slice(axis: -1, both), in: &context) + recurrentNorm(h.slice(axis: -1, both), in: &context))
      .sigmoid()
    let (r, z) = (gates.gate(0, of: 2), gates.gate(1, of: 2))
    let n =
      (inputCandidateNorm(x.gate(2, of: 3), in: &context)
      + r * recurrentCandidateNorm(h.gate(2, of: 3), in: &context)).tanh()
    let hidden = n + z * (state.hidden - n)
    return (hidden, HiddenState(hidden: hidden))
  }

  var ownParameters: [Parameter<Scalar>] { norms.flatMap { [$0.weight, $0.bias] } }
  private var norms: [LayerNorm<Scalar>] { [inputNorm, inputCandidateNorm, recurrentNorm, recurrentCandidateNorm] }

  var fusedStep: any FusedStep<Scalar> {
    let widths = [2 * hiddenSize, hiddenSize, 2 * hiddenSize, hiddenSize]
    let rows = RowNorm.all(of: norms, widths: widths)
    return LayerNormGRUStep(
      hidden: hiddenSize, input: RowNorms(Array(rows[..<2])), recurrent: RowNorms(Array(rows[2...])))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
    try visitor.visit(&inputNorm, "layernorm_i")
    try visitor.visit(&recurrentNorm, "layernorm_h")
    try visitor.visit(&inputCandidateNorm, "layernorm_in")
    try visitor.visit(&recurrentCandidateNorm, "layernorm_hn")
  }
}

/// Gates r, z, n; state: h; saved: x̂ of h·W_hhᵀ and its scales; own parameters: gain and bias of LN_i, LN_in, LN_h,
/// LN_hn.
private struct LayerNormGRUStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int
  let input, recurrent: RowNorms<Scalar>

  var layout: StepLayout {
    var layout = StepLayout(gates: 3 * hidden, output: hidden)
    layout.separatesRecurrent = true
    layout.hiddenBypassesProducts = true
    layout.saved = recurrent.saved
    layout.isElementwise = false
    return layout
  }

  var inputTransform: (any InputTransform<Scalar>)? { input }

  func forward(_ at: StepViews<Scalar>) {
    let sums = at.recurrent
    recurrent.apply(
      to: sums.readOnly, setting: sums, normalized: at.saved(0), scales: at.saved(1), parameters: at.parameters)
    at.gates.applyGRUGates(recurrent: sums.readOnly, hPrevious: at.previous(0), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setGRUGradient(
      gates: at.gates.readOnly, recurrent: at.recurrent.readOnly, hPrevious: at.previous(0), dh: d.state(0),
      dRecurrent: d.recurrent)
    recurrent.applyGradient(
      to: d.recurrent.readOnly, setting: d.recurrent, normalized: at.saved(0), scales: at.saved(1),
      parameters: at.parameters,
      sums: d.parameters)
  }
}
