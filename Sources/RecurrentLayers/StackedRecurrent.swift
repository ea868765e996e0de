import Autograd
import NeuralLayers
import TensorCore

/// Recurrent cells one above the other: each reads the outputs of the one below, with dropout between them.
public struct StackedRecurrent<Cell: RecurrentCell>: Module {
  public typealias Scalar = Cell.Scalar

  /// The lowest first.
  public var cells: [Cell]
  /// The probability that an output of a layer below the top is dropped while training.
  public let dropout: Double

  /// - Precondition: there is a cell, and each one's input is as wide as the output of the one below.
  public init(_ cells: [Cell], dropout: Double = 0) {
    require(!cells.isEmpty, "StackedRecurrent: no cells")
    require(dropout >= 0 && dropout < 1, "StackedRecurrent: the probability \(dropout) of dropout is not in 0..<1")
    for (below, above) in zip(cells, cells.dropFirst()) {
      require(
        below.hiddenSize == above.inputSize,
        "StackedRecurrent: a cell of input size \(above.inputSize) stands above one of output size \(below.hiddenSize)")
    }
    self.cells = cells
    self.dropout = dropout
  }

  public var hiddenSize: Int { cells[cells.count - 1].hiddenSize }

  /// The state of every layer before anything was seen.
  public func initialState(batchSize: Int, in context: inout ForwardContext<Scalar>) -> [Cell.State] {
    cells.map { $0.initialState(batchSize: batchSize, in: &context) }
  }

  /// Runs a sequence through all layers.
  ///
  /// - Parameter state: one for each layer; nil means the initial state.
  /// - Returns: the top layer's outputs, [time, batch, hidden], and every layer's state after the last step.
  public func run(
    _ sequence: SequenceInput<Scalar>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Scalar>
  ) -> (outputs: Variable<Scalar>, state: [Cell.State]) {
    var state = state ?? initialState(batchSize: sequence.batch, in: &context)
    require(state.count == cells.count, "StackedRecurrent: \(state.count) states for \(cells.count) layers")
    var input = sequence
    var outputs: Variable<Scalar>!
    for (layer, cell) in cells.enumerated() {
      if layer > 0 { input = .vectors(Autograd.dropout(outputs, probability: dropout, in: &context)) }
      (outputs, state[layer]) = cell.run(input, from: state[layer], in: &context)
    }
    return (outputs, state)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    for layer in cells.indices { try visitor.visit(&cells[layer], suffix: "_l\(layer)") }
  }
}
