import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct EvaluationTests {
  /// −log p of one prediction after the other, each from the state that the one before left.
  private func loss(of model: CharacterModel<Double>, on tokens: [Int32]) -> Double {
    var context = ForwardContext<Double>()
    var state: CharacterModel<Double>.State?
    var total = 0.0
    for (token, next) in zip(tokens, tokens.dropFirst()) {
      let (logits, after) = model(TokenGrid(ids: [token], time: 1, batch: 1), from: state, in: &context)
      state = after
      let row = logits.value.scalars
      let largest = row.max()!
      total += largest + log(row.reduce(0) { $0 + exp($1 - largest) }) - row[Int(next)]
    }
    return total
  }

  @Test(arguments: CellKind.allCases)
  func theLossOfATextIsThatOfItsPredictionsOneByOneHoweverItIsCut(cell: CellKind) {
    var random = RandomSource(seed: 4)
    let model = CharacterModel<Double>.sample(ModelShape(Architecture(cell: cell, hidden: 4), vocabulary: 5))
    let workspace = Workspace<Double>()
    for count in sweep(debug: [0, 1, 2, 128, 129, 130], release: [0, 1, 2, 3, 127, 128, 129, 130, 257, 300]) {
      let tokens = (0..<count).map { _ in Int32.random(in: 0..<5, using: &random) }
      let text = TextStream(TokenSequence([4, 4] + tokens)[2...])
      let sum = Evaluation.negativeLogLikelihood(of: model, on: text, workspace: workspace)
      let expected = loss(of: model, on: tokens)
      #expect(text.predictions == max(count - 1, 0))
      #expect(abs(sum - expected) < 1e-9 * max(1, expected), "\(count) tokens")
    }
  }

  @Test(arguments: CellKind.allCases)
  func validationInSeveralStreamsAgreesWithTheExactLossTo1e3(cell: CellKind) throws {
    let corpus = try sampleCorpus(sampleText(600))
    let run = try CharacterRun(settings: .small { $0.cell = cell }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 40), reporting: quiet)
    let workspace = Workspace<Float>()
    // Lengths for one stream, two, three and five, whole and with a remainder.
    for count in sweep(debug: [2, 1025, 2600], release: [2, 900, 1025, 1540, 2600]) {
      let text = TextStream(try sampleCorpus(sampleText(count, seed: 9)).tokens[...])
      let exact = Evaluation.negativeLogLikelihood(of: run.model, on: text, workspace: workspace)
      let fast = Evaluation.validationLoss(of: run.model, on: text, workspace: workspace)
      #expect(abs(fast - exact / Double(text.predictions)) < 1e-3, "\(count) characters")
    }
  }
}
