import Autograd
import NeuralLayers
import TensorCore

/// Minimal gated unit (Zhou, Wu, Zhang and Zhou, 2016), with one gate that both forgets and resets; gates in the order f, n:
///
///     f = σ(x·W_ifᵀ + b_if + h·W_hfᵀ + b_hf)
///     n = tanh(x·W_inᵀ + b_in + (f·h)·W_hnᵀ + b_hn)
///     h' = (1 − f)·h + f·n
///
/// As in the paper, f is the share of the new value; in `GRUCell` z is the share of the old one.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·4H numbers (gates, f·h, h).
public struct MGUCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(input: Int, hidden: Int, bias: Bool = true, inputWeight: Initializer = .lecunUniform) {
    weights = GatedWeights(gates: 2, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let x = weights.fromInput(input, in: context)
    let f = (x.gate(0, of: 2) + weights.fromHidden(state.hidden, in: context).gate(0, of: 2)).sigmoid()
    let n = (x.gate(1, of: 2) + weights.fromHidden(f * state.hidden, in: context).gate(1, of: 2)).tanh()
    let hidden = state.hidden + f * (n - state.hidden)
    return (hidden, HiddenState(hidden: hidden))
  }

  var fusedStep: any FusedStep<Scalar> { MGUStep(hidden: hiddenSize) }
}

/// Gates f, n, of which n reads f·h, the saved buffer 0; state: h.
private struct MGUStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout {
    var layout = StepLayout(
      gates: 2 * hidden,
      products: [
        .init(columns: 0..<hidden, operand: .hidden(0..<hidden)),
        .init(columns: hidden..<2 * hidden, operand: .saved(0)),
      ])
    layout.saved = [hidden]
    layout.hiddenBypassesProducts = true
    layout.isElementwise = false
    return layout
  }

  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>) {
    at.gates.applyMGUForgetGate(hPrevious: at.previous(0), keptHidden: at.saved(0))
  }

  func forward(_ at: StepViews<Scalar>) { at.gates.applyMGUCandidate(hPrevious: at.previous(0), h: at.next(0)) }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setMGUCandidateGradient(gates: at.gates.readOnly, hPrevious: at.previous(0), dh: d.state(0))
  }

  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>
  ) {
    d.gates.setMGUForgetGradient(
      gates: at.gates.readOnly, hPrevious: at.previous(0), dKeptHidden: gradient, dh: d.state(0))
  }
}
