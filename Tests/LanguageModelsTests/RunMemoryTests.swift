import CharrnnTestSupport
import LanguageModels
import ModelTraining
import SequenceText
import TensorCheckpoints
import Testing

/// Runs that are given little memory.
@Suite struct RunMemoryTests {
  /// Streams and lengths that are cut into three segments.
  private static let settings: [TrainingSettings] = [
    .small { ($0.batch, $0.length, $0.dropout, $0.weightDrop) = (32, 40, 0.3, 0.2) },
    .small { ($0.cell, $0.batch, $0.length, $0.layers) = (.minLSTM, 32, 40, 1) },
    .small { ($0.cell, $0.batch, $0.length, $0.embedding, $0.zoneout) = (.gru, 32, 40, 5, 0.2) },
  ]

  private func run(
    _ settings: TrainingSettings, _ corpus: Corpus, in directory: RunDirectory, threads: Int = 1,
    resuming: Checkpoint? = nil, memory: Double?
  ) throws -> CharacterRun {
    try CharacterRun(
      settings: settings, corpus: corpus, directory: directory, resuming: resuming, threads: threads, memory: memory)
  }

  /// A run in memory that is too small to keep the activations and large enough without.
  private func tightRun(
    _ settings: TrainingSettings, _ corpus: Corpus, in directory: RunDirectory, threads: Int = 1,
    resuming: Checkpoint? = nil
  ) throws -> CharacterRun? {
    var memory = 1e8
    while memory > 1e5 {
      let found = try run(settings, corpus, in: directory, threads: threads, resuming: resuming, memory: memory)
      if found.recomputes { return found }
      memory *= 0.97
    }
    return nil
  }

  @Test(arguments: settings.indices)
  func aRunThatRecomputesHasTheSameBits(index: Int) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(6000)))
    let (plain, tight) = (scratch.run("plain"), scratch.run("tight"))
    let free = try run(Self.settings[index], corpus, in: plain, memory: nil)
    #expect(!free.recomputes)
    try free.train(limits: TrainingLimits(steps: 6), reporting: quiet)
    let first = try #require(try tightRun(Self.settings[index], corpus, in: tight))
    try first.train(limits: TrainingLimits(steps: 3), reporting: quiet)
    let saved = try Checkpoint(contentsOf: tight.last)
    let second = try #require(try tightRun(Self.settings[index], corpus, in: tight, threads: 2, resuming: saved))
    try second.train(limits: TrainingLimits(steps: 6), reporting: quiet)
    #expect(try bytes(of: tight.last) == bytes(of: plain.last))
  }

  @Test func aRunThatDoesNotFitEvenSoIsRefusedWithTheMemoryThatItWouldTake() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(6000)))
    let error = #expect(throws: CharacterRunError.self) {
      try run(Self.settings[0], corpus, in: scratch.run("run"), memory: 1000)
    }
    guard case .tooLarge(let bytes, let available) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(bytes > available && available == 1000)
  }
}
