import Autograd
import NeuralLayers
import TensorCore

/// The gated recurrent unit (Cho et al., 2014), with the reset gate applied after the matrix product, as PyTorch and cuDNN do;
/// gates in the order r, z, n:
///
///     r, z = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)
///     n = tanh(x·W_inᵀ + b_in + r·(h·W_hnᵀ + b_hn))
///     h' = (1 − z)·n + z·h
///
/// With the reset gate before the product, as in the paper, n = tanh(x·W_inᵀ + b_in + (r·h)·W_hnᵀ + b_hn). Weights of one kind
/// are of no use to the other.
public struct GRUCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  /// Where the reset gate acts.
  public enum Reset: String, Sendable, Codable {
    /// On the product: r·(h·W_hnᵀ + b_hn).
    case afterProduct
    /// On the state: (r·h)·W_hnᵀ + b_hn.
    case beforeProduct
  }

  public let reset: Reset
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, reset: Reset = .afterProduct, bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    self.reset = reset
    weights = GatedWeights(gates: 3, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, reset: Reset = .afterProduct, bias: Bool = true,
    inputWeight: Initializer = .lecunUniform, using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, reset: reset, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let x = weights.fromInput(input, in: context)
    let h = weights.fromHidden(state.hidden, in: context)
    let r = (x.gate(0, of: 3) + h.gate(0, of: 3)).sigmoid()
    let z = (x.gate(1, of: 3) + h.gate(1, of: 3)).sigmoid()
    let recurrent =
      reset == .afterProduct
      ? r * h.gate(2, of: 3) : weights.fromHidden(r * state.hidden, in: context).gate(2, of: 3)
    let n = (x.gate(2, of: 3) + recurrent).tanh()
    let hidden = n + z * (state.hidden - n)
    return (hidden, HiddenState(hidden: hidden))
  }

  var functions: GateFunctions { reset == .afterProduct ? .gru : .gruResetBefore }
}
