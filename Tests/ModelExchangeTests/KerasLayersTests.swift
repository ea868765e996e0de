import CharrnnTestSupport
import ForeignFiles
import Foundation
import ModelExchange
import TensorCheckpoints
import Testing

/// Models of Keras whose weights are those of layers here, but not what they compute. Tests/Interop/make_keras_layers.py writes
/// their descriptions.
@Suite struct KerasLayersTests {
  private static let noCell = "which no layer here has"
  private static let noPlace = "which a character model here has no place for"
  private static let timeDistributed = #"is of the class "TimeDistributed(LayerNormalization)""#
  private static let order =
    "breaks the order of a character model here: an embedding, recurrent layers and a linear layer, each on the output of the one "
    + "before alone"

  /// A file of tensors, one by default, with the description of this name.
  private func file(
    _ name: String, _ tensors: [String: StoredTensor] = ["weight": StoredTensor([0] as [Float], shape: [1])]
  ) throws -> PackageFile {
    let fixture = Repository.fixture("exchange-models").appendingPathComponent("keras-layers.json")
    let all = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture)) as? [String: Any]
    let description = try JSONSerialization.data(withJSONObject: #require(all?[name]))
    let folder = try ScratchDirectory()
    var writer = HDF5Writer(to: folder.path + "/model.h5")
    for (name, tensor) in tensors { try writer.add(tensor, at: name) }
    try writer.setAttribute("model_config", to: .text(String(decoding: description, as: UTF8.self)))
    try writer.write()
    return try PackageFile(contentsOf: writer.path)
  }

  @Test(arguments: [
    ("cell's activation", #"its layer "lstm_cell" has the activation "relu", which no such layer has here"#),
    ("cell's gates", #"its layer "gru_cell_2" has the recurrent_activation "relu", which no such layer has here"#),
    ("cell in a stack", #"its layer "simple_rnn_cell_1" has the activation "elu", which no such layer has here"#),
    ("cell of a program", #"its layer "rnn_5" has the cell "Own>OwnCell", \#(noCell)"#),
    ("backwards", #"its layer "lstm_2" has go_backwards, \#(noCell)"#),
    ("backwards in RNN", #"its layer "rnn_6" has go_backwards, \#(noCell)"#),
    ("backward first", #"its layer "lstm_4" has go_backwards, \#(noCell)"#),
    ("sum of directions", #"its layer "bidirectional_1" has the merge_mode "sum", \#(noCell)"#),
  ])
  func layersThatComputeOtherwiseAreRefused(name: String, message: String) throws {
    let error = #expect(throws: PackageFileError.self) { try file(name) }
    guard case .exchange(let problem)? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(problem)" == message)
  }

  @Test(arguments: [
    ("Lambda", #"its layer "lambda" is of the class "Lambda", \#(noPlace)"#),
    ("Permute", #"its layer "permute" is of the class "Permute", \#(noPlace)"#),
    ("LayerNormalization", #"its layer "layer_normalization" is of the class "LayerNormalization", \#(noPlace)"#),
    ("layer of a program", #"its layer "dense_13" is of the class "Own>Dense", \#(noPlace)"#),
    ("TimeDistributed", #"its layer "time_distributed_1" \#(timeDistributed), \#(noPlace)"#),
    ("activation of states", #"its layer "activation" has the activation "relu", \#(noPlace)"#),
    ("activation of symbols", #"its layer "dense_16" has the activation "sigmoid", \#(noPlace)"#),
    ("softmax twice", #"its layer "softmax_1" \#(order)"#),
    ("softmax of states", #"its layer "softmax_2" \#(order)"#),
    ("softmax of time", #"its layer "softmax_3" has an axis other than -1, \#(noPlace)"#),
    ("mask", #"its layer "embedding_19" has mask_zero, \#(noPlace)"#),
    ("linear layer below", #"its layer "dense_22" \#(order)"#),
    ("layer used twice", #"its layer "lstm_18" \#(order)"#),
    ("state of another layer", #"its layer "lstm_20" \#(order)"#),
    ("state alone", #"its layer "dense_25" \#(order)"#),
    ("sum", #"its layer "add" is of the class "Add", \#(noPlace)"#),
    ("layers side by side", #"its layer "lstm_25" \#(order)"#),
    ("model in a model", #"its layer "re_lu" is of the class "ReLU", \#(noPlace)"#),
    ("tied with a cap", #"its layer "reversible_embedding_1" has logit_soft_cap, \#(noPlace)"#),
    ("tied with a mask", #"its layer "reversible_embedding_2" has mask_zero, \#(noPlace)"#),
    ("reversible, not tied", #"its layer "reversible_embedding_3" has tie_weights off, \#(noPlace)"#),
    ("layer above a tied one", #"its layer "lstm_31" \#(order)"#),
    ("tied in the middle", #"its layer "lstm_35" \#(order)"#),
  ])
  func modelsThatAreNoChainAreNoCharacterModel(name: String, message: String) throws {
    let file = try file(name)
    let error = #expect(throws: PackageFileError.self) { try CharacterModelImport(file, vocabulary: .bytes) }
    guard case .model(let problem)? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect("\(problem)" == message)
  }

  @Test func aReversibleEmbeddingIsTheLinearLayerToo() throws {
    func numbers(_ shape: Int...) -> StoredTensor {
      StoredTensor((0..<shape.reduce(1, *)).map { Float($0) / 100 }, shape: shape)
    }
    let file = try file(
      "tied",
      [
        "reversible_embedding/embeddings": numbers(5, 4), "lstm/lstm_cell/kernel": numbers(4, 16),
        "lstm/lstm_cell/recurrent_kernel": numbers(4, 16), "lstm/lstm_cell/bias": numbers(16),
      ])
    let symbols = (0..<5).map { [UInt8(ascii: "a") + $0] }
    let model = try CharacterModelImport(file, vocabulary: ImportedVocabulary(symbols: symbols))
    #expect(model.shape.isTied)
    #expect(model.checkpoint.tensors["encoder.weight"] == numbers(5, 4))
    #expect(model.checkpoint.tensors["decoder.weight"] == nil)
  }
}
