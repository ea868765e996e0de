import Foundation
import ModelTraining
import ProcessGroups
import SequenceText
import TensorCheckpoints
import TensorCore

/// An event of a run in training.
public enum RunEvent: Sendable {
  case training(TrainingEvent)
  /// A text written by the model as it stands.
  case sample(step: Int, text: String)
  /// The learning rate decays to 0 over the next steps, with which the run ends.
  case decaying(steps: Int, reason: EndReason)
  /// A file could not be saved; the one before it stays, and saving is tried again.
  case saveFailed(FileError)
}

/// How a run ended.
public enum RunEnd: Sendable, Equatable {
  /// A limit was reached, or the decay is over that ends the run.
  case finished
  /// The validation loss did not improve for as long as the patience allows, and the schedule has no decay to end with.
  case patienceSpent
  /// It was told to stop.
  case stopped
}

extension CharacterRun {
  /// Trains until a limit is reached, saving and reporting on the way.
  ///
  /// Scheduled validations alone decide the best loss that is stored. At the end the state is saved, then the model is validated
  /// once more, which may improve `best`. Where the schedule ends with a decay, the state before it is kept, so that a run can
  /// be extended.
  ///
  /// - Parameters:
  ///   - report: receives what happens.
  ///   - shouldStop: asked after every step; on a device, after some.
  ///   - clock: seconds since any fixed moment.
  /// - Precondition: limits and reporting have no problem.
  /// - Throws: `TrainingDiverged`; `DeviceError` when a device has failed: the state that was saved last stays; `UnsavedRun` when something could not be saved in the end; `RunDirectoryTaken` when the
  ///   directory was moved away; and what `claimDirectory` throws, where that was not called before.
  @discardableResult
  public func train(
    limits: TrainingLimits, reporting: TrainingReporting = TrainingReporting(),
    report: @escaping (RunEvent) -> Void = { _ in }, shouldStop: @escaping () -> Bool = { false },
    clock: @escaping () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) throws -> RunEnd {
    if claim == nil { try claimDirectory(limits: limits, reporting: reporting) }
    defer { claim = nil }
    let watch = RunWatch(group: group, clock: clock, shouldStop: shouldStop)
    let began = watch.now()
    var meter = MetricsMeter(
      tokensPerStep: tokensPerStep, charactersPerToken: validationCharactersPerToken, began: began)
    var saver = RunSaver(self, kept: reporting.kept, report: report)
    let end: RunEnd
    do {
      end = try trainSteps(limits, reporting, meter: &meter, saver: &saver, watch: watch, from: began)
    } catch  where error is TrainingDiverged || error is DeviceError {
      // That it diverged, or that its device is lost, says more than that a file was not saved.
      try? saver.finish()
      throw error
    }
    try saver.finish()
    return end
  }

