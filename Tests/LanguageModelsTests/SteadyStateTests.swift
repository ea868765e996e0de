import LanguageModels
import ModelTraining
import SequenceText
import TensorCore
import Testing

@Suite struct SteadyStateTests {
  @Test("After the first steps a training step takes no buffer from the system", arguments: ["lstm", "gru", "rnn"])
  func noBuffers(cell: String) throws {
    let corpus = try sampleCorpus()
    let settings = TrainingSettings.small { $0.cell = CellKind(rawValue: cell)! }
    let configuration = settings.configuration(vocabulary: corpus.vocabulary.count)
    let windows = TruncatedWindows(
      try ContiguousBatches(corpus.tokens, in: 0..<corpus.tokens.count, batch: 4, length: 8))
    let trainer = Trainer(
      model: CharacterModel<Float>.sample(configuration),
      task: CharacterTask<Float>(windows: windows, validation: nil, configuration: configuration),
      optimizer: .adam(learningRate: 0.01), seed: 1, threads: 2)
    for _ in 0..<3 { _ = try trainer.trainStep() }
    let before = (trainer.workspace.pool.allocations, trainer.workspace.pool.bytesAllocated)
    for _ in 0..<40 { _ = try trainer.trainStep() }
    #expect((trainer.workspace.pool.allocations, trainer.workspace.pool.bytesAllocated) == before)
  }
}
