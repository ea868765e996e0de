import Autograd
import NeuralLayers
import TensorCore

/// The parameters of a cell whose gates see the input alone: the gates one below the other.
public struct InputWeights<Scalar: TensorScalar>: Module {
  /// W_ih, [gates · hidden, input].
  public var inputWeight: Parameter<Scalar>
  /// b_ih, [gates · hidden].
  public var inputBias: Parameter<Scalar>?

  /// Weights that are still to be drawn.
  init(gates: Int, input: Int, hidden: Int, bias: Bool, inputWeight: Initializer, inputBias: Initializer = .zeros) {
    require(input > 0 && hidden > 0, "a recurrent cell cannot have \(input) inputs and \(hidden) hidden units")
    self.inputWeight = Parameter([gates * hidden, input], inputWeight)
    self.inputBias = bias ? Parameter([gates * hidden], inputBias) : nil
  }

  /// x·W_ihᵀ + b_ih over the last axis.
  func callAsFunction(_ x: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>) -> Variable<Scalar> {
    linear(x, weight: inputWeight, bias: inputBias, in: context)
  }

  /// The same for every step of a sequence at once, [time, batch, gates · hidden].
  func callAsFunction(
    _ sequence: SequenceInput<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    func rows(_ grid: TokenGrid, of table: Variable<Scalar>) -> Variable<Scalar> {
      table.gatherRows(grid.ids).reshaped([grid.time, grid.batch, table.shape[1]])
    }
    switch sequence.content {
    case .vectors(let input): return self(input, in: context)
    case .tokens(let grid):
      // Of a one-hot vector's product one row of W_ihᵀ remains.
      let products = rows(grid, of: context.variable(inputWeight).transposed())
      if let inputBias { return products + context.variable(inputBias) }
      return products
    case .embedded(let grid, let table):
      return table.shape[0] > grid.ids.count
        ? self(rows(grid, of: table), in: context) : rows(grid, of: self(table, in: context))
    }
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&inputWeight, "weight_ih")
    try visitor.visit(&inputBias, "bias_ih")
  }
}

/// A cell whose gates and candidates depend on the input alone, h' = a·h + b: the gates of a whole sequence are one product, and
/// what is left to do step by step is element by element.
///
/// Memory kept for the backward pass: about that of the gates and of a, b and h, for all steps.
protocol ScanCell<Scalar>: RecurrentCell where State == HiddenState<Scalar> {
  static var gateCount: Int { get }
  var weights: InputWeights<Scalar> { get set }

  /// a and b, [..., hidden], from the preactivations of all gates, [..., gates · hidden].
  func coefficients(_ gates: Variable<Scalar>) -> (a: Variable<Scalar>, b: Variable<Scalar>)
}

extension ScanCell {
  public var inputSize: Int { weights.inputWeight.shape[1] }
  public var hiddenSize: Int { weights.inputWeight.shape[0] / Self.gateCount }

  public func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let (a, b) = coefficients(weights(input, in: context))
    let hidden = a * state.hidden + b
    return (hidden, HiddenState(hidden: hidden))
  }

  public func run(
    _ sequence: SequenceInput<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: HiddenState<Scalar>) {
    let sequence = sequence.validated(inputSize: inputSize)
    let stateShape: TensorShape = [sequence.batch, hiddenSize]
    if state.hidden.shape != stateShape {
      shapeFailure("initial state", state.hidden.shape, stateShape, hint: "it must be [batch, width]")
    }
    var (a, b) = coefficients(weights(sequence, in: context))
    if let lengths = sequence.lengths {
      // A sequence that has ended keeps its state: h' = 1·h + 0.
      (a, b) = (a.keepingPlaces(lengths.mask, else: Variable(.ones(a.shape))), b.withoutPadding(lengths))
    }
    if let resets = sequence.resets {
      // A sequence that forgets: h' = 0·h + a·(what it begins with) + b.
      if let beginning = sequence.beginning.first { b = b + (a * beginning).keepingPlaces(resets.places) }
      a = a.keepingPlaces(resets.places.map { !$0 })
    }
    let (outputs, last) = linearScan(a, b, from: state.hidden, in: context)
    return (sequence.lengths.map { outputs.withoutPadding($0) } ?? outputs, HiddenState(hidden: last))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try weights.visitParameters(&visitor)
  }
}
