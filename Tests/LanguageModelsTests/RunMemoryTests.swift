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
  ) throws -> CharacterRun {
    let free = try run(settings, corpus, in: directory, threads: threads, resuming: resuming, memory: nil)
    let tight = try run(
      settings, corpus, in: directory, threads: threads, resuming: resuming, memory: 0.99 * free.trainingBytes)
    #expect(!free.recomputes && tight.recomputes)
    return tight
  }

  @Test(arguments: settings.indices)
  func aRunThatRecomputesHasTheSameBits(index: Int) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(6000)))
    let (plain, tight) = (scratch.run("plain"), scratch.run("tight"))
    let free = try run(Self.settings[index], corpus, in: plain, memory: nil)
    #expect(!free.recomputes)
    try free.train(limits: TrainingLimits(steps: 6), reporting: quiet)
    let first = try tightRun(Self.settings[index], corpus, in: tight)
    try first.train(limits: TrainingLimits(steps: 3), reporting: quiet)
    let saved = try Checkpoint(contentsOf: tight.last)
    let second = try tightRun(Self.settings[index], corpus, in: tight, threads: 2, resuming: saved)
    try second.train(limits: TrainingLimits(steps: 6), reporting: quiet)
    #expect(try bytes(of: tight.last) == bytes(of: plain.last))
  }

  /// Settings that differ in what they keep: each cell, and what may be added to one.
  private static let kept: [TrainingSettings] =
    sweptCells.map { cell in .small { $0.cell = cell } } + [
      .small { ($0.cell, $0.layerNorm) = (.gru, true) },
      .small { ($0.zoneout, $0.dropout, $0.residual) = (0.2, 0.3, true) },
      .small { ($0.lockedDropout, $0.activationRegularization, $0.averaging) = (0.3, 1, 0.9) },
    ]

  /// Buffers of steps and validations are most of what a run of a small model takes.
  @Test(arguments: kept.indices, [false, true])
  func buffersTakeAboutTheMemoryThatWasForecast(index: Int, recomputes: Bool) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(30_000)))
    var settings = Self.kept[index]
    (settings.batch, settings.length, settings.layers, settings.hidden) = (32, 120, 2, 32)
    let subject =
      recomputes
      ? try tightRun(settings, corpus, in: scratch.run("run"))
      : try run(settings, corpus, in: scratch.run("run"), memory: nil)
    try subject.train(limits: TrainingLimits(steps: 2), reporting: quiet)
    let share = Double(subject.pooledBytes) / subject.trainingBytes
    #expect(share <= 1 && share > 0.5)
  }

  /// Activations whose number is beyond whole numbers are refused as any that do not fit.
  @Test func sizesThatNoMachineHasMemoryForAreRefused() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(6000)))
    let settings = TrainingSettings.small {
      ($0.batch, $0.length, $0.hidden, $0.layers) = (1 << 20, 1 << 20, 1 << 16, 40)
    }
    let error = #expect(throws: CharacterRunError.self) {
      try run(settings, corpus, in: scratch.run("run"), memory: nil)
    }
    guard case .tooLarge(let bytes, _) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(bytes > 1e18)
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
