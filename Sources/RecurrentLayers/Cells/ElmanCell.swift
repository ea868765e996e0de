import Autograd
import NeuralLayers
import TensorCore

/// Simple recurrent network (Elman, 1990): h' = f(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh), with f = tanh or ReLU.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·2H numbers (preactivations and h).
public struct ElmanCell<Scalar: TensorScalar>: RecurrentCell, GatedCell {
  public enum Activation: Sendable { case tanh, relu }

  public let activation: Activation
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: initializer of W_ih; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, activation: Activation = .tanh, bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    self.activation = activation
    weights = GatedWeights(gates: 1, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let sum = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let hidden = activation == .tanh ? sum.tanh() : sum.relu()
    return (hidden, HiddenState(hidden: hidden))
  }

  var fusedStep: any FusedStep<Scalar> {
    ElmanStep(hidden: hiddenSize, activation: activation == .tanh ? .tanh : .relu)
  }
}

/// h' = f(gates); state: h.
private struct ElmanStep<Scalar: TensorScalar>: FusedStep {
  let hidden: Int
  let activation: ActivationFunction

  var layout: StepLayout { StepLayout(gates: hidden, output: hidden) }

  var sequenceCell: SequenceLaunch<Scalar>.Cell? {
    switch activation {
    case .tanh: .elman(rectifies: false)
    case .relu: .elman(rectifies: true)
    default: nil
    }
  }

  func forward(_ at: StepViews<Scalar>) { at.next(0).set(activation, of: at.gates.readOnly) }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setActivationGradient(activation, kept: at.next(0).readOnly, upstream: d.state(0).readOnly)
  }
}
