import Autograd
import CharrnnTestSupport
import LanguageModels
import NeuralLayers
import ProcessGroups
import SequenceText
import TensorCore
import Testing

/// Evaluation of one model by several ranks, beside that by one process.
@Suite struct RankEvaluationTests {
  private static func tokens(_ count: Int) -> [Int32] {
    var random = RandomSource(seed: 5)
    return (0..<count).map { _ in Int32.random(in: 0..<5, using: &random) }
  }

  private static func model<Scalar>(_ architecture: Architecture) -> CharacterModel<Scalar> {
    var (model, random) = (CharacterModel<Scalar>(ModelShape(architecture, vocabulary: 5)), RandomSource(seed: 2))
    model.initialize(using: &random)
    return model
  }

  /// The sum on each of some ranks, which must agree, beside that of one process.
  private static func sums<Scalar>(
    of model: CharacterModel<Scalar>, on text: TextStream, ranks: Int
  ) throws -> (spread: Double, alone: Double) {
    let sums = try LocalJob.run(ranks) {
      Evaluation.negativeLogLikelihood(of: model, on: text, workspace: Workspace(), group: $0)
    }
    #expect(Set(sums).count == 1, "the ranks differ: \(sums)")
    return (sums[0], Evaluation.negativeLogLikelihood(of: model, on: text, workspace: Workspace()))
  }

  @Test(arguments: CellKind.allCases)
  func theLossIsThatOfOneProcessButForRounding(cell: CellKind) throws {
    let architecture = Architecture(cell: cell, layers: 2, hidden: 4)
    let model: CharacterModel<Double> = Self.model(architecture)
    // Fewer segments than ranks, as many, and some more and a rest.
    for count in sweep(debug: [0, 2, 3 * 512 + 5], release: [0, 1, 2, 512, 513, 1025, 3 * 512 + 5, 9000]) {
      let text = TextStream(TokenSequence(Self.tokens(count))[...])
      for ranks in sweep(debug: [3], release: [1, 2, 3, 5]) {
        let (spread, alone) = try Self.sums(of: model, on: text, ranks: ranks)
        #expect(abs(spread - alone) <= 1e-13 * alone, "\(count) tokens on \(ranks) ranks: \(spread), \(alone)")
      }
    }
  }

  @Test func inSinglePrecisionTheLossIsThatOfOneProcessTo1e6() throws {
    let text = TextStream(TokenSequence(Self.tokens(4000))[...])
    for cell in CellKind.allCases {
      let model: CharacterModel<Float> = Self.model(Architecture(cell: cell, hidden: 8))
      let (spread, alone) = try Self.sums(of: model, on: text, ranks: 3)
      #expect(abs(spread - alone) <= 1e-6 * alone, "\(cell): \(spread), \(alone)")
    }
  }

  @Test func ofANetworkThatNeverForgetsEachRankReadsAgainWhatTheOnesBeforeItChange() throws {
    let text = TextStream(TokenSequence(Self.tokens(3000))[...])
    // Its forget gates are open: a cell sums all that it has read.
    var architecture = Architecture(cell: .lstm, hidden: 4)
    architecture.forgetBias = 60
    let model: CharacterModel<Double> = Self.model(architecture)
    let (spread, alone) = try Self.sums(of: model, on: text, ranks: 3)
    #expect(abs(spread - alone) <= 1e-13 * alone)
  }

  @Test func aNetworkThatForgetsReadsLittleAgain() throws {
    let text = TextStream(TokenSequence(Self.tokens(9 * 512 + 1))[...])
    let model: CharacterModel<Double> = Self.model(Architecture(cell: .gru, hidden: 4))
    let again = try LocalJob.run(3) {
      Evaluation.sum(of: model, on: text, workspace: Workspace(), in: $0).segmentsReadAgain
    }
    #expect(again == [2, 2, 2])
  }

  @Test func documentsAreReadFromTheInitialState() throws {
    let corpus = try sampleCorpus(String(repeating: "anna\nbob\ncarl\n", count: 200))
    let arranged = try ArrangedCorpus(
      corpus, by: CorpusArrangement(documents: .lines), validation: DecimalFraction("0")!, test: DecimalFraction("0")!)
    let text = TextStream(arranged, in: 0..<corpus.tokens.count)
    let model: CharacterModel<Double> = CharacterModel.sample(
      ModelShape(Architecture(cell: .lstm, hidden: 4), vocabulary: corpus.vocabulary.count))
    let (spread, alone) = try Self.sums(of: model, on: text, ranks: 4)
    #expect(abs(spread - alone) <= 1e-13 * alone)
  }
}
