import ForeignFiles
import RecurrentLayers
import TensorCheckpoints

extension RecurrentWeights {
  /// Weights of a recurrent operator of an ONNX graph: one layer, of one or two directions.
  ///
  /// - Throws: `ExchangeError` where the operator computes something that no layer here does: bounded preactivations (`clip`),
  ///   an input gate that is the forget gate's complement, peepholes, other activation functions, sequences with the batch
  ///   first, the reverse direction alone.
  public init(_ node: ONNXRecurrent) throws(ExchangeError) {
    let (cell, gateActivation) = try Self.kind(of: node)
    var arrays = ["W": node.inputWeight, "R": node.recurrentWeight]
    arrays["B"] = node.bias
    var taken = LayerArrays(module: node.name, arrays: arrays, wanted: cell)
    let weights = try ONNXLayout.weights(of: &taken)
    try self.init(
      cell: cell, gateActivation: gateActivation, layers: [.init(forward: weights.weights, reverse: weights.reverse)])
  }

  /// The cell that computes what the operator does, and the function of its gates.
  ///
  /// - Throws: `ExchangeError` where there is none.
  static func kind(
    of node: ONNXRecurrent
  ) throws(ExchangeError) -> (cell: Cell, gateActivation: GateActivation) {
    let found: [(isThere: Bool, what: String)] = [
      (node.clip != nil, "a bound of the preactivations (clip)"),
      (node.couplesInputAndForget, "a forget gate coupled to the input gate (input_forget)"),
      (node.peepholes != nil, "peepholes (P)"),
      (node.isBatchFirst, "sequences with the batch first (layout)"),
      (node.direction == .reverse, "the reverse direction alone (direction)"),
    ]
    for (isThere, what) in found where isThere { throw .unsupportedOperator(node: node.name, what) }
    guard let kind = kindOfFunctions(of: node) else {
      throw .unsupportedOperator(node: node.name, node.functions)
    }
    return kind
  }

  /// As `kind(of:)`, by the operator's functions; nil where there is none.
  private static func kindOfFunctions(of node: ONNXRecurrent) -> (cell: Cell, gateActivation: GateActivation)? {
    let functions = node.activations.map { $0.lowercased() }
    let ofDirection = Array(functions.prefix(functions.count / (node.direction == .bidirectional ? 2 : 1)))
    guard functions.suffix(ofDirection.count) == ofDirection[...] else { return nil }
    switch (node.kind, ofDirection) {
    case (.rnn, ["tanh"]): return (.rnn, .sigmoid)
    case (.rnn, ["relu"]): return (.rnnReLU, .sigmoid)
    case (.lstm, ["sigmoid", "tanh", "tanh"]): return (.lstm, .sigmoid)
    case (.lstm, ["hardsigmoid", "tanh", "tanh"]): return node.hardSigmoid.map { (.lstm, $0) }
    case (.gru, ["sigmoid", "tanh"]): return (node.resetsAfterProduct ? .gru : .gruResetBefore, .sigmoid)
    case (.gru, ["hardsigmoid", "tanh"]):
      return node.hardSigmoid.map { (node.resetsAfterProduct ? .gru : .gruResetBefore, $0) }
    default: return nil
    }
  }
}

extension ONNXRecurrent {
  /// The functions of an operator whose gates are the only ones with parameters, of each direction the same; nil where they differ, or
  /// are no hard sigmoid here.
  fileprivate var hardSigmoid: GateActivation? {
    let directions = direction == .bidirectional ? 2 : 1
    guard max(activationAlpha.count, activationBeta.count) <= directions else { return nil }
    func values(_ given: [Float], default value: Float) -> Set<Float> {
      Set(given + Array(repeating: value, count: directions - given.count))
    }
    let slopes = values(activationAlpha, default: 0.2)
    let activation = GateActivation.hardSigmoid(slope: Double(slopes.first!))
    return slopes.count == 1 && values(activationBeta, default: 0.5) == [0.5] && activation.isValid ? activation : nil
  }

  /// The functions with their parameters, for messages.
  fileprivate var functions: String {
    func listed(_ name: String, _ values: [Float]) -> String {
      values.isEmpty ? "" : ", \(name) \(values.map { "\($0)" }.joined(separator: ", "))"
    }
    return "the activations \(activations.joined(separator: ", "))" + listed("alpha", activationAlpha)
      + listed("beta", activationBeta)
  }
}
