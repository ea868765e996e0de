import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory (Hochreiter and Schmidhuber, 1997) with forget gates (Gers et al., 2000), gates in the order
/// i, f, g, o:
///
///     i, f, o = σ(…)   g = tanh(…)   of x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     c' = f·c + i·g   h' = o·tanh(c')
///
/// σ is the sigmoid unless another ``GateActivation`` is given. With a projection (Sak, Senior and Beaufays, 2014)
/// h' = W_hr·(o·tanh(c')): h is narrower than c.
///
/// The forget gate's b_ih starts at 1 by default, so that the cell remembers before it has learned what to forget
/// (Jozefowicz et al., 2015).
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·6H numbers (gates, h, c); a projection to P
/// units adds T·N·P.
public struct LSTMCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  public var weights: GatedWeights<Scalar>
  /// Width of c.
  public let cellSize: Int
  /// Function of i, f and o.
  public let gateActivation: GateActivation

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - projection: width of h; nil for the width of the cell.
  ///   - gateActivation: function of i, f and o.
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  /// - Precondition: the slope of a hard sigmoid is positive and finite.
  public init(
    input: Int, hidden: Int, projection: Int? = nil, gateActivation: GateActivation = .sigmoid, bias: Bool = true,
    forgetBias: Double = 1, inputWeight: Initializer = .lecunUniform
  ) {
    self.gateActivation = gateActivation.validated()
    cellSize = hidden
    weights = GatedWeights(
      gates: 4, input: input, hidden: hidden, projection: projection, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(forgetBias), .zeros, .zeros]))
  }

  public func step(
    _ input: Variable<Scalar>, from state: LSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: LSTMState<Scalar>) {
    let gates = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let (cell, o) = gates.lstmCell(from: state.cell, gates: gateActivation)
    let units = o * cell.tanh()
    let hidden = weights.projection.map { linear(units, weight: $0, bias: nil, in: context) } ?? units
    return (hidden, LSTMState(hidden: hidden, cell: cell))
  }

  public var stateWidths: [Int] { [hiddenSize, cellSize] }

  var fusedStep: any FusedStep<Scalar> {
    LSTMStep(hidden: cellSize, output: hiddenSize, hardSlope: gateActivation.hardSlope)
  }
}

/// Gates i, f, g, o; state: h (or the units of which h is a projection), c.
private struct LSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden, output: Int
  /// Slope of hard sigmoid gates; nil for sigmoids.
  let hardSlope: Double?

  var layout: StepLayout { StepLayout(gates: 4 * hidden, output: output) }
  var sequenceCell: SequenceLaunch<Scalar>.Cell? { .lstm(hardSlope: hardSlope) }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applyLSTMGates(hardSlope: hardSlope, cPrevious: at.previous(1), c: at.next(1), h: at.next(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setLSTMGradient(
      hardSlope: hardSlope, gates: at.gates.readOnly, cPrevious: at.previous(1), c: at.next(1).readOnly,
      dh: d.state(0).readOnly, dc: d.state(1))
  }
}
