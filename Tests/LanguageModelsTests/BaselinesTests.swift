import CharrnnTestSupport
import Foundation
import LanguageModels
import SequenceText
import Testing

@Suite struct BaselinesTests {
  private struct Losses: Decodable {
    let uniform, unigram, fiveGram, ppm: Double

    enum CodingKeys: String, CodingKey {
      case uniform, unigram, ppm
      case fiveGram = "five_gram"
    }
  }

  /// An independent program with dictionaries finds the same losses (`generate_count_models.py`).
  @Test func theLossesAreThoseOfAnIndependentProgram() throws {
    let corpus = try Corpus(files: [Repository.corpus("fables.txt").path], kind: .character)
    let split = try CorpusSplit(count: corpus.tokens.count)
    let expected = try JSONDecoder().decode(
      Losses.self, from: Data(contentsOf: Repository.fixture("count-models.json")))
    let found = Baselines(
      of: split.test, after: split.train, in: corpus.tokens, symbols: corpus.vocabulary.count)
    for (loss, other) in [
      (found.uniform, expected.uniform), (found.unigram, expected.unigram), (found.fiveGram, expected.fiveGram),
      (found.partialMatching, expected.ppm),
    ] {
      #expect(abs(try #require(loss) - other) < 1e-9)
    }
  }

  /// On the text that was trained on they have read nothing before, and only one that learns as it reads can say anything.
  @Test func onTheTrainingTextTheyHaveReadNothing() throws {
    let corpus = try sampleCorpus()
    let settings = TrainingSettings.small()
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 2))
    let file = ModelFile(
      model: run.model, vocabulary: corpus.vocabulary,
      history: TrainingHistory(
        step: 2, epoch: 1, validationLoss: nil, corpusHash: corpus.contentHash,
        validationFraction: settings.validationFraction, testFraction: settings.testFraction))
    for (part, isHeldOut) in [(CorpusSplit.Part.all, false), (.train, false), (.validation, true), (.test, true)] {
      let evaluation = try PartEvaluation(of: file, on: corpus, part: part)
      let baselines = evaluation.baselines()
      #expect(evaluation.isHeldOut == isHeldOut)
      #expect((baselines.unigram == nil) == !isHeldOut && (baselines.fiveGram == nil) == !isHeldOut)
      #expect(baselines.partialMatching < baselines.uniform)
    }
    #expect(try PartEvaluation(of: file, on: corpus).part == .test)
    #expect(try PartEvaluation(of: file, on: sampleCorpus(sampleText(900))).part == .all)
  }
}
