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
  /// - Throws: `TrainingDiverged`; `FileError` when the last save failed.
  @discardableResult
  public func train(
    limits: TrainingLimits, reporting: TrainingReporting = TrainingReporting(),
    report: (RunEvent) -> Void = { _ in }, shouldStop: () -> Bool = { false },
    clock: () -> Double = { ProcessInfo.processInfo.systemUptime }
  ) throws -> RunEnd {
    if claim == nil { try claimDirectory() }
    defer { claim = nil }
    hasTrained = true
    let lastStep = limits.lastStep(stepsPerEpoch: stepsPerEpoch)
    let validateEvery = settings.validateEvery ?? stepsPerEpoch
    let checkpointEvery = reporting.checkpointEvery ?? stepsPerEpoch
    let sampleEvery = reporting.sampleEvery ?? TrainingReporting.usualSampleInterval(stepsPerEpoch: stepsPerEpoch)
    let began = clock()
    var (savedAt, savedStep, validatedStep) = (began, -1, -1)
    var meter = MetricsMeter(
      tokensPerStep: tokensPerStep, charactersPerToken: charactersPerToken, began: began, step: step)
    var end = patienceSpent ? RunEnd.patienceSpent : .finished

    while end == .finished && step < lastStep ?? .max {
      let event = try trainer.trainStep()
      report(.training(event))
      if case .step(let stepReport) = event { meter.add(stepReport) }
      // Validations, samples and saves of a step are not repeated when the run is rolled back to it.
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

    if let reason = trainer.nonFiniteState { throw TrainingDiverged(step: step, reason: reason) }
    if savedStep != step, let failure = saveLast(report: { _ in }) { throw failure }
    if validatedStep != step, let validation = trainer.validate(scheduled: false) {
      record(validation, meter: &meter, now: clock(), report: report)
    }
    if let failure = savePendingBest(report: { _ in }) { throw failure }
    return end
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

  /// Takes the directory for this run until the end of the next training: makes and locks it, and makes sure that there is room.
  /// Training does it by itself, but refuses a directory that holds an earlier run.
  ///
  /// - Throws: `FileError`, of the kind `busy` when another run is using the directory; `RunDirectoryTaken`.
  public func claimDirectory(earlier: EarlierRun = .refuse) throws {
    guard let directory else { return }
    // Weights and two moments, the carried state, the metadata.
    let numbers = 3 * model.parameterCount + 2 * settings.layers * settings.batch * settings.hidden
    claim = try DirectoryClaim(
      directory, earlier: earlier, isResumed: isResumed || hasTrained, step: step,
      size: 4 * numbers + corpus.vocabulary.count * 16)
  }

  /// Saves `last`, and `best` if that failed before; returns the failure if there was one.
  private func saveLast(report: (RunEvent) -> Void) -> FileError? {
    guard let directory, trainer.nonFiniteState == nil else { return nil }
    let file = file(validationLoss: progress.bestValidationLoss)
    let checkpoint = trainer.checkpoint(file, settings: settings, corpus: corpus)
    if let failure = save(checkpoint, to: directory.last, report: report) { return failure }
    claim?.replaced(best: false)
    return savePendingBest(report: report)
  }

  private func savePendingBest(report: (RunEvent) -> Void) -> FileError? {
    guard let directory, let checkpoint = pendingBest else { return nil }
    if let failure = save(checkpoint, to: directory.best, report: report) { return failure }
    pendingBest = nil
    claim?.replaced(best: true)
    return nil
  }

  private func save(_ checkpoint: Checkpoint, to path: String, report: (RunEvent) -> Void) -> FileError? {
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
    if validation.isBest && validation.validationLoss < bestOnDisk && trainer.nonFiniteState == nil {
      pendingBest = file(validationLoss: validation.validationLoss).checkpoint
      _ = savePendingBest(report: report)
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
      epoch: Double(step) / Double(stepsPerEpoch), learningRate: trainer.currentLearningRate, now: now)
    do { try directory?.appendMetrics(line) } catch { report(.saveFailed(error)) }
  }

  /// The loss of the `best` that is there, if it is of this architecture and corpus: the validation at the end of an earlier
  /// part of this run may have written it.
  private var bestOnDisk: Double {
    guard let directory, claim?.holdsForeignBest == false, let file = try? ModelFile<Float>(contentsOf: directory.best),
      file.model.shape == model.shape, let history = file.history,
      history.corpusHash == corpus.contentHash
    else { return .infinity }
    return history.validationLoss ?? .infinity
  }
}
