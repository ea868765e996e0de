import CharrnnTestSupport
import Foundation
import LanguageModels
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct ModelFileTests {
  private func file(_ settings: TrainingSettings = .small(), kind: TokenKind = .character) throws -> ModelFile<Float> {
    let vocabulary = try sampleCorpus("aé\u{301}\r\n\"\\你👍🏽 z", kind: kind).vocabulary
    let history = TrainingHistory(
      step: 12, epoch: 1.5, validationLoss: 2.25, corpusHash: "abc", validationFraction: "0.05", testFraction: "0.1")
    return ModelFile(
      model: .sample(settings.shape(vocabulary: vocabulary.count)), vocabulary: vocabulary, history: history)
  }

  @Test(arguments: TrainingSettings.everyKind)
  func aModelComesBackFromItsFileAsItWas(settings: TrainingSettings) throws {
    let directory = try ScratchDirectory()
    for kind in TokenKind.allCases {
      let file = try file(settings, kind: kind)
      let path = "\(directory.path)/\(kind).safetensors"
      try file.checkpoint.write(to: path)
      let back = try ModelFile<Float>(contentsOf: path)
      #expect(back.model.shape == file.model.shape)
      #expect(back.model.weights == file.model.weights, "biases and all, nothing set anew")
      #expect(back.vocabulary == file.vocabulary)
      #expect(back.history == file.history)
      #expect(try bytes(of: path) == back.checkpoint.serialized().flatMap { $0 })
    }
  }

  @Test func aRunDirectoryStandsForItsBestOrElseItsLast() throws {
    let directory = try ScratchDirectory()
    let run = directory.run("run")
    try run.create()
    let error = #expect(throws: FileError.self) { try ModelFile<Float>(contentsOf: run.path) }
    #expect(error?.kind == .missing)
    #expect(
      error?.description == "\(run.path): holds no run (neither best.safetensors nor last.safetensors)")
    var file = try file()
    try file.checkpoint.write(to: run.last)
    #expect(try ModelFile<Float>(contentsOf: run.path).history?.step == 12)
    file.history?.step = 8
    try file.checkpoint.write(to: run.best)
    #expect(try ModelFile<Float>(contentsOf: run.path).history?.step == 8)
  }

  /// Changes of the metadata, each of which leaves no model.
  private static let damage: [(key: String, from: String, to: String?)] = [
    ("architecture", "", nil), ("tokens", "", nil), ("vocabulary", "", nil),
    ("architecture", "{", "["), ("architecture", #""cell":"lstm""#, #""cell":"transformer""#),
    ("architecture", #""layers":2"#, #""layers":0"#), ("architecture", #""layers":2"#, #""layers":3"#),
    ("architecture", #""layers":2"#, #""layers":500000"#), ("architecture", #""layers":2"#, #""layers":2.5"#),
    ("architecture", #""hidden":8"#, #""hidden":-8"#), ("architecture", #""hidden":8"#, #""hidden":9"#),
    ("architecture", #""hidden":8"#, #""hidden":524288"#),
    ("architecture", #""hidden":8"#, #""hidden":9223372036854775807"#),
    ("architecture", #""hidden":8"#, #""hidden":92233720368547758070"#),
    ("architecture", #""hidden":8,"#, ""), ("architecture", #""dropout":0"#, #""dropout":1"#),
    ("architecture", #""dropout":0"#, #""dropout":1e999"#), ("architecture", #""embedding":0"#, #""embedding":4"#),
    ("tokens", "character", "word"), ("tokens", "character", "byte"),
    ("vocabulary", #""a","#, ""), ("vocabulary", #""a""#, #""z""#),
    ("vocabulary", "]", ""), ("vocabulary", #""a""#, "7"), ("history", "{", ""),
    ("history", #""step":12"#, #""step":"x""#), ("history", #""step":12"#, #""step":12,"step":13"#),
    ("history", #""validationFraction":"0.05""#, #""validationFraction":"abc""#),
    ("history", #""validationFraction":"0.05""#, #""validationFraction":"0.99""#),
    ("history", #""testFraction":"0.1""#, #""testFraction":"1""#),
    ("history", #""testFraction":"0.1""#, #""testFraction":"-0.1""#),
    ("architecture", #""hidden":8"#, #""hidden":8,"hidden":8"#),
    ("architecture", #""hidden":8"#, #""hidden":8,"\u0068idden":9"#),
    ("tokens", "character", "c" + String(repeating: "\u{301}", count: 9000)),
    ("architecture", #""cell":"lstm""#, #""cell":"\#(String(repeating: "\u{301}", count: 9000))""#),
  ]

  /// Metadata that do not describe a whole model are an error of one line, with the file.
  @Test(arguments: damage.indices)
  func metadataThatDoNotDescribeAWholeModelAreAnErrorOfOneLine(index: Int) throws {
    let (key, from, to) = Self.damage[index]
    var checkpoint = try file().checkpoint
    checkpoint.file = "some/model.safetensors"
    let text = try #require(checkpoint.metadata[key])
    if to != nil { #expect(text.contains(from), "the test is out of date: \(text)") }
    checkpoint.metadata[key] = to.map { text.replacingOccurrences(of: from, with: $0) }
    let error = #expect(throws: (any Error).self) { _ = try ModelFile<Float>(checkpoint) }
    let description = error.map { "\($0)" } ?? ""
    #expect(description.hasPrefix("some/model.safetensors: "))
    #expect(!description.contains("\n") && description.unicodeScalars.count < 400, "\(description)")
  }

  /// A parameter that is missing or of another shape is an error that names it.
  @Test func aParameterThatIsMissingOrOfAnotherShapeIsAnError() throws {
    let whole = try file().checkpoint
    for name in whole.names {
      var checkpoint = whole
      let removed = checkpoint.tensors.removeValue(forKey: name)
      let tensor = try #require(removed)
      // As many numbers as before, so that the name is what is missed.
      checkpoint.tensors["other"] = tensor
      let missing = #expect(throws: SafetensorsError.self) { try ModelFile<Float>(checkpoint) }
      #expect(missing?.problem == .missingTensor(name))
      checkpoint.tensors[name] = StoredTensor(tensor.values(as: Float.self)!, shape: [1] + tensor.shape)
      let reshaped = #expect(throws: SafetensorsError.self) { try ModelFile<Float>(checkpoint) }
      #expect(reshaped?.problem == .wrongShape(tensor: name, found: [1] + tensor.shape, wanted: tensor.shape))
    }
  }

  /// Nothing is asked of the architecture that the file does not account for: no memory is taken for the 2 TB of this one.
  @Test func theWeightsAreComparedWithTheHeaderBeforeMemoryIsTaken() throws {
    var checkpoint = try file().checkpoint
    let text = try #require(checkpoint.metadata["architecture"])
    checkpoint.metadata["architecture"] = text.replacingOccurrences(of: #""hidden":8"#, with: #""hidden":65536"#)
      .replacingOccurrences(of: #""layers":2"#, with: #""layers":64"#)
    let error = #expect(throws: SafetensorsError.self) { try ModelFile<Float>(checkpoint) }
    guard case .wrongShape("rnn.weight_ih_l0", _, _)? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func metadataLongerThanAnyAreRefusedUnread() throws {
    for (key, part) in [("architecture", ModelFileError.Part.architecture), ("history", .history)] {
      var checkpoint = try file().checkpoint
      checkpoint.metadata[key] = String(repeating: " ", count: 1 << 16) + "!"
      let error = #expect(throws: ModelFileError.self) { try ModelFile<Float>(checkpoint) }
      #expect(error?.problem == .tooLong(part, bytes: 65_537, limit: 65_536))
    }
  }

  /// A stored model has the weights in the file only, and says the same of it.
  @Test func aStoredModelDescribesTheModelThatTheFileHolds() throws {
    let file = try file()
    let stored = try StoredModel(file.checkpoint)
    #expect(stored.shape == file.model.shape && stored.vocabulary == file.vocabulary)
    #expect(stored.history == file.history && stored.parameterCount == file.model.parameterCount)
    #expect(try ModelFile<Float>(stored).model.weights == file.model.weights)
  }
}
