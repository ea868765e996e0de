import Autograd
import NeuralLayers
import TensorCore

/// The minGRU of "Were RNNs All We Needed?" (Feng et al., 2024): a gated recurrent unit without a reset gate, whose
/// gate and candidate depend on the input alone; in the order z, n:
///
///     z = σ(x·W_izᵀ + b_iz)   n = x·W_inᵀ + b_in
///     h' = (1 − z)·h + z·n
///
/// As in the paper, z is the share of the new value; in `GRUCell` it is the share of the old one. The paper scans over time
/// in logarithms, for which h must be positive. Here h' = a·h + b is computed as it stands, which is stable because
/// a = 1 − z lies between 0 and 1, and step by step, in one pass over the gates: sequences and units already fill the
/// threads and vectors, and a scan over time would do every step twice.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·3H numbers (gates, h).
public struct MinGRUCell<Scalar: TensorScalar>: InputGatedCell {
  public var weights: InputWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = InputWeights(
      gates: Self.gateCount, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  static var gateCount: Int { 2 }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let gates = weights(input, in: context)
    let z = gates.gate(0, of: 2).sigmoid()
    let hidden = (1 - z) * state.hidden + z * gates.gate(1, of: 2)
    return (hidden, HiddenState(hidden: hidden))
  }

  var fusedStep: any FusedStep<Scalar> { MinGRUStep(hidden: hiddenSize) }
}

/// Gates z, n without a recurrent product; state: h.
private struct MinGRUStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout {
    var layout = StepLayout(gates: 2 * hidden, products: [])
    layout.hiddenBypassesProducts = true
    return layout
  }

  func forward(_ at: StepViews<Scalar>) { at.gates.applyMinGRUGates(hPrevious: at.previous(0), h: at.next(0)) }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setMinGRUGradient(gates: at.gates.readOnly, hPrevious: at.previous(0), dh: d.state(0))
  }
}
