import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory with layer normalization (Ba, Kiros and Hinton, 2016, equations 20 to 22), gates in the order i, f, g,
/// o:
///
///     i, f, o = σ(…)   g = tanh(…)   of LN_i(x·W_ihᵀ) + LN_h(h·W_hhᵀ)
///     c' = f·c + i·g   h' = o·tanh(LN_c(c'))
///
/// LN_i and LN_h bring all 4·hidden preactivations of a sequence together to mean 0 and variance 1, each with a gain and a bias
/// of its own; what the state hands on is c' as it is, and the output sees it normalized. The biases of LN_i and LN_h stand for
/// b_ih and b_hh.
///
/// The forget gate's part of LN_i's bias starts at 1, gains at 1, the other biases at 0.
public struct LayerNormLSTMCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
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
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(gates: 4, input: input, hidden: hidden, bias: false, inputWeight: inputWeight)
    inputNorm = LayerNorm(4 * hidden)
    inputNorm.bias = Parameter([4 * hidden], .stacked([.zeros, .constant(1), .zeros, .zeros]))
    recurrentNorm = LayerNorm(4 * hidden)
    cellNorm = LayerNorm(hidden)
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, inputWeight: Initializer = .lecunUniform, using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, inputWeight: inputWeight)
    initialize(using: &random)
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

  var functions: GateFunctions { .lstmLayerNorm }
  var norms: CellNorms<Scalar>? { CellNorms(input: [inputNorm], recurrent: [recurrentNorm], cell: [cellNorm]) }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
    try visitor.visit(&inputNorm, "layernorm_i")
    try visitor.visit(&recurrentNorm, "layernorm_h")
    try visitor.visit(&cellNorm, "layernorm_c")
  }
}
