import ForeignFiles
import LanguageModels
import ModelExchange
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// A character model as ONNX has the model's weights in the operators' order of gates. (Numbers that it computes are
/// compared by `Tests/Interop/onnx_export.py`.)
@Suite struct ONNXExportTests {
  private func file(_ architecture: Architecture, symbols: Int = 5) throws -> ModelFile<Float> {
    let vocabulary = try Vocabulary(symbols: (0..<symbols).map { [UInt8(97 + $0)] }, kind: .character)
    var random = RandomSource(seed: 1)
    let model = CharacterModel<Float>(ModelShape(architecture, vocabulary: symbols)).drawn(using: &random)
    return ModelFile(model: model, vocabulary: vocabulary)
  }

  private func architecture(_ cell: CellKind, embedding: Int = 0) -> Architecture {
    Architecture(cell: cell, layers: 2, hidden: 3, embedding: embedding)
  }

  @Test(arguments: [
    (CellKind.lstm, ONNXRecurrent.Kind.lstm, [0, 3, 1, 2]), (.peepholeLSTM, .lstm, [0, 3, 1, 2]),
    (.gru, .gru, [1, 0, 2]), (.gruResetBefore, .gru, [1, 0, 2]), (.rnn, .rnn, [0]), (.rnnReLU, .rnn, [0]),
  ])
  func eachLayerIsAnOperatorWithItsWeights(cell: CellKind, kind: ONNXRecurrent.Kind, order: [Int]) throws {
    let file = try file(architecture(cell, embedding: 4))
    let nodes = try ONNXModel(file).recurrentNodes()
    #expect(nodes.count == 2)
    for (layer, node) in nodes.enumerated() {
      func ordered(_ name: String) throws -> [Float] {
        let values: [Float] = try file.checkpoint.values(of: "rnn.\(name)_l\(layer)")
        let size = values.count / order.count
        return order.flatMap { values[$0 * size..<($0 + 1) * size] }
      }
      #expect(node.kind == kind && node.hiddenSize == 3 && node.direction == .forward)
      #expect(node.resetsAfterProduct == (cell == .gru))
      #expect(node.activations[0] == (cell == .rnnReLU ? "Relu" : kind == .rnn ? "Tanh" : "Sigmoid"))
      #expect(try node.inputWeight.values() == ordered("weight_ih"))
      #expect(try node.recurrentWeight.values() == ordered("weight_hh"))
      #expect(try node.bias?.values() == ordered("bias_ih") + ordered("bias_hh"))
      let peepholes: [Float] =
        cell == .peepholeLSTM
        ? try ["ci", "co", "cf"].flatMap { try file.checkpoint.values(of: "rnn.weight_\($0)_l\(layer)") } : []
      #expect(node.peepholes?.values() ?? [] == peepholes)
    }
  }

  @Test func aGraphOfAsManyLayersAsThereMayBeIsFollowed() throws {
    let model = try ONNXModel(file(Architecture(cell: .gru, layers: 64, hidden: 2)))
    let tensors = try PackageFile(model, path: "model").tensors
    #expect(tensors.keys.count { $0.hasSuffix(".R") } == 64 && tensors["decoder.weight"]?.shape == [5, 2])
  }

  @Test func inputsAndOutputsAreNamedAndOfAnyTimeAndBatch() throws {
    let graph = try ONNXModel(file(architecture(.lstm))).graph
    func state(_ name: String, _ batch: String) -> ONNXValue {
      ONNXValue(name, dtype: .f32, shape: [.size(2), .named(batch), .size(3)])
    }
    #expect(
      graph.inputs == [
        ONNXValue("tokens", dtype: .i64, shape: [.named("time"), .named("batch")]), state("h0", "state_batch"),
        state("c0", "state_batch"),
      ])
    #expect(
      graph.outputs == [
        ONNXValue("logits", dtype: .f32, shape: [.named("time"), .named("batch"), .size(5)]), state("hn", "batch"),
        state("cn", "batch"),
      ])
    #expect(graph.initializers["h0"] == StoredTensor([Float](repeating: 0, count: 6), shape: [2, 1, 3]))
  }

  @Test func aTiedDecoderHasTheEmbeddingOnce() throws {
    var tied = architecture(.gru, embedding: 3)
    tied.isTied = true
    let names = try ONNXModel(file(tied)).graph.initializers.names
    #expect(names.contains("encoder.weight") && !names.contains("decoder.weight"))
  }

  @Test func theMetadataAreThoseOfTheCheckpoint() throws {
    let file = try file(architecture(.rnn))
    let model = try ONNXModel(file)
    #expect(model.metadata == file.checkpoint.metadata && model.metadata["vocabulary"] == #"["a","b","c","d","e"]"#)
    #expect(try ONNXModel(MappedFile(copying: model.serialized(), as: "file")) == model)
  }

  /// The identity that makes up for one-hot input is never larger than the weight.
  @Test(arguments: [2, 3, 4, 20]) func aOneHotInputTakesTheSmallerProduct(symbols: Int) throws {
    let model = try ONNXModel(file(Architecture(cell: .rnn, layers: 1, hidden: 3), symbols: symbols))
    let table = try #require(model.graph.initializers[symbols <= 3 ? "one_hot" : "columns"])
    #expect(table.shape == [symbols, min(symbols, 3)])
    #expect(try model.recurrentNodes()[0].inputWeight.shape == [1, 3, min(symbols, 3)])
  }

  // MARK: What is refused

  @Test(arguments: [CellKind.coupledLSTM, .minGRU, .minLSTM, .mgu, .indRNN, .sLSTM])
  func aCellWithoutAnOperatorIsNamed(cell: CellKind) {
    #expect(throws: ONNXExportError.cell(cell)) { try ONNXModel(file(architecture(cell))) }
  }

  @Test func layerNormalizationProjectionsAndZoneoutAreRefused() {
    var normalized = architecture(.lstm)
    normalized.layerNorm = true
    #expect(throws: ONNXExportError.layerNorm) { try ONNXModel(file(normalized)) }
    var projected = architecture(.lstm)
    projected.projection = 2
    #expect(throws: ONNXExportError.projection) { try ONNXModel(file(projected)) }
    var zonedOut = architecture(.gru)
    zonedOut.zoneout = 0.1
    #expect(throws: ONNXExportError.zoneout) { try ONNXModel(file(zonedOut)) }
  }
}
