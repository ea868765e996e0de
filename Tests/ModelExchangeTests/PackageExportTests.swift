import CharrnnTestSupport
import LanguageModels
import ModelExchange
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// What the programs compute is checked in the packages themselves, by `Tests/Interop/exports.py`.
@Suite struct PackageExportTests {
  @Test(arguments: [
    (
      PackageExport.Package.pytorch,
      [
        "rnn.weight_ih_l0": [12, 5], "rnn.weight_hh_l0": [12, 3], "rnn.bias_ih_l0": [12], "rnn.bias_hh_l0": [12],
        "encoder.weight": [4, 5], "decoder.weight": [4, 3], "decoder.bias": [4],
      ]
    ),
    (
      .flax,
      [
        "layers.0.cell.dense_i.kernel": [5, 12], "layers.0.cell.dense_h.kernel": [3, 12],
        "layers.0.cell.dense_h.bias": [12], "encoder.embedding": [4, 5], "decoder.kernel": [3, 4], "decoder.bias": [4],
      ]
    ),
    (
      .mlx,
      [
        "layers.0.Wx": [12, 5], "layers.0.Wh": [12, 3], "layers.0.bias": [12], "encoder.weight": [4, 5],
        "decoder.weight": [4, 3], "decoder.bias": [4],
      ]
    ),
    (
      .keras,
      [
        "layers/lstm/cell/vars/0": [5, 12], "layers/lstm/cell/vars/1": [3, 12], "layers/lstm/cell/vars/2": [12],
        "layers/embedding/vars/0": [4, 5], "layers/dense/vars/0": [3, 4], "layers/dense/vars/1": [4],
      ]
    ),
  ])
  func tensorsHaveThePackagesNamesAndShapes(package: PackageExport.Package, shapes: [String: [Int]]) throws {
    let export = try PackageExport(file(Architecture(layers: 1, hidden: 3, embedding: 5)), for: package)
    #expect(try tensors(export).mapValues(\.shape) == shapes)
  }

  @Test(arguments: PackageExport.Package.allCases)
  func aLearnedStateIsARowForEachLayer(package: PackageExport.Package) throws {
    var architecture = Architecture(layers: 3, hidden: 2)
    architecture.learnsInitialState = true
    let tensors = try tensors(PackageExport(file(architecture), for: package))
    #expect(tensors["initial_h"]?.shape == [3, 2] && tensors["initial_c"]?.shape == [3, 2])
  }

  @Test(arguments: PackageExport.Package.allCases, [false, true])
  func theProgramAsksForWhatItImports(package: PackageExport.Package, learnsInitialState: Bool) throws {
    var architecture = Architecture(layers: 1, hidden: 2)
    architecture.learnsInitialState = learnsInitialState
    let program = try text("model.py", of: PackageExport(file(architecture), for: package))
    let asked = try #require(program.firstMatch(of: /pip install ([^#\n]*)/)).output.1.split(separator: " ")
    for name in ["numpy", "safetensors", "torch", "flax", "mlx", "keras"] {
      let isImported = program.contains("\nimport \(name)") || program.contains("\nfrom \(name)")
      #expect(asked.contains(Substring(name)) == isImported, "\(name)")
    }
  }

  @Test func theBackendOfKerasIsSetBeforeItsImport() throws {
    let program = try text("model.py", of: PackageExport(file(Architecture(layers: 1, hidden: 2)), for: .keras))
    let lines = program.split(separator: "\n")
    let setting = try #require(lines.firstIndex { $0.hasPrefix("os.environ.setdefault(\"KERAS_BACKEND\", \"jax\")") })
    #expect(lines[setting + 1] == "import keras")
  }

  @Test(arguments: [0, 0.25])
  func aCellOfOwnStandsOnlyWhereFlaxLacksABias(bias: Float) throws {
    var checkpoint = try file(Architecture(cell: .gru, layers: 1, hidden: 2)).checkpoint
    checkpoint.tensors["rnn.bias_hh_l0"] = StoredTensor([0, 0, 0, 0, bias, bias], shape: [6])
    let export = try PackageExport(ModelFile(checkpoint), for: .flax)
    #expect(try text("model.py", of: export).contains("class GRUCell") == (bias != 0))
    let values: [Float]? = try tensors(export)["layers.0.cell.dense_h.bias"]?.values()
    #expect(values == (bias == 0 ? nil : [0, 0, 0, 0, bias, bias]))
  }

  @Test(arguments: PackageExport.Package.allCases)
  func aTiedDecoderIsTheEmbeddingInTheProgram(package: PackageExport.Package) throws {
    let architecture = Architecture(layers: 1, hidden: 3, embedding: 3, isTied: true)
    let shapes = try tensors(PackageExport(file(architecture), for: package)).values.map(\.shape)
    // PyTorch names a shared parameter twice.
    #expect(shapes.filter { $0 == [4, 3] }.count == (package == .pytorch ? 2 : 1))
  }

  @Test(arguments: PackageExport.Package.allCases)
  func whatHasNoCounterpartIsNamed(package: PackageExport.Package) {
    var zonedOut = Architecture(layers: 1, hidden: 3)
    zonedOut.zoneout = 0.1
    #expect(throws: PackageExportError.noCounterpart("zoneout", package)) {
      try PackageExport(file(zonedOut), for: package)
    }
  }

  @Test(arguments: [
    (CorpusArrangement.Documents.whole, "null", "null"), (.lines, "0", "[0]"), (.files, "0", "null"),
    (.ending("bc"), "2", "[1, 2]"),
  ])
  func theSettingsTellWhereDocumentsBeginAndEnd(
    documents: CorpusArrangement.Documents, beginning: String, end: String
  ) throws {
    let file = try file(Architecture(layers: 1, hidden: 3), documents, symbols: ["\n", "b", "c", "d"])
    let settings = try text("model.json", of: PackageExport(file, for: .pytorch))
    #expect(settings.contains("\"document_beginning\": \(beginning),"))
    #expect(settings.contains("\"document_end\": \(end),"))
  }

  // MARK: Helpers

  private func file(
    _ architecture: Architecture, _ documents: CorpusArrangement.Documents = .whole,
    symbols: [String] = ["a", "b", "c", "d"]
  ) throws -> ModelFile<Float> {
    let vocabulary = try Vocabulary(symbols: symbols.map { Array($0.utf8) }, kind: .character)
    let history = TrainingHistory(
      step: 1, epoch: 1, validationLoss: nil, corpusHash: "", validationFraction: "0", testFraction: "0",
      arrangement: CorpusArrangement(documents: documents))
    return ModelFile(
      model: CharacterModel(ModelShape(architecture, vocabulary: 4)), vocabulary: vocabulary, history: history)
  }

  private func bytes(_ name: String, of export: PackageExport) throws -> [UInt8] {
    try #require(export.files.first { $0.name == name }).bytes
  }

  private func text(_ name: String, of export: PackageExport) throws -> String {
    String(decoding: try bytes(name, of: export), as: UTF8.self)
  }

  /// Parameters of the folder, of all its files together.
  private func tensors(_ export: PackageExport) throws -> [String: StoredTensor] {
    let directory = try ScratchDirectory()
    var tensors: [String: StoredTensor] = [:]
    for file in export.files where !["model.json", "model.py"].contains(file.name) {
      try AtomicFile.write([file.bytes], to: directory.path + "/" + file.name)
      tensors.merge(try PackageFile(contentsOf: directory.path + "/" + file.name).tensors) { $1 }
    }
    return tensors
  }
}
