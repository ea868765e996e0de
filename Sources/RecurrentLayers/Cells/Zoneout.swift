import Autograd
import NeuralLayers
import TensorCore

/// A cell whose units each keep their previous value for a step with a given probability (zoneout: Krueger et al.,
/// 2017).
///
///     h' = m·h + (1 − m)·cell(x, h)
///
/// and likewise c with a probability of its own; further components of the state, which belong to the same memory, keep
/// their values where c does. In training m is drawn for each unit, sequence and step; at inference
/// it is the probability itself. The parameters are the cell's, under the same names.
///
/// The output is the new h: zoneout is for cells whose output is the first component of their state, like all cells of
/// this module.
public struct Zoneout<Cell: RecurrentCell>: RecurrentCell {
  public typealias Scalar = Cell.Scalar
  public var cell: Cell
  /// Probability that a unit keeps its h.
  public let hidden: Double
  /// Probability that an element of c is kept, and with it that of any further component of the state.
  public let memory: Double

  /// - Precondition: the probabilities are at least 0 and below 1.
  public init(_ cell: Cell, hidden: Double = 0, memory: Double = 0) {
    for probability in [hidden, memory] {
      require(probability >= 0 && probability < 1, "Zoneout: the probability \(probability) is not in 0..<1")
    }
    (self.cell, self.hidden, self.memory) = (cell, hidden, memory)
  }

  public var inputSize: Int { cell.inputSize }
  public var hiddenSize: Int { cell.hiddenSize }
  public var stateWidths: [Int] { cell.stateWidths }

  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> Cell.State {
    cell.initialState(batchSize: batchSize, in: &context)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    cell.updateRecurrentWeights(body)
  }

  public func step(
    _ input: Variable<Scalar>, from state: Cell.State, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: Cell.State) {
    let next = cell.step(input, from: state, in: &context).state
    let (new, old) = (next.components, state.components)
    let output = Autograd.zoneout(new[0], keeping: old[0], probability: hidden, in: &context)
    let others = Autograd.zoneout(
      Array(new.dropFirst()), keeping: Array(old.dropFirst()), probability: memory, in: &context)
    return (output, Cell.State(components: [output] + others))
  }

  /// Runs a whole sequence, in one pass where the cell has a fused one, with the same masks as step by step.
  ///
  /// Memory of such a pass beside the cell's: for each state component with a probability, its values at all steps
  /// before zoneout and, in training, the masks.
  public func run(
    _ request: SequenceRequest<Scalar>, from state: Cell.State, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: Cell.State) {
    guard let fusedCell else { return unroll(request, from: state, in: &context) { _ in } }
    func run<Fused: FusedCell<Scalar>>(_ cell: Fused) -> (Variable<Scalar>, [Variable<Scalar>]) {
      let (outputs, final) = cell.runFused(
        request, from: Fused.State(components: state.components), zoneout: zoneout, in: &context)
      return (outputs, final.components)
    }
    let (outputs, components) = run(fusedCell)
    return (outputs, Cell.State(components: components))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try cell.visitParameters(&visitor)
  }
}

extension Zoneout: FusedWrapper {
  var fusedCell: (any FusedCell<Scalar>)? { cell as? any FusedCell<Scalar> }
  var zoneout: ZoneoutProbabilities { ZoneoutProbabilities(hidden: hidden, cell: memory) }
}
