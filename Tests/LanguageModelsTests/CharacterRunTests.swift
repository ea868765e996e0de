import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct CharacterRunTests {
  /// A run of other tokens than its settings name could not be resumed.
  @Test func aCorpusOfOtherTokensThanTheSettingsIsRefused() throws {
    let corpus = try sampleCorpus(kind: .byte)
    #expect(throws: CharacterRunError.otherTokens(.byte, settings: .character)) {
      try CharacterRun(settings: .small(), corpus: corpus)
    }
    #expect(throws: Never.self) { try CharacterRun(settings: .small { $0.tokens = .byte }, corpus: corpus) }
  }

  @Test func hiddenStateIsCarriedWithinAnEpochAndResetToZeroAtTheNext() throws {
    let corpus = try sampleCorpus()
    let shape = TrainingSettings.small().shape(vocabulary: corpus.vocabulary.count)
    let windows = TruncatedWindows(
      try ContiguousBatches(corpus.tokens, in: 0..<corpus.tokens.count, batch: 4, length: 8))
    let model = CharacterModel<Float>.sample(shape).bound()
    var task = CharacterTask<Float>(model, windows: windows, validation: nil)
    let fresh = task
    func loss(_ task: inout CharacterTask<Float>, at step: Int) -> Float {
      var context = ForwardContext<Float>()
      return task.loss(of: model, step: step, in: &context).value.scalar
    }
    let first = loss(&task, at: 0)
    for step in 1..<task.stepsPerEpoch {
      #expect(
        task.carriedState.map(\.name) == ["state.l0.hidden", "state.l0.cell", "state.l1.hidden", "state.l1.cell"])
      var unaware = fresh
      #expect(loss(&task, at: step) != loss(&unaware, at: step), "what came before makes a difference")
    }
    #expect(task.carriedState.isEmpty)
    #expect(loss(&task, at: task.stepsPerEpoch) == first)
  }

  @Test func bestHoldsTheLowestLossThatWasFoundOverInterruptionsToo() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    // A rate at which losses go up and down.
    let settings = TrainingSettings.small { ($0.learningRate, $0.validateEvery) = (0.5, 2) }
    var losses: [Double] = []
    for (index, steps) in [5, 9, 15, 30].enumerated() {
      let checkpoint = index == 0 ? nil : try Checkpoint(contentsOf: directory.last)
      let run = try CharacterRun(settings: settings, corpus: corpus, directory: directory, resuming: checkpoint)
      try run.train(limits: TrainingLimits(steps: steps), reporting: quiet) { event in
        if case .training(.validated(let report)) = event { losses.append(report.validationLoss) }
      }
      let best = try ModelFile<Float>(contentsOf: directory.best)
      #expect(best.history?.validationLoss == losses.min())
      let text = TextStream(corpus.tokens[run.split.validation])
      let loss = Evaluation.validationLoss(of: best.model, on: text, workspace: Workspace<Float>())
      #expect(loss == losses.min(), "the model is the one that the loss is of")
    }
    #expect(losses.last != losses.min(), "the test is about a run that gets worse")
  }

  /// A run whose loss is not finite saves nothing over a good one, and ends with an error.
  @Test(arguments: [1, 1000])
  func aRunWhoseLossIsNotFiniteSavesNothingOverAGoodOne(checkpointEvery: Int) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    let good = TrainingSettings.small { ($0.cell, $0.validateEvery) = (.rnnReLU, 1) }
    try CharacterRun(settings: good, corpus: corpus, directory: directory)
      .train(limits: TrainingLimits(steps: 3), reporting: quiet)
    let (best, last) = (try bytes(of: directory.best), try bytes(of: directory.last))

    var bad = good
    (bad.learningRate, bad.clip) = (1e38, 0)
    var skipped = 0
    #expect(throws: TrainingDiverged.self) {
      let run = try CharacterRun(settings: bad, corpus: corpus, directory: directory)
      try run.claimDirectory(earlier: .replace)
      let reporting = TrainingReporting(sampleEvery: 1, checkpointEvery: checkpointEvery)
      try run.train(limits: TrainingLimits(steps: 500), reporting: reporting) { event in
        if case .training(.skipped) = event { skipped += 1 }
      }
    }
    #expect(skipped > 5)
    // Saved at every step, `last` may hold the step before the first that was not finite, and has then replaced the old run.
    if checkpointEvery > 1 {
      #expect(try bytes(of: directory.best) == best)
      #expect(try bytes(of: directory.last) == last)
    }
    #expect(throws: Never.self) { try Checkpoint(contentsOf: directory.last, requireFinite: true) }
    for line in try String(contentsOfFile: directory.metrics, encoding: .utf8).split(separator: "\n") {
      #expect(throws: Never.self) { try JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8)) }
    }
  }

  /// A save that fails is reported and tried again; only the last one ends the run with an error.
  @Test func aSaveThatFailsIsReportedAndTriedAgain() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    for isMended in [true, false] {
      let directory = scratch.run("run-\(isMended)")
      let run = try CharacterRun(settings: .small(), corpus: corpus, directory: directory)
      var failures = 0
      func train() throws {
        try run.train(
          limits: TrainingLimits(steps: 6), reporting: TrainingReporting(sampleEvery: 0, checkpointEvery: 1)
        ) {
          event in
          if case .saveFailed = event { failures += 1 }
          guard case .training(.step(let step)) = event else { return }
          if step.step == 2 { try? FileManager.default.removeItem(atPath: directory.path) }
          if step.step == 5 && isMended { try? directory.create() }
        }
      }
      if isMended {
        try train()
        #expect(try ModelFile<Float>(contentsOf: directory.last).history?.step == 6)
      } else {
        let error = #expect(throws: UnsavedRun.self) { try train() }
        #expect(error?.parts.contains(.last) == true)
      }
      #expect(failures >= 3)
    }
  }

  /// Gradients whose squares leave single precision are left out: what is saved can be read again.
  @Test func gradientsWhoseSquaresLeaveSinglePrecisionAreLeftOut() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    let settings = TrainingSettings.small { ($0.cell, $0.learningRate, $0.clip, $0.length) = (.rnnReLU, 16, 0, 30) }
    let run = try CharacterRun(settings: settings, corpus: corpus, directory: directory)
    do {
      try run.train(
        limits: TrainingLimits(steps: 40), reporting: TrainingReporting(sampleEvery: 0, checkpointEvery: 1))
    } catch is TrainingDiverged {}
    if FileManager.default.fileExists(atPath: directory.last) { _ = try Checkpoint(contentsOf: directory.last) }
  }

  @Test func patienceEndsARunAlsoOneThatIsResumedAfterItWasSpent() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    let settings = TrainingSettings.small {
      ($0.learningRate, $0.patience, $0.validateEvery, $0.optimizer, $0.clip) = (1e-30, 3, 2, .sgd, 1e-30)
    }
    let run = try CharacterRun(settings: settings, corpus: corpus, directory: directory)
    #expect(try run.train(limits: TrainingLimits(steps: 100), reporting: quiet) == .patienceSpent)
    #expect(run.step == 8, "one that is best, three that are not")
    let resumed = try CharacterRun(
      settings: settings, corpus: corpus, directory: directory, resuming: Checkpoint(contentsOf: directory.last))
    #expect(try resumed.train(limits: TrainingLimits(steps: 100), reporting: quiet) == .patienceSpent)
    #expect(resumed.step == 8)
  }

  /// Training ends at the first limit reached, and stops after the step in which it is asked to.
  @Test func trainingEndsAtTheFirstLimitReached() throws {
    #expect(TrainingLimits().lastStep(stepsPerEpoch: 10) == 3000)
    #expect(TrainingLimits().lastStep(stepsPerEpoch: 61) == 3050)
    #expect(TrainingLimits(epochs: 2).lastStep(stepsPerEpoch: 10) == 20)
    #expect(TrainingLimits(epochs: 2, steps: 15).lastStep(stepsPerEpoch: 10) == 15)
    #expect(TrainingLimits(epochs: 2, steps: 25).lastStep(stepsPerEpoch: 10) == 20)
    #expect(TrainingLimits(epochs: .max).lastStep(stepsPerEpoch: 10) == .max)
    #expect(TrainingLimits(seconds: 5).lastStep(stepsPerEpoch: 10) == nil)

    let corpus = try sampleCorpus()
    let stopped = try CharacterRun(settings: .small(), corpus: corpus)
    #expect(
      try stopped.train(limits: TrainingLimits(), reporting: quiet, shouldStop: { stopped.step == 4 }) == .stopped)
    #expect(stopped.step == 4)
    let timed = try CharacterRun(settings: .small(), corpus: corpus)
    var ticks = 0.0
    let clock = { () -> Double in
      ticks += 1
      return ticks
    }
    #expect(try timed.train(limits: TrainingLimits(seconds: 20), reporting: quiet, clock: clock) == .finished)
    #expect((1...20).contains(timed.step))
  }

  @Test func samplesAndSavesOnTheWayChangeNothingInTheResult() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let (plain, busy) = (scratch.run("plain"), scratch.run("busy"))
    let settings = TrainingSettings.small { $0.dropout = 0.2 }
    try CharacterRun(settings: settings, corpus: corpus, directory: plain)
      .train(limits: TrainingLimits(steps: 6), reporting: quiet)
    try CharacterRun(settings: settings, corpus: corpus, directory: busy)
      .train(limits: TrainingLimits(steps: 6), reporting: TrainingReporting(sampleEvery: 2, checkpointEvery: 1))
    #expect(try bytes(of: plain.last) == bytes(of: busy.last))
    #expect(try bytes(of: plain.best) == bytes(of: busy.best))
  }
}

/// A flat value of a line of metrics.
private enum JSONValue: Decodable {
  case text(String)
  case number(Double)

  init(from decoder: Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let text = try? container.decode(String.self) {
      self = .text(text)
    } else {
      self = .number(try container.decode(Double.self))
    }
  }
}
