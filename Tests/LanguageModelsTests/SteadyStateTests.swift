import LanguageModels
import ModelTraining
import SequenceText
import TensorCore
import Testing

@Suite struct SteadyStateTests {
  private static let settings =
    CellKind.allCases.map { cell in TrainingSettings.small { $0.cell = cell } } + [
      .small { $0.layerNorm = true }, .small { $0.zoneout = 0.2 },
      .small { $0.backwardLength = 12 }, .small { $0.backwardLength = 3 },
    ]

  @Test(arguments: settings)
  func afterTheFirstStepsATrainingStepTakesNoBufferFromTheSystem(settings: TrainingSettings) throws {
    let corpus = try sampleCorpus()
    let model = CharacterModel<Float>.sample(settings.shape(vocabulary: corpus.vocabulary.count))
    let windows = TruncatedWindows(
      try ContiguousBatches(corpus.tokens, in: 0..<corpus.tokens.count, batch: 4, length: 8),
      backwardLength: settings.backwardLength)
    let trainer = Trainer(
      model: model, task: CharacterTask<Float>(model, windows: windows, validation: nil),
      optimizer: .adam(learningRate: 0.01), seed: 1, threads: 2)
    for _ in 0..<trainer.task.stepsPerEpoch + 3 { _ = try trainer.trainStep() }
    let before = (trainer.workspace.pool.allocations, trainer.workspace.pool.bytesAllocated)
    for _ in 0..<40 { _ = try trainer.trainStep() }
    #expect((trainer.workspace.pool.allocations, trainer.workspace.pool.bytesAllocated) == before)
  }
}
