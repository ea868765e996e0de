import Autograd
import CharrnnTestSupport
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct WeightTransferTests {
  /// Logits for every known symbol after each of some symbols.
  private func logits(
    _ model: CharacterModel<Float>, _ vocabulary: Vocabulary, reading text: String, for symbols: [[UInt8]]
  ) throws -> [Float] {
    var context = ForwardContext<Float>()
    let ids = try Tokenizer(vocabulary).encode(text).tokens
    let logits = model(TokenGrid(ids: ids, time: ids.count, batch: 1), in: &context).logits.value
    let rows = logits.reshaped([ids.count, vocabulary.count])
    return try ids.indices.flatMap { index in
      try symbols.map { symbol in rows[index, Int(try #require(vocabulary.id(of: symbol)))] }
    }
  }

  @Test(arguments: TrainingSettings.everyKind)
  func weightsGoToTheSameSymbolsWhateverTheirNumbers(settings: TrainingSettings) throws {
    // As many symbols, in another order; more symbols; fewer.
    let source = try sampleCorpus(sampleText(400, words: ["bc", "d", "fb "]))
    let run = try CharacterRun(settings: settings, corpus: source)
    try run.train(limits: TrainingLimits(steps: 3), reporting: quiet)
    let initial = ModelFile(model: run.model, vocabulary: source.vocabulary)
    for words in [["ab", "cd", " "], ["ab", "cd", "zf ", "é", "\n"], ["b", "d"]] {
      let corpus = try sampleCorpus(sampleText(400, words: words))
      let fresh = try CharacterRun(settings: settings, corpus: corpus).model.weights
      let model = try CharacterRun(settings: settings, corpus: corpus, initial: initial).model
      let shared = corpus.vocabulary.symbols.filter { source.vocabulary.id(of: $0) != nil }
      let text = "bdbbd"
      #expect(
        try logits(model, corpus.vocabulary, reading: text, for: shared)
          == logits(run.model, source.vocabulary, reading: text, for: shared), "\(words)")
      for symbol in corpus.vocabulary.symbols where source.vocabulary.id(of: symbol) == nil {
        let id = Int(try #require(corpus.vocabulary.id(of: symbol)))
        #expect(model.weights["decoder.weight"]?.row(id) == fresh["decoder.weight"]?.row(id), "new symbols start fresh")
      }
    }
  }

  /// From a model of the same corpus every weight is taken as it is, forget biases too.
  @Test func fromAModelOfTheSameCorpusEveryWeightIsTakenAsItIs() throws {
    let corpus = try sampleCorpus()
    var model = CharacterModel<Float>.sample(
      TrainingSettings.small().shape(vocabulary: corpus.vocabulary.count))
    model.updateParameters { parameter, name in if name.contains("bias") { parameter.value += -3 } }
    let initial = ModelFile(model: model, vocabulary: corpus.vocabulary)
    let run = try CharacterRun(settings: .small { $0.dropout = 0.5 }, corpus: corpus, initial: initial)
    #expect(run.model.weights == model.weights)
  }

  @Test func anotherArchitectureIsRefusedInOneLineThatSaysWhichToUse() throws {
    let corpus = try sampleCorpus()
    let initial = ModelFile(
      model: try CharacterRun(settings: .small(), corpus: corpus).model, vocabulary: corpus.vocabulary)
    for settings in [
      TrainingSettings.small { $0.hidden = 9 }, .small { $0.layers = 1 }, .small { $0.cell = .gru },
      .small { $0.embedding = 8 },
    ] {
      let error = #expect(throws: CharacterRunError.self) {
        try CharacterRun(settings: settings, corpus: corpus, initial: initial)
      }
      guard case .transfer(.otherArchitecture(let differences)) = error else {
        Issue.record("\(error.map { "\($0)" } ?? "no error")")
        continue
      }
      #expect(differences.count == 1 && differences[0].theirs != differences[0].ours)
      let description = error?.description ?? ""
      #expect(description.contains("\(differences[0].name) \(differences[0].theirs)") && !description.contains("\n"))
    }
  }

  /// What is dropped in training may differ; what decides parameters may not, and its option is named.
  @Test func dropoutMayDifferBetweenTheModels() throws {
    let corpus = try sampleCorpus()
    func refined(_ change: (inout TrainingSettings) -> Void) -> TrainingSettings {
      .small {
        $0.weightDrop = 0.1
        change(&$0)
      }
    }
    func start(_ settings: TrainingSettings, from other: TrainingSettings) throws -> CharacterModel<Float> {
      let model = try CharacterRun(settings: other, corpus: corpus).model
      return try CharacterRun(
        settings: settings, corpus: corpus, initial: ModelFile(model: model, vocabulary: corpus.vocabulary)
      ).model
    }
    let other = refined { ($0.weightDrop, $0.zoneout, $0.lockedDropout) = (0, 0.2, 0.3) }
    let model = try start(refined { _ in }, from: other)
    #expect(try model.weights == CharacterRun(settings: other, corpus: corpus).model.weights)
    #expect(model.architecture == refined { _ in }.architecture)
    for (settings, option) in [
      (refined { $0.layerNorm = true }, "layer-norm"), (refined { $0.projection = 3 }, "projection 3"),
      (refined { $0.residual = true }, "residual"), (refined { $0.learnsInitialState = true }, "learned-state"),
    ] {
      let error = #expect(throws: CharacterRunError.self) { try start(refined { _ in }, from: settings) }
      #expect(error?.description.contains(option) == true)
      #expect(throws: CharacterRunError.self) { try start(settings, from: refined { _ in }) }
    }
  }
}
