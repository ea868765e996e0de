import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import RecurrentLayers
import TensorCheckpoints
import Testing

@Suite struct ONNXOperatorTests {
  /// Weights of one layer, of numbers that are all different.
  private func weights(
    _ cell: RecurrentWeights.Cell, _ gates: GateActivation = .sigmoid, bidirectional: Bool
  ) throws -> RecurrentWeights {
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
      cell: cell, gateActivation: gates,
      layers: [.init(forward: direction(), reverse: bidirectional ? direction() : nil)])
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
    ("activations", .strings(["Softsign", "Tanh", "Tanh"]), "the activations Softsign, Tanh, Tanh"),
    ("activations", .strings(["HardSigmoid", "Relu", "Tanh"]), "the activations HardSigmoid, Relu, Tanh"),
  ])
  func anOperatorThatNoLayerComputesIsRefused(name: String, value: ONNXAttribute, what: String) throws {
    let node = try node(weights(.lstm, bidirectional: false), [name: value])
    let error = #expect(throws: ExchangeError.self) { try RecurrentWeights(node) }
    #expect(error.map { "\($0)" } == #"the operator "layer" has \#(what), which no layer here has"#)
  }

  /// Operators write parameters of functions in single precision.
  private static let slopes: [(alpha: [Float], slope: Float)] = [([], 0.2), ([0.2], 0.2), ([0.25], 0.25)]

  @Test(arguments: [RecurrentWeights.Cell.lstm, .gru, .gruResetBefore], slopes)
  func hardSigmoidGatesAreRead(cell: RecurrentWeights.Cell, parameters: (alpha: [Float], slope: Float)) throws {
    for bidirectional in [false, true] {
      let (directions, gates) = (bidirectional ? 2 : 1, GateActivation.hardSigmoid(slope: Double(parameters.slope)))
      let weights = try weights(cell, gates, bidirectional: bidirectional)
      let functions = ["HardSigmoid"] + Array(repeating: "Tanh", count: cell == .lstm ? 2 : 1)
      var added = attributes(of: cell, directions: directions)
      added["activations"] = .strings(Array(repeating: functions, count: directions).flatMap { $0 })
      if !parameters.alpha.isEmpty {
        added["activation_alpha"] = .floats(Array(repeating: parameters.alpha[0], count: directions))
        added["activation_beta"] = .floats(Array(repeating: 0.5, count: directions))
      }
      #expect(try RecurrentWeights(node(weights, added)) == weights)
    }
  }

  @Test(
    arguments: [
      ([0.2], [0.25], "alpha 0.2, beta 0.25"), ([-0.2], [0.5], "alpha -0.2, beta 0.5"),
      ([0.2, 0.3, 0.4], [], "alpha 0.2, 0.3, 0.4"), ([.infinity], [], "alpha inf"), ([.nan], [], "alpha nan"),
    ] as [([Float], [Float], String)])
  func otherHardSigmoidsAreRefusedByName(alpha: [Float], beta: [Float], named: String) throws {
    var attributes: [String: ONNXAttribute] = ["activations": .strings(["HardSigmoid", "Tanh", "Tanh"])]
    if !alpha.isEmpty { attributes["activation_alpha"] = .floats(alpha) }
    if !beta.isEmpty { attributes["activation_beta"] = .floats(beta) }
    let node = try node(weights(.lstm, bidirectional: false), attributes)
    let error = #expect(throws: ExchangeError.self) { try RecurrentWeights(node) }
    #expect(
      error.map { "\($0)" }
        == #"the operator "layer" has the activations HardSigmoid, Tanh, Tanh, \#(named), which no layer here has"#)
  }

  @Test func hardSigmoidsOfTwoSlopesAreRefused() throws {
    let node = try node(
      weights(.gru, bidirectional: true),
      ["activations": .strings(["HardSigmoid", "Tanh", "HardSigmoid", "Tanh"]), "activation_alpha": .floats([0.25])])
    #expect(
      throws: ExchangeError.unsupportedOperator(
        node: "layer", "the activations HardSigmoid, Tanh, HardSigmoid, Tanh, alpha 0.25")
    ) { try RecurrentWeights(node) }
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
