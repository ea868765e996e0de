import Autograd
import NeuralLayers
import TensorCore

/// Parameters of a cell whose gates depend on the input alone, stacked by gate.
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

  /// x·W_ihᵀ + b_ih for all steps of a sequence at once, [time, batch, gates · hidden].
  func callAsFunction(
    _ sequence: SequenceInput<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    func rows(_ grid: TokenGrid, of table: Variable<Scalar>) -> Variable<Scalar> {
      table.gatherRows(grid.ids).reshaped([grid.time, grid.batch, table.shape[1]])
    }
    switch sequence.content {
    case .vectors(let input): return self(input, in: context)
    case .tokens(let grid):
      // A one-hot vector times W_ihᵀ is one of its rows.
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
