import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelExchange
import RecurrentLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// A model of this package, its symbols in another order, under the names of another package.
private struct Disguised {
  let original: ModelFile<Float>
  /// Symbols of the model in the package's order.
  let vocabulary: ImportedVocabulary
  let tensors: [String: StoredTensor]
  /// The package's names of the embedding, the linear layer's weight and its bias.
  let names: (embedding: String, weight: String, bias: String)

  init(_ architecture: Architecture, as convention: WeightConvention) throws {
    let symbols = ["d", "a", "é", "\n", "c"].map { Array($0.utf8) }
    vocabulary = try ImportedVocabulary(symbols: symbols)
    let sorted = try Vocabulary(symbols: symbols, kind: .scalar)
    var random = RandomSource(seed: 3)
    var model = CharacterModel<Float>(ModelShape(architecture, vocabulary: 5)).drawn(using: &random)
    model.updateParameters { parameter, _ in
      parameter.value += .normal(parameter.value.shape, mean: 0, standardDeviation: 0.3, using: &random)
    }
    original = ModelFile(model: model, vocabulary: sorted)
    let values = Dictionary(uniqueKeysWithValues: model.parameters.map { ($0.name, $0.parameter.value) })
    let order = symbols.map { Int(sorted.id(of: $0)!) }
    func rows(_ tensor: Tensor<Float>) -> Tensor<Float> { .stack(order.map { tensor.row($0) }) }

    var recurrent: [String: StoredTensor] = [:]
    for (name, value) in values where name.hasPrefix("rnn.") {
      let isOneHot = architecture.embedding == 0 && name == "rnn.weight_ih_l0"
      recurrent[name] = StoredTensor(isOneHot ? rows(value.transposed()).transposed() : value)
    }
    let isTransposed: Bool
    (names, isTransposed) =
      switch convention {
      case .keras: (("layers/embedding/vars/0", "layers/dense/vars/0", "layers/dense/vars/1"), true)
      case .flax: (("embed.embedding", "head.kernel", "head.bias"), true)
      case .flaxLinen: (("params/Embed_0/embedding", "params/Dense_0/kernel", "params/Dense_0/bias"), true)
      case .pytorch, .mlx, .onnx: (("embed.weight", "head.weight", "head.bias"), false)
      }
    var tensors = try RecurrentWeights.convert(
      recurrent, from: .pytorch, to: convention, cell: .init(rawValue: architecture.cell.rawValue))
    if let table = values["encoder.weight"] { tensors[names.embedding] = StoredTensor(rows(table)) }
    if let weight = values["decoder.weight"] {
      tensors[names.weight] = StoredTensor(isTransposed ? rows(weight).transposed() : rows(weight))
    }
    let bias = values["decoder.bias"]!
    tensors[names.bias] = StoredTensor(rows(bias.reshaped([5, 1])).reshaped([5]))
    self.tensors = tensors
  }

  func imported(_ convention: WeightConvention? = nil) throws -> CharacterModelImport {
    try CharacterModelImport(
      PackageFile(path: "model", tensors: tensors), convention: convention,
      cell: .init(rawValue: original.model.architecture.cell.rawValue), vocabulary: vocabulary)
  }
}

@Suite struct CharacterModelImportTests {
  private static let architectures: [Architecture] = [
    Architecture(cell: .lstm, layers: 2, hidden: 4), Architecture(cell: .rnnReLU, layers: 1, hidden: 3, embedding: 2),
    Architecture(cell: .rnn, layers: 3, hidden: 4, embedding: 4), Architecture(cell: .gru, layers: 2, hidden: 5),
  ]

