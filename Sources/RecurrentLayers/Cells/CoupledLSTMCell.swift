import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory whose input gate is what the forget gate leaves, i = 1 − f (Greff et al., 2017, where it is
/// called CIFG); gates in the order f, g, o:
///
///     f, o = σ(…)   g = tanh(…)   of x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     c' = f·c + (1 − f)·g   h' = o·tanh(c')
///
/// It has three quarters of the weights of an `LSTMCell`, and c stays between −1 and 1 if it starts there. The forget
/// gate's b_ih starts at 1.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·5H numbers (gates, h, c).
public struct CoupledLSTMCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, bias: Bool = true, forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform
  ) {
    weights = GatedWeights(
      gates: 3, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.constant(forgetBias), .zeros, .zeros]))
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

  var fusedStep: any FusedStep<Scalar> { CoupledLSTMStep(hidden: hiddenSize) }
}

/// Gates f, g, o; state: h, c.
private struct CoupledLSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int

  var layout: StepLayout { StepLayout(gates: 3 * hidden, output: hidden) }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applyCoupledLSTMGates(cPrevious: at.previous(1), c: at.next(1), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setCoupledLSTMGradient(
      gates: at.gates.readOnly, cPrevious: at.previous(1), c: at.next(1).readOnly, dh: d.state(0).readOnly,
      dc: d.state(1))
  }
}
