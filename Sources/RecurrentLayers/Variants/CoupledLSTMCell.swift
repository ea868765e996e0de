import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory whose input gate is what the forget gate leaves, i = 1 − f (Greff et al., 2017, where it is called
/// CIFG); gates in the order f, g, o:
///
///     f, o = σ(…)   g = tanh(…)   of x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     c' = f·c + (1 − f)·g   h' = o·tanh(c')
///
/// A quarter of the weights of an `LSTMCell` are saved, and c stays between −1 and 1 if it begins there. The forget gate's
/// b_ih starts at 1.
public struct CoupledLSTMCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(
      gates: 3, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.constant(1), .zeros, .zeros]))
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform,
    using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  public func step(
    _ input: Variable<Scalar>, from state: LSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: LSTMState<Scalar>) {
    let gates = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let f = gates.gate(0, of: 3).sigmoid()
    let g = gates.gate(1, of: 3).tanh()
    let o = gates.gate(2, of: 3).sigmoid()
    let cell = g + f * (state.cell - g)
    let hidden = o * cell.tanh()
    return (hidden, LSTMState(hidden: hidden, cell: cell))
  }

  var functions: GateFunctions { .lstmCoupled }
}
