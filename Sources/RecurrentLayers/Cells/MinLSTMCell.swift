import Autograd
import NeuralLayers
import TensorCore

/// The minLSTM of "Were RNNs All We Needed?" (Feng et al., 2024): long short-term memory without an output gate and
/// with no cell state beside the output, whose gates and candidate depend on the input alone; in the order i, f, g:
///
///     i, f = σ(x·W_ihᵀ + b_ih)   g = x·W_igᵀ + b_ig
///     h' = f/(i + f)·h + i/(i + f)·g
///
/// Both shares are found where the gates are next to 0 too. Steps are computed one after the other, as in `MinGRUCell`. The
/// forget gate's b_ih starts at 1.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·5H numbers (gates, the share kept, h).
public struct MinLSTMCell<Scalar: TensorScalar>: InputGatedCell {
  public var weights: InputWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih.
  public init(
    input: Int, hidden: Int, bias: Bool = true, forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform
  ) {
    weights = InputWeights(
      gates: Self.gateCount, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(forgetBias), .zeros]))
  }

  static var gateCount: Int { 3 }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let gates = weights(input, in: context)
    // f/(i + f) = σ(ln f − ln i), and ln σ(x) = −softplus(−x).
    let kept = ((-gates.gate(0, of: 3)).softplus() - (-gates.gate(1, of: 3)).softplus()).sigmoid()
    let hidden = kept * state.hidden + (1 - kept) * gates.gate(2, of: 3)
    return (hidden, HiddenState(hidden: hidden))
  }

  var fusedStep: any FusedStep<Scalar> { MinLSTMStep(hidden: hiddenSize) }
}

/// Gates i, f, g without a recurrent product; state: h; the share kept is the saved buffer 0.
private struct MinLSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout {
    var layout = StepLayout(gates: 3 * hidden, products: [])
    layout.hiddenBypassesProducts = true
    layout.saved = [hidden]
    return layout
  }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applyMinLSTMGates(hPrevious: at.previous(0), kept: at.saved(0), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setMinLSTMGradient(
      gates: at.gates.readOnly, hPrevious: at.previous(0), kept: at.saved(0).readOnly, dh: d.state(0))
  }
}
