import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Models whose decoder's weight is the token embedding.
@Suite struct TiedModelTests {
  private static func shape(_ cell: CellKind = .lstm, hidden: Int = 6, isTied: Bool = true)
    -> ModelShape
  {
    ModelShape(Architecture(cell: cell, hidden: hidden, embedding: hidden, isTied: isTied), vocabulary: 5)
  }

  @Test(arguments: CellKind.allCases)
  func thereIsOneMatrixForBothAndItGetsTheGradientsOfBothUses(cell: CellKind) throws {
    let hidden = amount(debug: 3, release: 6)
    let shape = Self.shape(cell, hidden: hidden)
    let model = CharacterModel<Double>.sample(shape)
    #expect(model.parameterCount == shape.expectedParameterCount)
    let untied = CharacterModel<Double>(Self.shape(cell, hidden: hidden, isTied: false))
    #expect(model.parameterCount == untied.parameterCount - 5 * hidden)
    #expect(model.weights["encoder.weight"] != nil && model.weights["decoder.weight"] == nil)
    for comparison in try CharacterModelCheck(shape, batch: 2, length: 3, seed: 1).run() {
      #expect(comparison.passes && comparison.norm > 0, "\(comparison)")
    }
  }

  @Test func itIsTheModelWhoseDecoderHoldsACopyOfTheEmbedding() throws {
    var copy = CharacterModel<Float>.sample(Self.shape(isTied: false))
    var tied = CharacterModel<Float>.sample(Self.shape(), seed: 2)
    var weights = copy.weights
    weights["decoder.weight"] = weights["encoder.weight"]
    copy.updateParameters { parameter, name in parameter.value = weights[name]! }
    tied.updateParameters { parameter, name in parameter.value = weights[name]! }
    let vocabulary = try Vocabulary(symbols: ["a", "b", "c", "d", "e"].map { Array($0.utf8) }, kind: .character)
    let texts = [copy, tied].map {
      TextGenerator(model: $0, vocabulary: vocabulary).text(length: 50, options: SamplingOptions(), seed: 3)
    }
    #expect(texts[0] == texts[1])
  }

  /// A run is saved, resumed to the bit and read again; files of others say nothing of it.
  @Test func aRunIsSavedResumedToTheBitAndReadAgain() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let settings = TrainingSettings.small { ($0.embedding, $0.isTied) = (8, true) }
    func train(in directory: RunDirectory, to step: Int, resuming: Bool = false) throws {
      let checkpoint = resuming ? try Checkpoint(contentsOf: directory.last) : nil
      let run = try CharacterRun(settings: settings, corpus: corpus, directory: directory, resuming: checkpoint)
      try run.train(limits: TrainingLimits(steps: step), reporting: quiet)
    }
    try train(in: scratch.run("whole"), to: 12)
    try train(in: scratch.run("parts"), to: 5)
    try train(in: scratch.run("parts"), to: 12, resuming: true)
    #expect(try bytes(of: scratch.run("whole").last) == bytes(of: scratch.run("parts").last))
    let file = try ModelFile<Float>(contentsOf: scratch.run("whole").path)
    #expect(file.model.architecture.isTied)
    let plain = try String(decoding: JSONEncoder().encode(Self.shape(isTied: false)), as: UTF8.self)
    #expect(!plain.contains("tied"))
  }

  @Test func sizesThatDifferAreAProblemThatNamesBoth() {
    var shape = Self.shape()
    shape.embedding = 4
    #expect(
      shape.problem?.description
        == "tied embeddings are as wide as the hidden units: embedding is 4, hidden is 6; make them equal")
  }
}
