import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct DivergedRunTests {
  /// A learning rate that is far too high, until it has been halved several times.
  private let settings = TrainingSettings.small {
    ($0.cell, $0.layers, $0.clip, $0.optimizer, $0.learningRate, $0.length) = (.rnnReLU, 1, 0, .sgd, 300, 16)
    $0.validateEvery = 3
  }
  private let reporting = TrainingReporting(sampleEvery: 0, checkpointEvery: 1000)

  /// Stopped and resumed before, within or after a divergence, a run ends with the bytes of one left alone.
  @Test func aRunStoppedNearADivergenceEndsWithTheBytesOfAnUnbrokenOne() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(sampleText(2000)))
    let limits = TrainingLimits(steps: 24)
    var events: [String] = []
    let whole = scratch.run("whole")
    try CharacterRun(settings: settings, corpus: corpus, directory: whole).train(limits: limits, reporting: reporting) {
      switch $0 {
      case .training(.skipped): events.append("skipped")
      case .training(.rolledBack): events.append("rolled_back")
      case .training(.step): events.append("step")
      default: break
      }
    }
    #expect(events.count { $0 == "rolled_back" } > 1, "the test is about divergence: \(events)")
    let recorded = try comparableMetrics(of: whole)
    for event in ["skipped", "rolled_back"] {
      let lines = recorded.filter { $0.contains(#""event":"\#(event)""#) }
      #expect(lines.count == events.count { $0 == event } && lines.allSatisfy { $0.contains(#""reason":"the "#) })
    }

    for stop in sweep(debug: [1, 4, 5, 9, 14], release: Array(1..<events.count)) {
      let directory = scratch.run("stop-\(stop)")
      var calls = 0
      let shouldStop = {
        calls += 1
        return calls == stop
      }
      let first = try CharacterRun(settings: settings, corpus: corpus, directory: directory)
      try first.train(limits: limits, reporting: reporting, shouldStop: shouldStop)
      let resumed = try CharacterRun(
        settings: settings, corpus: corpus, directory: directory, resuming: Checkpoint(contentsOf: directory.last))
      try resumed.train(limits: limits, reporting: reporting)
      #expect(try bytes(of: directory.last) == bytes(of: whole.last), "stopped after \(stop) calls")
      #expect(try bytes(of: directory.best) == bytes(of: whole.best), "stopped after \(stop) calls")
      #expect(try comparableMetrics(of: directory) == recorded, "stopped after \(stop) calls")
    }
  }

  /// Where the last or the first step of an epoch was skipped, no state is carried into the next.
  @Test func noStateIsCarriedOverAnEpochsBorderThatWasSkipped() throws {
    let text = try String(contentsOf: Repository.corpus("fables.txt"), encoding: .utf8)
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(String(text.prefix(400))))
    let settings = TrainingSettings.small {
      ($0.hidden, $0.layers, $0.batch, $0.length, $0.clip) = (6, 1, 4, 16, 0)
      ($0.optimizer, $0.learningRate, $0.seed) = (.sgd, 200, 479)
    }
    let limits = TrainingLimits(steps: 24)
    let whole = scratch.run("whole")
    var skipped: [Int] = []
    let unbroken = try CharacterRun(settings: settings, corpus: corpus, directory: whole)
    try unbroken.train(limits: limits, reporting: reporting) {
      if case .training(.skipped(let step, _)) = $0 { skipped.append(step) }
    }
    let perEpoch = unbroken.stepsPerEpoch
    #expect(skipped.contains { $0 % perEpoch == 0 && skipped.contains($0 + 1) }, "the test is about such a border")
    for stop in 1..<24 {
      let directory = scratch.run("stop-\(stop)")
      let first = try CharacterRun(settings: settings, corpus: corpus, directory: directory)
      var calls = 0
      try first.train(
        limits: limits, reporting: reporting,
        shouldStop: {
          calls += 1
          return calls == stop
        })
      let resumed = try CharacterRun(
        settings: settings, corpus: corpus, directory: directory, resuming: Checkpoint(contentsOf: directory.last))
      try resumed.train(limits: limits, reporting: reporting)
      #expect(try bytes(of: directory.last) == bytes(of: whole.last), "stopped after \(stop) calls")
      #expect(try comparableMetrics(of: directory) == comparableMetrics(of: whole), "stopped after \(stop) calls")
    }
  }

  /// Where the first step of an epoch was skipped, there is no state to carry, and the run goes on all the same.
  @Test func aRunStoppedWhereAnEpochBeganWithSkippedStepsGoesOn() throws {
    let text = try String(contentsOf: Repository.corpus("fables.txt"), encoding: .utf8)
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus(String(text.prefix(3000))))
    let settings = TrainingSettings.small {
      ($0.hidden, $0.layers, $0.batch, $0.length) = (8, 1, 4, 64)
      ($0.optimizer, $0.learningRate, $0.seed) = (.sgd, 100, 2)
    }
    let limits = TrainingLimits(steps: 16)
    let (whole, stopped) = (scratch.run("whole"), scratch.run("stopped"))
    try CharacterRun(settings: settings, corpus: corpus, directory: whole).train(limits: limits, reporting: reporting)
    let first = try CharacterRun(settings: settings, corpus: corpus, directory: stopped)
    let perEpoch = first.stepsPerEpoch
    try first.train(limits: limits, reporting: reporting, shouldStop: { first.step == perEpoch + 1 })
    #expect(first.progress.skippedInARow > 0, "the test is about a skipped step")
    let resumed = try CharacterRun(
      settings: settings, corpus: corpus, directory: stopped, resuming: Checkpoint(contentsOf: stopped.last))
    try resumed.train(limits: limits, reporting: reporting)
    #expect(try bytes(of: stopped.last) == bytes(of: whole.last))
  }

  /// Patience does not end a run that is diverging: it goes back first, and ends with a model that can be used or an error.
  @Test func patienceDoesNotEndARunThatIsDiverging() throws {
    let scratch = try ScratchDirectory()
    var settings = settings
    (settings.learningRate, settings.validateEvery, settings.patience) = (1e15, 1, 2)
    let run = try CharacterRun(settings: settings, corpus: sampleCorpus(sampleText(2000)), directory: scratch.run("a"))
    #expect(throws: TrainingDiverged.self) { try run.train(limits: TrainingLimits(steps: 400), reporting: reporting) }
    #expect(run.progress.rollbacks == 5)
  }

  /// Moments that overflow make updates of 0, so that neither the weights nor the loss show them.
  @Test func momentsThatOverflowAreADivergence() throws {
    var settings = TrainingSettings.small { ($0.optimizer, $0.weightDecay) = (.adam, 1e22) }
    settings.layers = 1
    let run = try CharacterRun(settings: settings, corpus: sampleCorpus())
    let error = #expect(throws: TrainingDiverged.self) { try run.train(limits: TrainingLimits(steps: 1000)) }
    #expect(error?.reason.contains("is not finite") == true)
    #expect(run.progress.rollbacks == 5)
    // Also where it ends before that is looked for.
    let short = try CharacterRun(settings: settings, corpus: sampleCorpus())
    #expect(throws: TrainingDiverged.self) { try short.train(limits: TrainingLimits(steps: 30)) }
  }

  /// A loss beyond ten times what a uniform guess has is a divergence, though it is finite.
  @Test func aLossFarBeyondAUniformGuessIsADivergence() throws {
    let corpus = try sampleCorpus()
    var settings = settings
    (settings.optimizer, settings.learningRate, settings.clip) = (.adam, 1000, 5)
    let run = try CharacterRun(settings: settings, corpus: corpus)
    let error = #expect(throws: TrainingDiverged.self) { try run.train(limits: TrainingLimits(steps: 500)) }
    #expect(error?.reason.contains("far beyond that of a uniform guess") == true)
    #expect(run.progress.rollbacks == 5)
  }
}
