import ForeignFiles
import TensorCheckpoints

extension RecurrentWeights {
  /// Weights of a recurrent operator of an ONNX graph: one layer, of one or two directions.
  ///
  /// - Throws: `ExchangeError` where the operator computes something that no layer here does: bounded preactivations (`clip`),
  ///   an input gate that is the forget gate's complement, peepholes, other activation functions, sequences with the batch
  ///   first, the reverse direction alone.
  public init(_ node: ONNXRecurrent) throws(ExchangeError) {
    let found: [(isThere: Bool, what: String)] = [
      (node.clip != nil, "a bound of the preactivations (clip)"),
      (node.couplesInputAndForget, "a forget gate coupled to the input gate (input_forget)"),
      (node.peepholes != nil, "peepholes (P)"),
      (node.isBatchFirst, "sequences with the batch first (layout)"),
      (node.direction == .reverse, "the reverse direction alone (direction)"),
    ]
    for (isThere, what) in found where isThere { throw .unsupportedOperator(node: node.name, what) }
    let cell = try Self.cell(of: node)
    var arrays = ["W": node.inputWeight, "R": node.recurrentWeight]
    arrays["B"] = node.bias
    var taken = LayerArrays(module: node.name, arrays: arrays, wanted: cell)
    let weights = try ONNXLayout.weights(of: &taken)
    try self.init(cell: cell, layers: [.init(forward: weights.weights, reverse: weights.reverse)])
  }

  /// The cell that computes what the operator does.
  private static func cell(of node: ONNXRecurrent) throws(ExchangeError) -> Cell {
    let functions = node.activations.map { $0.lowercased() }
    let ofDirection = Array(functions.prefix(functions.count / (node.direction == .bidirectional ? 2 : 1)))
    let cell: Cell? =
      switch (node.kind, ofDirection) {
      case (.rnn, ["tanh"]): .rnn
      case (.rnn, ["relu"]): .rnnReLU
      case (.lstm, ["sigmoid", "tanh", "tanh"]): .lstm
      case (.gru, ["sigmoid", "tanh"]): node.resetsAfterProduct ? .gru : .gruResetBefore
      default: nil
      }
    guard let cell, functions.suffix(ofDirection.count) == ofDirection[...] else {
      let names = node.activations.joined(separator: ", ")
      throw .unsupportedOperator(node: node.name, "the activations \(names)")
    }
    return cell
  }
}
