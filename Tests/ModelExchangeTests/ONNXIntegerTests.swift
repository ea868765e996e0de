import ForeignFiles
import LanguageModels
import ModelExchange
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// A character model as ONNX whose weights are 8-bit integers. (Numbers that it computes are compared by
/// `Tests/Interop/onnx_export.py`.)
@Suite struct ONNXIntegerTests {
  private static let cells: [CellKind] = [.lstm, .peepholeLSTM, .gru, .gruResetBefore, .rnn, .rnnReLU]

  private func file(_ cell: CellKind, hidden: Int = 5, embedding: Int = 4) throws -> ModelFile<Float> {
    let vocabulary = try Vocabulary(symbols: (0..<6).map { [UInt8(97 + $0)] }, kind: .character)
    let architecture = Architecture(cell: cell, layers: 2, hidden: hidden, embedding: embedding)
    var random = RandomSource(seed: 1)
    let model = CharacterModel<Float>(ModelShape(architecture, vocabulary: 6)).drawn(using: &random)
    return ModelFile(model: model, vocabulary: vocabulary)
  }

  /// Rows of a weight, gate by gate in the operator's order.
  private func ordered(_ rows: [Float], _ cell: CellKind) -> [Float] {
    let order =
      switch cell {
      case .lstm, .peepholeLSTM: [0, 3, 1, 2]
      case .gru, .gruResetBefore: [1, 0, 2]
      default: [0]
      }
    let size = rows.count / order.count
    return order.flatMap { rows[$0 * size..<($0 + 1) * size] }
  }

  /// For each input of a weight in a graph, the products of a row of zeros and a one there.
  private func rowsOfOnes(times weight: String, in constants: NamedTensors) throws -> [[Float]] {
    let integers: [UInt8] = try #require(constants[weight]?.values())
    let scales: [Float] = try #require(constants["\(weight)_scales"]?.values())
    let one = 1 as Float / 127
    return stride(from: 0, to: integers.count, by: scales.count).map { start in
      zip(integers[start..<start + scales.count], scales).map { integer, scale in
        Float(127 * (Int(integer) - 128)) * (one * scale)
      }
    }
  }

  /// A row of zeros and a one is 127 times a scale of 1/127: its product shows the integers of a row of the packed weight.
  @Test(arguments: cells) func theIntegersAreThoseThatAPackedWeightHolds(cell: CellKind) throws {
    guard ProductFormat.int8Weights.isSupported(for: Float.self) else { return }
    let file = try file(cell)
    let constants = try ONNXModel(file, weights: .int8).graph.initializers
    for name in ["rnn.weight_ih_l0", "rnn.weight_ih_l1", "rnn.weight_hh_l0", "rnn.weight_hh_l1", "decoder.weight"] {
      let tensor = try #require(file.checkpoint.tensors[name])
      var weight: [Float] = try #require(tensor.values())
      if name.hasPrefix("rnn") { weight = ordered(weight, cell) }
      let (outputs, inputs) = (tensor.shape[0], tensor.shape[1])
      let packed = PackedMatrix(
        Tensor(weight, shape: [outputs, inputs]), transposed: true, format: .int8Weights)
      let ones = Tensor((0..<inputs * inputs).map { $0 % (inputs + 1) == 0 ? 1 as Float : 0 }, shape: [inputs, inputs])
      let products = ones.matmul(packed).scalars
      // The candidate of a GRU that resets before the product has a product of its own.
      let isDivided = cell == .gruResetBefore && name.contains("weight_hh")
      let parts = try (isDivided ? ["\(name)_zr", "\(name)_n"] : [name]).map {
        try rowsOfOnes(times: $0, in: constants)
      }
      let held = (0..<inputs).flatMap { input in parts.flatMap { $0[input] } }
      #expect(held == products, "\(name)")
    }
  }

