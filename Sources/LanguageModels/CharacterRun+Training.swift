import Foundation
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore

/// What a run reports while it trains.
public enum RunEvent: Sendable {
  case training(TrainingEvent)
  /// A text written by the model as it stands.
  case sample(step: Int, text: String)
  /// A file could not be saved; the one before it stays, and saving is tried again.
  case saveFailed(FileError)
}

/// How a run ended.
public enum RunEnd: Sendable, Equatable {
  /// All that was asked for is done.
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
  /// - Throws: `TrainingDiverged`; `FileError` when the last save failed.
  @discardableResult
  public func train(
    limits: TrainingLimits, reporting: TrainingReporting = TrainingReporting(),
    report: (RunEvent) -> Void = { _ in }, shouldStop: () -> Bool = { false },
    clock: () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) throws -> RunEnd {
    try directory?.create()
    let lastStep = limits.lastStep(stepsPerEpoch: stepsPerEpoch)
    let validateEvery = settings.validateEvery ?? stepsPerEpoch
    let checkpointEvery = reporting.checkpointEvery ?? stepsPerEpoch
    let sampleEvery = reporting.sampleEvery ?? (500 + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch
    let began = clock()
    var (savedAt, savedStep, validatedStep) = (began, -1, -1)
    var meter = MetricsMeter(
      tokensPerStep: tokensPerStep, charactersPerToken: charactersPerToken, began: began, step: step)
    var end = patienceSpent ? RunEnd.patienceSpent : .finished

    while end == .finished && step < lastStep ?? .max {
      let event = try trainer.trainStep()
      report(.training(event))
      if case .step(let stepReport) = event { meter.add(stepReport) }
      // What belongs to a step was done when the run first came to it, not again when it goes back there.
      let wentBack = if case .rolledBack = event { true } else { false }
      if !wentBack, step % validateEvery == 0 {
        if let validation = trainer.validate(scheduled: true) {
          validatedStep = step
          record(validation, meter: &meter, now: clock(), report: report)
          if patienceSpent { end = .patienceSpent }
        } else {
          appendMetrics(
            "training", trainingLoss: trainer.takeMeanLoss(), validationLoss: nil, meter: &meter, now: clock(),
            report: report)
        }
      }
      if !wentBack && sampleEvery > 0 && step % sampleEvery == 0 {
        report(.sample(step: step, text: sample(length: reporting.sampleLength)))
      }
      if shouldStop() { end = .stopped }
      if !wentBack && step % checkpointEvery == 0 || clock() - savedAt >= 60 {
        if saveLast(report: report) == nil { savedStep = step }
        savedAt = clock()
      }
      if let seconds = limits.seconds, clock() - began >= seconds { break }
    }

    if savedStep != step, let failure = saveLast(report: report) { throw failure }
    if validatedStep != step, let validation = trainer.validate(scheduled: false) {
      record(validation, meter: &meter, now: clock(), report: report)
    }
    return end
  }

  /// A text written by the model as it stands. It uses randomness of its own, so that it does not change the training.
  public func sample(length: Int) -> String {
    TextGenerator(model: model, vocabulary: corpus.vocabulary).text(
      length: length, options: SamplingOptions(temperature: 0.8), seed: settings.seed &+ UInt64(step))
  }

  /// In the text that validation predicts, so that rates of different kinds of token can be compared.
  private var charactersPerToken: Double {
    guard let predicted = try? split.predicted(in: .validation) else { return 1 }
    return Double(corpus.measure(predicted).characters) / Double(predicted.count)
  }

  private var patienceSpent: Bool { progress.validationsSinceBest >= settings.patience ?? .max }

  /// Saves `last`; returns the failure if there was one. A model that is not finite is not saved.
  private func saveLast(report: (RunEvent) -> Void) -> FileError? {
    let file = file(validationLoss: progress.bestValidationLoss)
    let checkpoint = trainer.checkpoint(file, settings: settings, corpus: corpus)
    return save(checkpoint, to: directory?.last, report: report)
  }

  private func save(_ checkpoint: Checkpoint, to path: String?, report: (RunEvent) -> Void) -> FileError? {
    guard let path, (try? checkpoint.requireFinite()) != nil else { return nil }
    do {
      try checkpoint.write(to: path)
      return nil
    } catch {
      report(.saveFailed(error))
      return error
    }
  }

  private func record(
    _ validation: ValidationReport, meter: inout MetricsMeter, now: Double, report: (RunEvent) -> Void
  ) {
    report(.training(.validated(validation)))
    if validation.isBest && validation.validationLoss < bestOnDisk {
      _ = save(file(validationLoss: validation.validationLoss).checkpoint, to: directory?.best, report: report)
    }
    appendMetrics(
      validation.scheduled ? "validation" : "end", trainingLoss: validation.trainingLoss,
      validationLoss: validation.validationLoss, meter: &meter, now: now, report: report)
  }

  private func appendMetrics(
    _ event: String, trainingLoss: Double?, validationLoss: Double?, meter: inout MetricsMeter, now: Double,
    report: (RunEvent) -> Void
  ) {
    let line = meter.line(
      event: event, step: step, trainingLoss: trainingLoss, validationLoss: validationLoss,
      epoch: Double(step) / Double(stepsPerEpoch), learningRate: progress.learningRate, now: now)
    do { try directory?.appendMetrics(line) } catch { report(.saveFailed(error)) }
  }

  /// The loss of the `best` that is there: the validation at the end of an earlier part of this run may have written it.
  private var bestOnDisk: Double {
    guard let directory, let file = try? ModelFile<Float>(contentsOf: directory.best) else { return .infinity }
    return file.history?.validationLoss ?? .infinity
  }
}
