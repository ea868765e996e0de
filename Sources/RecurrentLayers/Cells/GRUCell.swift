import Autograd
import NeuralLayers
import TensorCore

/// The gated recurrent unit (Cho et al., 2014), with the reset gate applied after the matrix product, as PyTorch and
/// cuDNN do; gates in the order r, z, n:
///
///     r, z = σ(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh)
///     n = tanh(x·W_inᵀ + b_in + r·(h·W_hnᵀ + b_hn))
///     h' = (1 − z)·n + z·h
///
/// With the reset gate before the product, as in the paper, n = tanh(x·W_inᵀ + b_in + (r·h)·W_hnᵀ + b_hn). Weights of
/// one kind are of no use to the other. σ is the sigmoid unless another ``GateActivation`` is given.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·7H numbers (gates, recurrent products, h); with
/// the reset before the product T·N·5H (gates, r·h, h).
public struct GRUCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  /// Position of the reset gate.
  public enum Reset: String, Sendable, Codable {
    /// On the product: r·(h·W_hnᵀ + b_hn).
    case afterProduct
    /// On the state: (r·h)·W_hnᵀ + b_hn.
    case beforeProduct
  }

  public let reset: Reset
  /// Function of r and z.
  public let gateActivation: GateActivation
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - gateActivation: function of r and z.
  ///   - inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  /// - Precondition: the slope of a hard sigmoid is positive and finite.
  public init(
    input: Int, hidden: Int, reset: Reset = .afterProduct, gateActivation: GateActivation = .sigmoid,
    bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    self.gateActivation = gateActivation.validated()
    self.reset = reset
    weights = GatedWeights(gates: 3, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let x = weights.fromInput(input, in: context)
    let h = weights.fromHidden(state.hidden, in: context)
    let r = gateActivation(x.gate(0, of: 3) + h.gate(0, of: 3))
    let z = gateActivation(x.gate(1, of: 3) + h.gate(1, of: 3))
    let recurrent =
      reset == .afterProduct
      ? r * h.gate(2, of: 3) : weights.fromHidden(r * state.hidden, in: context).gate(2, of: 3)
    let n = (x.gate(2, of: 3) + recurrent).tanh()
    let hidden = n + z * (state.hidden - n)
    return (hidden, HiddenState(hidden: hidden))
  }

  var fusedStep: any FusedStep<Scalar> {
    let slope = gateActivation.hardSlope
    return reset == .afterProduct
      ? GRUStep(hidden: hiddenSize, hardSlope: slope) : ResetBeforeGRUStep(hidden: hiddenSize, hardSlope: slope)
  }
}

/// Gates r, z, n, of which n needs the recurrent product apart; state: h.
private struct GRUStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int
  /// Slope of hard sigmoid gates; nil for sigmoids.
  let hardSlope: Double?

  var layout: StepLayout {
    var layout = StepLayout(gates: 3 * hidden, output: hidden)
    layout.separatesRecurrent = true
    layout.hiddenBypassesProducts = true
    return layout
  }

  var sequenceCell: SequenceLaunch<Scalar>.Cell? { .gru(hardSlope: hardSlope) }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applyGRUGates(
      hardSlope: hardSlope, recurrent: at.recurrent.readOnly, hPrevious: at.previous(0), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setGRUGradient(
      hardSlope: hardSlope, gates: at.gates.readOnly, recurrent: at.recurrent.readOnly, hPrevious: at.previous(0),
      dh: d.state(0), dRecurrent: d.recurrent)
  }
}

/// Gates r, z, n, of which n reads r·h, the saved buffer 0; state: h.
private struct ResetBeforeGRUStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int
  /// Slope of hard sigmoid gates; nil for sigmoids.
  let hardSlope: Double?

  var layout: StepLayout {
    var layout = StepLayout(
      gates: 3 * hidden,
      products: [
        .init(columns: 0..<2 * hidden, operand: .hidden(0..<hidden)),
        .init(columns: 2 * hidden..<3 * hidden, operand: .saved(0)),
      ])
    layout.saved = [hidden]
    layout.hiddenBypassesProducts = true
    layout.isElementwise = false
    return layout
  }

  func setOperand(_ buffer: Int, _ at: StepViews<Scalar>) {
    at.gates.applyGRUReset(hardSlope: hardSlope, hPrevious: at.previous(0), resetHidden: at.saved(0))
  }

  func forward(_ at: StepViews<Scalar>) { at.gates.applyGRUCandidate(hPrevious: at.previous(0), h: at.next(0)) }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setGRUCandidateGradient(
      hardSlope: hardSlope, gates: at.gates.readOnly, hPrevious: at.previous(0), dh: d.state(0))
  }

  func backwardThroughOperand(
    _ buffer: Int, gradient: MatrixView<Scalar>, _ at: StepViews<Scalar>, _ d: StepGradients<Scalar>
  ) {
    d.gates.setGRUResetGradient(
      hardSlope: hardSlope, gates: at.gates.readOnly, hPrevious: at.previous(0), dResetHidden: gradient,
      dh: d.state(0))
  }
}