  @Test(arguments: cells) func inputsAndOutputsAreThoseOfTheFloatGraph(cell: CellKind) throws {
    let file = try file(cell)
    let (integers, floats) = (try ONNXModel(file, weights: .int8).graph, try ONNXModel(file).graph)
    #expect(integers.inputs == floats.inputs && integers.outputs == floats.outputs)
    for state in integers.inputs.dropFirst() {
      #expect(integers.initializers[state.name] == floats.initializers[state.name])
    }
  }

  @Test(arguments: cells) func everyProductIsOfIntegersAndEveryLayerAScan(cell: CellKind) throws {
    let graph = try ONNXModel(file(cell), weights: .int8).graph
    let bodies = graph.nodes.compactMap { node -> ONNXGraph? in
      guard case .graph(let body)? = node.attributes["body"] else { return nil }
      return body
    }
    func products(_ nodes: [ONNXNode]) -> Int { nodes.filter { $0.operation == "MatMulInteger" }.count }
    // Embeddings, the outputs of the lower layer and those of the upper one.
    #expect(bodies.count == 2 && products(graph.nodes) == 3)
    for body in bodies { #expect(products(body.nodes) == (cell == .gruResetBefore ? 2 : 1)) }
    // Scales are multiplied by the only products of floats.
    for node in graph.nodes + bodies.flatMap(\.nodes) {
      #expect(node.operation != "MatMul" || node.inputs[1].hasSuffix("_scales"))
      #expect(node.domain.isEmpty && !["LSTM", "GRU", "RNN"].contains(node.operation))
    }
  }

  /// Names of a graph within a graph are names of the outer one too.
  @Test(arguments: cells) func everyNameIsGivenOnce(cell: CellKind) throws {
    let graph = try ONNXModel(file(cell), weights: .int8).graph
    var names = graph.initializers.names + ["tokens"]
    for node in graph.nodes {
      names += node.outputs
      guard case .graph(let body)? = node.attributes["body"] else { continue }
      names += body.inputs.map(\.name) + body.nodes.flatMap(\.outputs)
    }
    #expect(names.count == Set(names).count)
  }

  @Test func oneHotTokensLookUpTheInputsWeightAsItIs() throws {
    let file = try file(.lstm, embedding: 0)
    let constants = try ONNXModel(file, weights: .int8).graph.initializers
    #expect(constants["columns"] != nil && constants["rnn.weight_ih_l0"] == nil)
    let columns: [Float] = try #require(constants["columns"]?.values())
    let weight = ordered(try file.checkpoint.values(of: "rnn.weight_ih_l0"), .lstm)
    #expect(columns == (0..<6).flatMap { column in (0..<20).map { weight[$0 * 6 + column] } })
  }

  @Test func aFileHasAboutAQuarterOfTheBytes() throws {
    let file = try file(.lstm, hidden: 96)
    let bytes = try ONNXWeightFormat.allCases.map { try ONNXModel(file, weights: $0).serialized().count }
    #expect(Double(bytes[1]) / Double(bytes[0]) < 0.3, "\(bytes)")
  }

  @Test func theMetadataSayHowTheWeightsAreHeld() throws {
    let file = try file(.gru)
    let model = try ONNXModel(file, weights: .int8)
    #expect(model.metadata == file.checkpoint.metadata.merging(["weights": "int8"]) { $1 })
    #expect(try ONNXModel(MappedFile(copying: model.serialized(), as: "file")) == model)
  }

  /// The scale of a row of zeros is zero; one that is not a number makes its output none.
  @Test func rowsOfZerosAndOfNoNumbersHaveSuchScales() throws {
    var file = try file(.rnn)
    file.model.updateParameters { parameter, name in
      guard name == "decoder.weight" else { return }
      var values = parameter.value.scalars
      for column in 0..<5 { values[column] = 0 }
      values[6] = .nan
      parameter.value = Tensor(values, shape: parameter.shape)
    }
    let constants = try ONNXModel(file, weights: .int8).graph.initializers
    let scales: [Float] = try #require(constants["decoder.weight_scales"]?.values())
    #expect(scales[0] == 0 && scales[1].isNaN && scales[2...].allSatisfy { $0 > 0 })
  }
}
