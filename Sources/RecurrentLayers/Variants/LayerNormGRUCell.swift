import Autograd
import NeuralLayers
import TensorCore

/// The gated recurrent unit with layer normalization (Ba, Kiros and Hinton, 2016, equations 23 to 25), gates in the order r, z,
/// n:
///
///     r, z = σ(LN_i(x·W_iᵀ) + LN_h(h·W_hᵀ))
///     n = tanh(LN_in(x·W_inᵀ) + r·LN_hn(h·W_hnᵀ))
///     h' = (1 − z)·n + z·h
///
/// LN_i and LN_h bring the 2·hidden preactivations of r and z together to mean 0 and variance 1, LN_in and LN_hn the hidden ones
/// of n, each with a gain and a bias of its own, in place of b_ih and b_hh. The state itself is not normalized. As in
/// `GRUCell`, z is what is kept of h; the paper calls that 1 − z.
///
/// Gains start at 1, biases at 0.
public struct LayerNormGRUCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
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
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(gates: 3, input: input, hidden: hidden, bias: false, inputWeight: inputWeight)
    (inputNorm, recurrentNorm) = (LayerNorm(2 * hidden), LayerNorm(2 * hidden))
    (inputCandidateNorm, recurrentCandidateNorm) = (LayerNorm(hidden), LayerNorm(hidden))
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, inputWeight: Initializer = .lecunUniform, using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, inputWeight: inputWeight)
    initialize(using: &random)
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

  var functions: GateFunctions { .gruLayerNorm }
  var norms: CellNorms<Scalar>? {
    CellNorms(input: [inputNorm, inputCandidateNorm], recurrent: [recurrentNorm, recurrentCandidateNorm])
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
    try visitor.visit(&inputNorm, "layernorm_i")
    try visitor.visit(&recurrentNorm, "layernorm_h")
    try visitor.visit(&inputCandidateNorm, "layernorm_in")
    try visitor.visit(&recurrentCandidateNorm, "layernorm_hn")
  }
}