  private func trainSteps(
    _ limits: TrainingLimits, _ reporting: TrainingReporting, meter: inout MetricsMeter, saver: inout RunSaver,
    watch: RunWatch, from began: Double
  ) throws -> RunEnd {
    let lastStep = limits.lastStep(stepsPerEpoch: stepsPerEpoch)
    let validateEvery = settings.validateEvery ?? stepsPerEpoch
    let sampleEvery = reporting.sampleEvery ?? TrainingReporting.usualSampleInterval(stepsPerEpoch: stepsPerEpoch)
    var (pace, validatedStep) = (SavingPace(reporting, stepsPerEpoch: stepsPerEpoch, began: began), -1)
    var stepsDone = 0
    // Rank 0 alone knows which file it goes on from, and all save together.
    if group.map({ $0.sums(of: [isExtended ? 1 : 0]) != [0] }) ?? isExtended { try saver.saveLast() }
    var end = endsAtOnce ? RunEnd.patienceSpent : .finished
    var now = watch.now()

    while end == .finished && step < lastStep ?? .max && !hasDecayed {
      let seconds = now - began
      let time = limits.seconds.flatMap { limit -> TimeLeft? in
        guard stepsDone >= 5, seconds >= limit / 20 else { return nil }
        return TimeLeft(seconds: limit - seconds, secondsPerStep: seconds / Double(stepsDone))
      }
      if let decay = decayToBegin(lastStep: lastStep, time: time) {
        try saver.saveUndecayed()
        trainer.beginDecay(over: decay.steps)
        // Saved before its first update: a resumed run must decay from this step.
        try saver.saveLast()
        saver.report(.decaying(steps: decay.steps, reason: decay.reason))
      }
      func isDue(after step: Int) -> Bool {
        step % validateEvery == 0 || sampleEvery > 0 && step % sampleEvery == 0 || pace.mayBeDue(after: step)
          || step >= lastStep ?? .max || mayChangeDecay(after: step, lastStep: lastStep)
      }
      let events = try trainSteps(
        atMost: stepsAhead(within: stepsDone >= 5 ? seconds / Double(stepsDone) : .infinity, isDue: isDue),
        meter: &meter, saver: &saver, watch: watch)
      stepsDone += events.count
      // Validations, samples and saves of a step are not repeated when the run is rolled back to it.
      let wentBack = if case .rolledBack? = events.last { true } else { false }
      if !wentBack, step % validateEvery == 0 {
        if let validation = validate(scheduled: true) {
          validatedStep = step
          try record(validation, meter: &meter, saver: &saver, now: watch.now(), afterSteps: stepsDone)
          if endsAtOnce { end = .patienceSpent }
        } else {
          try saver.append(
            meter.line("training", training: trainer.takeMeanLoss(), validationLoss: nil, at: moment(watch.now())))
        }
      }
      if !wentBack && sampleEvery > 0 && step % sampleEvery == 0 {
        let now = watch.now()
        if group?.rank ?? 0 == 0 {
          let text = try sample(length: reporting.sampleLength)
          try saver.append(meter.line(sample: text, copy: copiedPassage(of: text), at: moment(now)))
          saver.report(.sample(step: step, text: text))
        }
      }
      let stops: Bool
      (now, stops) = watch.look()
      if stops { end = .stopped }
      if pace.isDue(after: wentBack ? nil : step, now: now) {
        try saver.saveLast()
        let end = watch.now()
        pace.saved(from: now, to: end)
        now = end
      }
      let isOver = limits.seconds.map { now - began >= $0 + lenience(of: $0) } ?? false
      // A state that is not finite is no end: it cannot be saved.
      if isOver || end != .finished || step >= lastStep ?? .max || hasDecayed {
        let wentBack = try goBackIfNonFinite(meter: &meter, saver: &saver, watch: watch)
        if wentBack && end == .patienceSpent { end = .finished }
      }
      if isOver { break }
    }

    try saver.saveLastUnlessSaved()
    // A run that is stopped goes on some time, and then validates when it is due.
    if end != .stopped, validatedStep != step, let validation = validate(scheduled: false) {
      try record(validation, meter: &meter, saver: &saver, now: watch.now(), afterSteps: stepsDone)
    }
    return end
  }

  /// Measures the validation loss, in the memory of a step where that is short.
  private func validate(scheduled: Bool) -> ValidationReport? {
    if recomputes { trimMemory() }
    defer { if recomputes { trimMemory() } }
    return trainer.validate(scheduled: scheduled)
  }

  /// The most bytes that the buffers of steps and validations have taken at a time.
  package var pooledBytes: Int { trainer.workspace.pool.peakBytes }

  /// Gives the memory of steps back: when they are done, or other work comes between them.
  public func trimMemory() { trainer.workspace.pool.trim() }

  /// Steps that a device may take before the host looks at them: until something is due, and for a quarter of a second at most, so
  /// that a run stops soon.
  ///
  /// - Parameter secondsPerStep: infinity where it is not known yet.
  func stepsAhead(within secondsPerStep: Double, isDue: (_ step: Int) -> Bool = { _ in false }) -> Int {
    if device == .cpu { return 1 }
    let most = max(1, Int(min(16, 0.25 / secondsPerStep)))
    return (1..<most).first { isDue(step + $0) } ?? most
  }

  /// Does a step, or several on a device.
  private func trainSteps(
    atMost count: Int, meter: inout MetricsMeter, saver: inout RunSaver, watch: RunWatch
  ) throws -> [TrainingEvent] {
    try recording(meter: &meter, saver: &saver, watch) { try trainer.trainSteps(atMost: count) }
  }

  /// Goes back to the last good state if the present one is not finite.
  private func goBackIfNonFinite(
    meter: inout MetricsMeter, saver: inout RunSaver, watch: RunWatch
  ) throws -> Bool {
    try !recording(meter: &meter, saver: &saver, watch) { try trainer.rollBackIfNonFinite().map { [$0] } ?? [] }.isEmpty
  }

