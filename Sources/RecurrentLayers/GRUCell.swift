import Autograd
import NeuralLayers
import TensorCore

/// The gated recurrent unit (Cho et al., 2014), with the reset gate applied after the matrix product, as PyTorch and cuDNN do;
/// gates in the order r, z, n:
///
///     r, z = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)
///     n = tanh(x·W_inᵀ + b_in + r·(h·W_hnᵀ + b_hn))
///     h' = (1 − z)·n + z·h
public struct GRUCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    weights = GatedWeights(gates: 3, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  public init(
    input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform,
    using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let x = weights.fromInput(input, in: context)
    let h = weights.fromHidden(state.hidden, in: context)
    let r = (x.gate(0, of: 3) + h.gate(0, of: 3)).sigmoid()
    let z = (x.gate(1, of: 3) + h.gate(1, of: 3)).sigmoid()
    let n = (x.gate(2, of: 3) + r * h.gate(2, of: 3)).tanh()
    let hidden = n + z * (state.hidden - n)
    return (hidden, HiddenState(hidden: hidden))
  }

  var gates: GateFunctions { .gru }
}
