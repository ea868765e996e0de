import CharrnnTestSupport
import ForeignFiles
import ModelExchange
import TensorCheckpoints
import Testing

/// Which layer is above the other in files of Keras. Each layer is a `SimpleRNN` of one unit, whose weights are its number.
@Suite struct KerasOrderTests {
  private let folder: ScratchDirectory

  init() throws { folder = try ScratchDirectory() }

  /// Layers of a file in the form of Keras 2: the names of their groups, and of the cells in these, in the order of the file.
  private func file(
    _ layers: [(group: String, cells: [String])], in group: String = "model_weights", configuration: String? = nil,
    isListed: Bool = true
  ) throws -> PackageFile {
    var writer = HDF5Writer(to: folder.path + "/model.h5")
    var number: Float = 0
    for (layer, cells) in layers {
      var names: [String] = []
      for cell in cells {
        for array in ["kernel", "recurrent_kernel"] {
          names.append("\(cell)/\(array)")
          try writer.add(StoredTensor([number], shape: [1, 1]), at: "\(group)/\(layer)/\(cell)/\(array)")
        }
        number += 1
      }
      try writer.setAttribute(
        "weight_names", to: names.isEmpty ? .numbers(StoredTensor([] as [Double], shape: [0])) : .texts(names),
        of: "\(group)/\(layer)")
    }
    if isListed { try writer.setAttribute("layer_names", to: .texts(layers.map(\.group)), of: group) }
    if let configuration { try writer.setAttribute("model_config", to: .text(configuration)) }
    try writer.write()
    return try PackageFile(contentsOf: writer.path)
  }

  /// Numbers of the layers, the lowest first; of both directions where there are two.
  private func numbers(_ file: PackageFile) throws -> [[Float]] {
    try RecurrentWeights(file.tensors, in: .keras, order: file.order).layers.map { layer in
      [layer.forward, layer.reverse].compactMap { $0?.inputWeight.values(as: Float.self)![0] }
    }
  }

  @Test(arguments: ["model_weights", "/"]) func layersStandInTheOrderThatTheFileLists(group: String) throws {
    let layers = [
      ("dropout", []), ("rnn_2", ["rnn_2/simple_rnn_cell"]), ("rnn_1", ["model/rnn_1/simple_rnn_cell"]),
      ("model", ["inner/rnn_10/simple_rnn_cell", "inner/rnn_9/simple_rnn_cell"]),
    ]
    #expect(try numbers(file(layers, in: group)) == [[0], [1], [2], [3]])
  }

  @Test func cellsStandInTheOrderOfTheWeights() throws {
    #expect(try numbers(file([("rnn", ["stacked_rnn_cells/z", "stacked_rnn_cells/a"])])) == [[0], [1]])
  }

  @Test func numbersInNamesTellWhereNothingIsListed() throws {
    let layers = [("rnn_2", ["rnn_2"]), ("rnn_1", ["rnn_1"])]
    #expect(try numbers(file(layers, isListed: false)) == [[1], [0]])
  }

  /// `RNN` with a list of cells, or with `StackedRNNCells`.
  @Test func cellsAboveEachOtherAreLayersInFilesOfKeras3() throws {
    var tensors: [String: StoredTensor] = [:]
    let paths = ["rnn/cell/cells/lstm_cell", "rnn/cell/cells/lstm_cell_1", "rnn_1/cell/cells/lstm_cell"]
    for (number, path) in paths.enumerated() {
      for array in 0..<2 { tensors["layers/\(path)/vars/\(array)"] = StoredTensor([Float(number)], shape: [1, 1]) }
    }
    #expect(try numbers(PackageFile(path: "model", tensors: tensors)) == [[0], [1], [2]])
  }