  /// Reports events of the trainer; a step that is skipped, a rollback and a divergence are recorded in the metrics.
  private func recording(
    meter: inout MetricsMeter, saver: inout RunSaver, _ watch: RunWatch, _ events: () throws -> [TrainingEvent]
  ) throws -> [TrainingEvent] {
    let found: [TrainingEvent]
    do { found = try events() } catch let error as TrainingDiverged {
      try saver.append(meter.line(recovery: "diverged", reason: error.reason, at: moment(watch.now())))
      throw error
    }
    for event in found {
      switch event {
      case .step(let report): meter.add(report)
      case .skipped(_, let reason):
        try saver.append(meter.line(recovery: "skipped", reason: reason, at: moment(watch.now())))
      case .rolledBack(_, _, let reason):
        try saver.append(meter.line(recovery: "rolled_back", reason: reason, at: moment(watch.now())))
      case .validated: break
      }
      saver.report(.training(event))
    }
    return found
  }

  private func moment(_ now: Double) -> MetricsMeter.Moment {
    MetricsMeter.Moment(
      step: step, epoch: Double(step) / Double(stepsPerEpoch), learningRate: trainer.currentLearningRate,
      rollbacks: progress.rollbacks, now: now)
  }

  /// - Parameter steps: steps done in this part of the run; after none, the line that an earlier part wrote stays as it is.
  private func record(
    _ validation: ValidationReport, meter: inout MetricsMeter, saver: inout RunSaver, now: Double, afterSteps steps: Int
  ) throws {
    saver.report(.training(.validated(validation)))
    if trainer.nonFiniteState == nil { try saver.saveBest(loss: validation.validationLoss) }
    if steps == 0, let closing = metrics?.closing {
      if !closing.isThere { try saver.append(closing.line) }
      return
    }
    try saver.append(
      meter.line(
        validation.scheduled ? "validation" : "end", training: validation.training,
        validationLoss: validation.validationLoss, at: moment(now)))
  }

  /// A text written by the model as it stands. It uses randomness of its own, so that it does not change the training.
  ///
  /// - Throws: `DeviceError` where a device has failed that holds the model.
  public func sample(length: Int) throws(DeviceError) -> String {
    TextGenerator(model: try validatedModel.on(.cpu), vocabulary: corpus.vocabulary, arrangement: settings.arrangement)
      .example(
        length: length, options: SamplingOptions(temperature: 0.8), seed: UInt64(settings.seed) &+ UInt64(step))
  }

  /// The longest passage of a text that stands in the corpus word for word.
  private func copiedPassage(of text: String) -> (tokens: Int, text: String) {
    let tokenizer = Tokenizer(corpus.vocabulary)
    guard let tokens = try? tokenizer.encode(text, unknown: .skip).tokens else { return (0, "") }
    // In a group it is looked for in the part that rank 0 has.
    let range =
      corpus.tokens.presentParts.map { longestCopy(of: tokens, in: $0.tokens) }.max { $0.count < $1.count } ?? 0..<0
    return (range.count, String(decoding: tokenizer.decode(tokens[range]), as: UTF8.self))
  }
}

/// Clock of a run, and whether it is to stop. In a group all ranks see the clock of rank 0 and stop together, so that they decide
/// alike.
private struct RunWatch {
  let group: ProcessGroup?
  let clock: () -> Double
  let shouldStop: () -> Bool

  func now() -> Double { look().now }

  func look() -> (now: Double, stops: Bool) {
    let own = (clock(), shouldStop())
    guard let group else { return own }
    let all = group.allGather([own.0, own.1 ? 1 : 0])
    return (all[0][0], all.contains { $0[1] > 0 })
  }
}

/// Moments at which a run saves its state. They decide no bit of it.
private struct SavingPace {
  private let interval: Int?
  private let stepsPerEpoch: Int
  private var end: Double
  /// Seconds that the last save took.
  private var duration = 0.0

  init(_ reporting: TrainingReporting, stepsPerEpoch: Int, began: Double) {
    (interval, self.stepsPerEpoch, end) = (reporting.checkpointEvery, stepsPerEpoch, began)
  }

  /// Whether to save: at the interval that was asked for, or else after an epoch, if saving has taken less than a twentieth of
  /// the time since; and each minute.
  ///
  /// - Parameter step: nil after a rollback, whose step was saved already.
  func isDue(after step: Int?, now: Double) -> Bool {
    if now - end >= 60 { return true }
    guard let step else { return false }
    return interval.map { step % $0 == 0 } ?? (step % stepsPerEpoch == 0 && now - end >= 20 * duration)
  }

  /// Whether saving may be due after a step, but for the time.
  func mayBeDue(after step: Int) -> Bool { step % (interval ?? stepsPerEpoch) == 0 }

  mutating func saved(from start: Double, to end: Double) { (duration, self.end) = (end - start, end) }
}
