import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import TensorCheckpoints
import Testing

@Suite struct ONNXOperatorTests {
  /// Weights of one layer, of numbers that are all different.
  private func weights(_ cell: RecurrentWeights.Cell, bidirectional: Bool) throws -> RecurrentWeights {
    var next: Float = 0
    func tensor(_ shape: Int...) -> StoredTensor {
      let count = shape.reduce(1, *)
      defer { next += Float(count) }
      return StoredTensor((0..<count).map { next + Float($0) }, shape: shape)
    }
    func direction() -> RecurrentWeights.Direction {
      let rows = cell.gateCount * 2
      return .init(
        inputWeight: tensor(rows, 3), recurrentWeight: tensor(rows, 2), inputBias: tensor(rows),
        recurrentBias: tensor(rows))
    }
    return try RecurrentWeights(
      cell: cell, layers: [.init(forward: direction(), reverse: bidirectional ? direction() : nil)])
  }

  /// The operator of a graph that holds nothing else.
  private func node(
    _ weights: RecurrentWeights, _ attributes: [String: ONNXAttribute] = [:], peepholes: Bool = false
  ) throws -> ONNXRecurrent {
    let kind =
      switch weights.cell {
      case .lstm: "LSTM"
      case .gru, .gruResetBefore: "GRU"
      case .rnn, .rnnReLU: "RNN"
      }
    var tensors = try weights.tensors(in: .onnx)
    let directions = weights.isBidirectional ? 2 : 1
    if peepholes { tensors["layers.0.P"] = StoredTensor([Float](repeating: 1, count: 6), shape: [1, 6]) }
    let direction: [String: ONNXAttribute] = directions == 2 ? ["direction": .string("bidirectional")] : [:]
    let node = ONNXNode(
      kind, name: "layer",
      inputs: ["x", "layers.0.W", "layers.0.R", "layers.0.B"] + (peepholes ? ["", "", "", "layers.0.P"] : []),
      outputs: ["y"], attributes: direction.merging(attributes) { $1 })
    let graph = ONNXGraph(
      name: "g", nodes: [node], initializers: NamedTensors(tensors.map { ($0.key, $0.value) }), inputs: [], outputs: [])
    return try ONNXModel(formatVersion: 8, operatorSets: ["": 17], graph: graph).recurrentNodes()[0]
  }

  /// Attributes without which an operator of the cell is of another one.
  private func attributes(of cell: RecurrentWeights.Cell, directions: Int) -> [String: ONNXAttribute] {
    switch cell {
    case .gru: ["linear_before_reset": .int(1)]
    case .rnnReLU: ["activations": .strings(Array(repeating: "Relu", count: directions))]
    default: [:]
    }
  }

  @Test(arguments: RecurrentWeights.Cell.allCases, [false, true])
  func anOperatorHasTheWeightsThatItWasMadeOf(cell: RecurrentWeights.Cell, bidirectional: Bool) throws {
    let weights = try weights(cell, bidirectional: bidirectional)
    let node = try node(weights, attributes(of: cell, directions: bidirectional ? 2 : 1))
    #expect(try RecurrentWeights(node) == weights)
  }

  @Test(arguments: [
    ("clip", ONNXAttribute.float(3), "a bound of the preactivations (clip)"),
    ("input_forget", .int(1), "a forget gate coupled to the input gate (input_forget)"),
    ("layout", .int(1), "sequences with the batch first (layout)"),
    ("direction", .string("reverse"), "the reverse direction alone (direction)"),
    ("activations", .strings(["HardSigmoid", "Tanh", "Tanh"]), "the activations HardSigmoid, Tanh, Tanh"),
  ])
  func anOperatorThatNoLayerComputesIsRefused(name: String, value: ONNXAttribute, what: String) throws {
    let node = try node(weights(.lstm, bidirectional: false), [name: value])
    let error = #expect(throws: ExchangeError.self) { try RecurrentWeights(node) }
    #expect(error.map { "\($0)" } == #"the operator "layer" has \#(what), which no layer here has"#)
  }

  @Test func peepholesAreRefused() throws {
    let node = try node(weights(.lstm, bidirectional: false), peepholes: true)
    #expect(throws: ExchangeError.unsupportedOperator(node: "layer", "peepholes (P)")) { try RecurrentWeights(node) }
  }

  @Test func functionsThatDifferBetweenDirectionsAreRefused() throws {
    let node = try node(weights(.rnn, bidirectional: true), ["activations": .strings(["Tanh", "Relu"])])
    #expect(throws: ExchangeError.unsupportedOperator(node: "layer", "the activations Tanh, Relu")) {
      try RecurrentWeights(node)
    }
  }
}
