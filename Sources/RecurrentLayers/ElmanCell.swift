import Autograd
import NeuralLayers
import TensorCore

/// The simple recurrent network of Elman (1990): h' = f(x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh).
public struct ElmanCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  public enum Activation: Sendable { case tanh, relu }

  public let activation: Activation
  public var weights: GatedWeights<Scalar>

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameter inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, activation: Activation = .tanh, bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    self.activation = activation
    weights = GatedWeights(gates: 1, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight)
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, activation: Activation = .tanh, bias: Bool = true,
    inputWeight: Initializer = .lecunUniform,
    using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, activation: activation, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let sum = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let hidden = activation == .tanh ? sum.tanh() : sum.relu()
    return (hidden, HiddenState(hidden: hidden))
  }

  var functions: GateFunctions { activation == .tanh ? .elmanTanh : .elmanReLU }
}
