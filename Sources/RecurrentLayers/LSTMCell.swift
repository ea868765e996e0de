import Autograd
import NeuralLayers
import TensorCore

/// Long short-term memory (Hochreiter and Schmidhuber, 1997) with forget gates (Gers et al., 2000), gates in the order i, f, g,
/// o:
///
///     i, f, o = σ(…)   g = tanh(…)   of x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     c' = f·c + i·g   h' = o·tanh(c')
///
/// With a projection (Sak, Senior and Beaufays, 2014) h' = W_hr·(o·tanh(c')): the output, and what the next step reads, is
/// narrower than the cell.
///
/// The forget gate's b_ih starts at 1, so that the cell remembers before it has learned what to forget (Jozefowicz et al.,
/// 2015).
public struct LSTMCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  public var weights: GatedWeights<Scalar>
  /// The width of c.
  public let cellSize: Int

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - projection: the width of the output; nil for that of the hidden units.
  ///   - inputWeight: how W_ih is drawn; each gate's W_hh is orthogonal.
  public init(
    input: Int, hidden: Int, projection: Int? = nil, bias: Bool = true, inputWeight: Initializer = .lecunUniform
  ) {
    cellSize = hidden
    weights = GatedWeights(
      gates: 4, input: input, hidden: hidden, projection: projection, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(1), .zeros, .zeros]))
  }

  /// A cell with weights drawn from a random source; otherwise the same.
  public init(
    input: Int, hidden: Int, projection: Int? = nil, bias: Bool = true, inputWeight: Initializer = .lecunUniform,
    using random: inout RandomSource
  ) {
    self.init(input: input, hidden: hidden, projection: projection, bias: bias, inputWeight: inputWeight)
    initialize(using: &random)
  }

  public func step(
    _ input: Variable<Scalar>, from state: LSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: LSTMState<Scalar>) {
    let gates = weights.fromInput(input, in: context) + weights.fromHidden(state.hidden, in: context)
    let (cell, o) = gates.lstmCell(from: state.cell)
    let units = o * cell.tanh()
    let hidden = weights.projection.map { linear(units, weight: $0, bias: nil, in: context) } ?? units
    return (hidden, LSTMState(hidden: hidden, cell: cell))
  }

  public var stateWidths: [Int] { [hiddenSize, cellSize] }

  var functions: GateFunctions { .lstm }
}
