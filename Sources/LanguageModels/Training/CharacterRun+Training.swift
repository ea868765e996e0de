import Foundation
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore

/// An event of a run in training.
public enum RunEvent: Sendable {
  case training(TrainingEvent)
  /// A text written by the model as it stands.
  case sample(step: Int, text: String)
  /// A file could not be saved; the one before it stays, and saving is tried again.
  case saveFailed(FileError)
}

/// How a run ended.
public enum RunEnd: Sendable, Equatable {
  /// A limit was reached.
  case finished
  /// The validation loss did not improve for as long as the patience allows.
  case patienceSpent
  /// It was told to stop.
  case stopped
}

extension CharacterRun {
  /// Trains until a limit is reached, saving and reporting on the way.
  ///
  /// Scheduled validations alone decide the best loss that is stored. At the end the state is saved, then the model is validated
  /// once more, which may improve `best`.
  ///
  /// - Parameters:
  ///   - report: receives what happens.
  ///   - shouldStop: asked after every step.
  ///   - clock: seconds since any fixed moment.
  /// - Throws: `TrainingDiverged`; `UnsavedRun` when something could not be saved in the end.
  @discardableResult
  public func train(
    limits: TrainingLimits, reporting: TrainingReporting = TrainingReporting(),
    report: @escaping (RunEvent) -> Void = { _ in }, shouldStop: () -> Bool = { false },
    clock: () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) throws -> RunEnd {
    if claim == nil { try claimDirectory(limits: limits, reporting: reporting) }
    defer { claim = nil }
    let lastStep = limits.lastStep(stepsPerEpoch: stepsPerEpoch)
    let validateEvery = settings.validateEvery ?? stepsPerEpoch
    let checkpointEvery = reporting.checkpointEvery ?? stepsPerEpoch
    let sampleEvery = reporting.sampleEvery ?? TrainingReporting.usualSampleInterval(stepsPerEpoch: stepsPerEpoch)
    let began = clock()
    var (savedAt, validatedStep) = (began, -1)
    var meter = MetricsMeter(tokensPerStep: tokensPerStep, charactersPerToken: charactersPerToken, began: began)
    var saver = RunSaver(self, kept: reporting.kept, report: report)
    var end = patienceSpent ? RunEnd.patienceSpent : .finished

    while end == .finished && step < lastStep ?? .max {
      let event = try trainStep(meter: &meter, saver: &saver, clock: clock)
      report(.training(event))
      // Validations, samples and saves of a step are not repeated when the run is rolled back to it.
      let wentBack = if case .rolledBack = event { true } else { false }
      if !wentBack, step % validateEvery == 0 {
        if let validation = trainer.validate(scheduled: true) {
          validatedStep = step
          record(validation, meter: &meter, saver: &saver, now: clock())
          if patienceSpent { end = .patienceSpent }
        } else {
          saver.append(
            meter.line("training", training: trainer.takeMeanLoss(), validationLoss: nil, at: moment(clock())))
        }
      }
      if !wentBack && sampleEvery > 0 && step % sampleEvery == 0 {
        report(.sample(step: step, text: sample(length: reporting.sampleLength)))
      }
      if shouldStop() { end = .stopped }
      if !wentBack && step % checkpointEvery == 0 || clock() - savedAt >= 60 {
        saver.saveLast()
        savedAt = clock()
      }
      if let seconds = limits.seconds, clock() - began >= seconds { break }
    }

    if let reason = trainer.nonFiniteState { throw TrainingDiverged(step: step, reason: reason) }
    saver.saveLastUnlessSaved()
    // A run that is stopped goes on some time, and then validates when it is due.
    if end != .stopped, validatedStep != step, let validation = trainer.validate(scheduled: false) {
      record(validation, meter: &meter, saver: &saver, now: clock())
    }
    try saver.finish()
    return end
  }

  /// Does a step; a step that is skipped and a rollback are recorded in the metrics.
  private func trainStep(
    meter: inout MetricsMeter, saver: inout RunSaver, clock: () -> Double
  ) throws(TrainingDiverged) -> TrainingEvent {
    let event: TrainingEvent
    do { event = try trainer.trainStep() } catch {
      saver.append(meter.line(recovery: "diverged", reason: error.reason, at: moment(clock())))
      throw error
    }
    switch event {
    case .step(let report): meter.add(report)
    case .skipped(_, let reason): saver.append(meter.line(recovery: "skipped", reason: reason, at: moment(clock())))
    case .rolledBack(_, _, let reason):
      saver.append(meter.line(recovery: "rolled_back", reason: reason, at: moment(clock())))
    case .validated: break
    }
    return event
  }

  private func moment(_ now: Double) -> MetricsMeter.Moment {
    MetricsMeter.Moment(
      step: step, epoch: Double(step) / Double(stepsPerEpoch), learningRate: trainer.currentLearningRate,
      rollbacks: progress.rollbacks, now: now)
  }

  private func record(
    _ validation: ValidationReport, meter: inout MetricsMeter, saver: inout RunSaver, now: Double
  ) {
    saver.report(.training(.validated(validation)))
    if validation.isBest && trainer.nonFiniteState == nil { saver.saveBest(loss: validation.validationLoss) }
    saver.append(
      meter.line(
        validation.scheduled ? "validation" : "end", training: validation.training,
        validationLoss: validation.validationLoss, at: moment(now)))
  }

  /// A text written by the model as it stands. It uses randomness of its own, so that it does not change the training.
  public func sample(length: Int) -> String {
    TextGenerator(model: model, vocabulary: corpus.vocabulary).text(
      length: length, options: SamplingOptions(temperature: 0.8), seed: UInt64(settings.seed) &+ UInt64(step))
  }

  /// In the text that validation predicts, so that rates of different kinds of token can be compared; nil where no character
  /// begins there.
  private var charactersPerToken: Double? {
    guard let predicted = try? split.predicted(in: .validation) else { return nil }
    let characters = corpus.measure(predicted).characters
    return characters > 0 ? Double(characters) / Double(predicted.count) : nil
  }

  private var patienceSpent: Bool { progress.validationsSinceBest >= settings.patience ?? .max }
}