  @Test(arguments: architectures, WeightConvention.allCases)
  func aModelIsTheSameWhateverTheOrderOfItsSymbols(architecture: Architecture, convention: WeightConvention) throws {
    let disguised: Disguised
    do { disguised = try Disguised(architecture, as: convention) } catch let error as ExchangeError {
      #expect("\(error)" == "flax has no place for a recurrent bias of a GRU, b_hn" && convention == .flax)
      return
    }
    let imported = try disguised.imported()
    // An LSTM that keeps its gates apart has the same names in both interfaces of flax.
    #expect(imported.convention == (convention == .flaxLinen && architecture.cell == .lstm ? .flax : convention))
    let model = try ModelFile<Float>(imported.checkpoint)
    #expect(model.vocabulary == disguised.original.vocabulary)
    #expect(model.model.shape == disguised.original.model.shape)
    let tokens = TokenGrid(ids: [0, 4, 2, 1, 3, 3, 0], time: 7, batch: 1)
    func logits(_ model: CharacterModel<Float>) -> Tensor<Float> {
      var context = ForwardContext<Float>()
      return model(tokens, in: &context).logits.value
    }
    #expect(largestDifference([logits(model.model)], [logits(disguised.original.model)]) < 1e-5)
  }

  @Test func aTiedDecoderIsFoundByItsEqualWeights() throws {
    let architecture = Architecture(cell: .lstm, layers: 1, hidden: 4, embedding: 4, isTied: true)
    var disguised = try Disguised(architecture, as: .pytorch).tensors
    let vocabulary = try Disguised(architecture, as: .pytorch).vocabulary
    disguised["head.weight"] = disguised["embed.weight"]
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: disguised), vocabulary: vocabulary)
    #expect(imported.shape.isTied && imported.checkpoint.tensors["decoder.weight"] == nil)
  }

  @Test(arguments: [0, 4])
  func aModelWithoutItsSpecialSymbolsHasTheWeightsOfTheOthers(embedding: Int) throws {
    let architecture = Architecture(cell: .lstm, layers: 1, hidden: 4, embedding: embedding)
    let disguised = try Disguised(architecture, as: .pytorch)
    let special = ["a", "<pad>", "b", "c", "<unk>"].map { Array($0.utf8) }
    let whole = try disguised.imported().checkpoint.tensors
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: disguised.tensors), vocabulary: ImportedVocabulary(symbols: special))
    #expect(imported.vocabulary.symbols == [[97], [98], [99]] && imported.shape.vocabulary == 3)
    #expect(imported.leftOut == ["<pad>", "<unk>"].map { Array($0.utf8) })
    // Places of a, b and c in the order of the model, and of those in the order of the whole import.
    let sorted = try #require(try? Vocabulary(symbols: disguised.vocabulary.symbols, kind: .scalar))
    let rows = [0, 2, 3].map { Int(sorted.id(of: disguised.vocabulary.symbols[$0])!) }
    let (found, all) = (
      try #require(Tensor<Float>(imported.checkpoint.tensors["decoder.weight"]!)),
      try #require(Tensor<Float>(whole["decoder.weight"]!))
    )
    #expect(found == .stack(rows.map { all.row($0) }))
  }

  /// Keras's `Tokenizer` numbers symbols from 1.
  @Test func theNumberZeroOfNoSymbolIsLeftOut() throws {
    let directory = try ScratchDirectory()
    let path = directory.path + "/symbols.json"
    try Data(#"{"word_index": {"d": 1, "a": 2, "c": 3, "b": 4}}"#.utf8).write(to: URL(fileURLWithPath: path))
    let disguised = try Disguised(Self.embedded, as: .pytorch)
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: disguised.tensors), vocabulary: ImportedVocabulary(contentsOf: path))
    #expect(imported.vocabulary.symbols == [[97], [98], [99], [100]] && imported.leftOut == [[]])
    let (found, all) = (
      try #require(Tensor<Float>(imported.checkpoint.tensors["encoder.weight"]!)),
      try #require(Tensor<Float>(disguised.tensors["embed.weight"]!))
    )
    #expect(found == .stack([2, 4, 3, 1].map { all.row($0) }))
  }

  private static let embedded = Architecture(cell: .lstm, layers: 1, hidden: 4, embedding: 4)

  @Test(arguments: WeightConvention.allCases)
  func aDecoderWithoutBiasIsToldFromTheEmbeddingByName(convention: WeightConvention) throws {
    let disguised = try Disguised(Self.embedded, as: convention)
    var tensors = disguised.tensors
    tensors[disguised.names.bias] = nil
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: tensors), vocabulary: disguised.vocabulary)
    let original = disguised.original.checkpoint.tensors
    #expect(imported.checkpoint.tensors["encoder.weight"] == original["encoder.weight"])
    #expect(imported.checkpoint.tensors["decoder.weight"] == original["decoder.weight"])
    #expect(imported.checkpoint.tensors["decoder.bias"]?.values(as: Float.self) == [0, 0, 0, 0, 0])
  }

  /// As flax's `to_bytes` writes variables of nnx: objects of their values, in MessagePack.
  @Test(arguments: ["value", "raw_value"])
  func aVariableOfNNXIsItsValue(word: String) throws {
    let disguised = try Disguised(Self.embedded, as: .flax)
    let named = disguised.tensors.map { ("\($0.key.replacing(".", with: "/"))/\(word)", $0.value) }
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: Dictionary(uniqueKeysWithValues: named)), vocabulary: disguised.vocabulary)
    #expect(try imported.checkpoint.tensors == disguised.imported().checkpoint.tensors)
  }

  /// Names of the embedding and the linear layer, both [5, 4] with no bias.
  @Test(arguments: [("tok", "head"), ("words", "output"), ("tok", "embed_out"), ("embed", "embedding2")])
  func matricesThatNeitherShapesNorNamesTellApartAreRefused(embedding: String, linear: String) throws {
    let disguised = try Disguised(Self.embedded, as: .pytorch)
    var tensors = disguised.tensors
    tensors["head.bias"] = nil
    let (table, weight) = (tensors.removeValue(forKey: "embed.weight"), tensors.removeValue(forKey: "head.weight"))
    (tensors["\(embedding).weight"], tensors["\(linear).weight"]) = (table, weight)
    let names = ["\(embedding).weight", "\(linear).weight"].sorted().map { "\"\($0)\"" }.joined(separator: ", ")
    expect(
      "model: which of its matrices is the embedding and which the linear layer is told by neither their shapes nor their "
        + "names: \(names)", from: tensors, disguised.vocabulary)
  }

  /// An embedding of two features and a linear layer of four outputs, whatever they are called.
  @Test func matricesOfOtherShapesAreToldApartByThem() throws {
    let disguised = try Disguised(Architecture(cell: .lstm, layers: 1, hidden: 4, embedding: 2), as: .pytorch)
    var tensors = disguised.tensors
    tensors["head.bias"] = nil
    let (table, weight) = (tensors.removeValue(forKey: "embed.weight"), tensors.removeValue(forKey: "head.weight"))
    (tensors["decoder.weight"], tensors["encoder.weight"]) = (table, weight)
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: tensors), vocabulary: disguised.vocabulary)
    #expect(imported.checkpoint.tensors["encoder.weight"] == disguised.original.checkpoint.tensors["encoder.weight"])
  }

  @Test func aSquareMatrixAloneIsToldByItsName() throws {
    let disguised = try Disguised(Architecture(cell: .lstm, layers: 1, hidden: 5), as: .pytorch)
    func tensors(_ name: String) -> [String: StoredTensor] {
      var tensors = disguised.tensors
      tensors["head.bias"] = nil
      tensors["\(name).weight"] = tensors.removeValue(forKey: "head.weight")
      return tensors
    }
    for (name, isTied) in [("embed", true), ("head", false)] {
      let imported = try CharacterModelImport(
        PackageFile(path: "model", tensors: tensors(name)), vocabulary: disguised.vocabulary)
      #expect(imported.shape.isTied == isTied)
    }
    expect(
      #"model: whether "weights.weight" is the linear layer alone, or the embedding too, is told by neither its shape nor its name"#,
      from: tensors("weights"), disguised.vocabulary)
  }

  /// A table of as many numbers as symbols, which the matrix of a linear layer may be too, and tensors beside a matrix that are no
  /// bias of it.
  @Test func whatMayBeAnotherLayerIsRefused() throws {
    let square = Architecture(cell: .gru, layers: 1, hidden: 4, embedding: 5)
    let disguised = try Disguised(square, as: .pytorch)
    let symbols = try #require(disguised.tensors["embed.weight"]).shape[0]
    try #require(symbols == 5)
    func tensors(_ change: (inout [String: StoredTensor]) -> Void) -> [String: StoredTensor] {
      var tensors = disguised.tensors
      change(&tensors)
      return tensors
    }
    for name in ["in_proj", "tok", "unembed"] {
      let error = #expect(throws: PackageFileError.self) {
        try CharacterModelImport(
          PackageFile(
            path: "model", tensors: tensors { $0["\(name).weight"] = $0.removeValue(forKey: "embed.weight") }),
          vocabulary: disguised.vocabulary)
      }
      guard case .model(.ambiguousParts)? = error?.problem else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
    for (name, old) in [
      ("embed.parametrizations.weight.original", "embed.weight"), ("head.scale", "head.bias"),
    ] {
      let error = #expect(throws: PackageFileError.self) {
        try CharacterModelImport(
          PackageFile(path: "model", tensors: tensors { $0[name] = $0.removeValue(forKey: old) }),
          vocabulary: disguised.vocabulary)
      }
      guard case .model(.unread)? = error?.problem else {
        Issue.record("\(name) \(String(describing: error))")
        return
      }
    }
  }

  @Test(arguments: ["drop.rngs.count", "rnn.rngs.default.key"])
  func randomStatesOfFlaxAreNoWeights(name: String) throws {
    let disguised = try Disguised(Self.embedded, as: .flax)
    let state = StoredTensor(dtype: .u32, shape: [2], bytes: [UInt8](repeating: 1, count: 8))
    let imported = try CharacterModelImport(
      PackageFile(path: "model", tensors: disguised.tensors.merging([name: state]) { $1 }),
      vocabulary: disguised.vocabulary)
    #expect(try imported.checkpoint.tensors == disguised.imported().checkpoint.tensors)
  }

  private func expect(_ message: String, from tensors: [String: StoredTensor], _ vocabulary: ImportedVocabulary) {
    let error = #expect(throws: PackageFileError.self) {
      try CharacterModelImport(PackageFile(path: "model", tensors: tensors), vocabulary: vocabulary)
    }
    #expect(error.map { "\($0)" } == message)
  }

  @Test func whatIsNoCharacterModelIsRefusedByName() throws {
    let disguised = try Disguised(Architecture(cell: .lstm, layers: 1, hidden: 4), as: .pytorch)
    let (tensors, vocabulary) = (disguised.tensors, disguised.vocabulary)
    let zeros = StoredTensor([Float](repeating: 0, count: 12), shape: [4, 3])
    expect(
      #"model: it holds 1 tensor that a character model has no place for: "norm.weight""#,
      from: tensors.merging(["norm.weight": StoredTensor([1] as [Float], shape: [1])]) { $1 }, vocabulary)
    let first = StoredTensor([Float](repeating: 0, count: 16), shape: [4, 4])
    let firstBias = StoredTensor([Float](repeating: 0, count: 4), shape: [4])
    expect(
      "model: it has 2 linear layers, and a character model one, from the top layer's outputs to symbols: \"first.weight\", "
        + "\"head.weight\"", from: tensors.merging(["first.weight": first, "first.bias": firstBias]) { $1 }, vocabulary)
    expect(
      #"model: "embed.weight" has the shape [4, 3], and an embedding of this model has [5, 5]"#,
      from: tensors.merging(["embed.weight": zeros]) { $1 }, vocabulary)
    var headless = tensors
    headless["head.weight"] = nil
    headless["head.bias"] = nil
    expect(
      "model: it has no linear layer from the 4 outputs of its top layer to symbols, so that it is no model of the next "
        + "character; RecurrentWeights(…) of the library loads its layers", from: headless, vocabulary)
    expect(
      "model: the vocabulary has 1 symbol, and the model 5", from: tensors,
      try ImportedVocabulary(symbols: [[97]]))
    let names = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"]
    let reverse = names.map { ($0 + "_reverse", tensors[$0]!) }
    expect(
      "model: its layers read text in both directions, so that it is no model of the next character; RecurrentWeights(…) of "
        + "the library loads them", from: tensors.merging(reverse) { $1 }, vocabulary)
    expect(
      "model: its names fit several conventions: pytorch, mlx",
      from: tensors.merging(["l.Wx": zeros, "l.Wh": zeros]) { $1 }, vocabulary)
    var infinite = tensors
    infinite["head.bias"] = StoredTensor([0, .infinity, 0, 0, 0] as [Float], shape: [5])
    expect(#"model: "decoder.bias" is not finite at index 1"#, from: infinite, vocabulary)
  }
}