  /// Keras 2 puts a prefix before the name that was given, Keras 3 does not.
  @Test(arguments: ["other", "backward_other"]) func aBackwardLayerMayHaveANameOfItsOwn(name: String) throws {
    func layer(_ kind: String, _ settings: String) -> String {
      #"{"class_name": "\#(kind)", "config": {\#(settings)}}"#
    }
    let forward = layer("SimpleRNN", #""name": "forward_rnn""#)
    let backward = layer("SimpleRNN", #""name": "other", "go_backwards": true"#)
    let configuration = layer(
      "Bidirectional", #""name": "both", "layer": \#(forward), "backward_layer": \#(backward)"#)
    let cells = ["model/both/forward_rnn/cell", "model/both/\(name)/cell"]
    let file = try file([("both", cells)], configuration: configuration)
    #expect(file.tensors["model_weights/both/model/both/backward_rnn/cell/kernel"] != nil)
    #expect(try numbers(file) == [[0, 1]])
  }

  private static func layer(_ kind: String, _ settings: String) -> String {
    #"{"class_name": "\#(kind)", "config": {\#(settings)}}"#
  }

  private static func model(_ name: String, of layers: [String]) -> String {
    layer("Sequential", #""name": "\#(name)", "layers": [\#(layers.joined(separator: ", "))]"#)
  }

  private static func rnn(_ name: String, trains: Bool = true, _ activation: String = "tanh") -> String {
    layer("SimpleRNN", #""name": "\#(name)", "trainable": \#(trains), "activation": "\#(activation)""#)
  }

  /// Keras lists weights that do not train after those that do.
  @Test(arguments: [([true, true], true), ([false, false], true), ([false, true], false), ([true, false], false)])
  func layersWithinALayerTrainAllOrNone(train: [Bool], isRead: Bool) throws {
    let inner = Self.model("inner", of: [Self.rnn("a", trains: train[0]), Self.rnn("b", trains: train[1])])
    let configuration = Self.model("outer", of: [inner])
    func read() throws -> PackageFile { try file([("inner", ["a", "b"])], configuration: configuration) }
    if isRead {
      #expect(try numbers(read()) == [[0], [1]])
    } else {
      let error = #expect(throws: PackageFileError.self) { try read() }
      #expect(error?.problem == .exchange(.frozenLayers("inner")))
    }
  }

  @Test func layersOfTheModelItselfMayBeFrozen() throws {
    let configuration = Self.model("model", of: [Self.rnn("a", trains: false), Self.rnn("b")])
    #expect(try numbers(file([("a", ["a"]), ("b", ["b"])], configuration: configuration)) == [[0], [1]])
  }

  @Test func layersOfTwoFunctionsAreRefused() throws {
    let configuration = Self.model("model", of: [Self.rnn("a"), Self.rnn("b", "relu")])
    let error = #expect(throws: PackageFileError.self) {
      try file([("a", ["a"]), ("b", ["b"])], configuration: configuration)
    }
    #expect(error?.problem == .exchange(.mixedCells(["rnn", "rnn-relu"])))
  }

  @Test func aLayerThatIsUsedTwiceIsNoCharacterModel() throws {
    let configuration = Self.model("model", of: [Self.rnn("a"), Self.rnn("a")])
    let file = try file([("a", ["a"])], configuration: configuration)
    let error = #expect(throws: PackageFileError.self) {
      try CharacterModelImport(file, vocabulary: ImportedVocabulary(symbols: [Array("a".utf8)]))
    }
    #expect(error?.problem == .model(.layerOrder("a")))
  }

  /// A file of weights alone, whose `ReversibleEmbedding` may cap its scores.
  @Test func anEmbeddingThatIsTheLinearLayerTooNeedsADescription() throws {
    var writer = HDF5Writer(to: folder.path + "/model.weights.h5")
    for path in [
      "layers/reversible_embedding/vars/0", "layers/simple_rnn/cell/vars/0", "layers/simple_rnn/cell/vars/1",
    ] {
      try writer.add(StoredTensor([1] as [Float], shape: [1, 1]), at: path)
    }
    try writer.write()
    let file = try PackageFile(contentsOf: writer.path)
    let error = #expect(throws: PackageFileError.self) {
      try CharacterModelImport(file, vocabulary: ImportedVocabulary(symbols: [Array("a".utf8)]))
    }
    #expect(error?.problem == .model(.undescribedLayer("reversible_embedding")))
  }
}
