import Foundation
import SequenceText
import TensorCore

/// Forecast of a run: what it will take on this machine, and what models that count reach on its test part.
public struct RunForecast: Sendable {
  /// Steps to be done; nil where only a time is given.
  public let steps: Int?
  public let secondsPerStep: Double
  /// Time of the whole run, with its validations, each of which saves the model, and its end, which evaluates the best model.
  public let seconds: Double
  /// The most memory that this process has held, in MiB: a run of the same settings holds as much.
  public let memory: Double
  /// Nil where the test part is too small to predict.
  public let baselines: Baselines?
  /// Bits per character for each nat per token of the test part; nil where no character begins in it.
  public let bitsPerNat: Double?
}

extension CharacterRun {
  /// Measures this run, which must not have begun, by some seconds of its work. It cannot be trained afterwards.
  ///
  /// - Parameters:
  ///   - seconds: how long to train.
  ///   - threads: threads that the test part will be evaluated with.
  /// - Throws: what evaluating throws.
  public func forecast(limits: TrainingLimits, seconds: Double, threads: Int) throws -> RunForecast {
    let speed = try measureSpeed(seconds: seconds, sample: 0)
    let clock = ContinuousClock()
    let validating = clock.measure { _ = trainer.validate(scheduled: false) } / .seconds(1) + timeToSave()
    var (baselines, bitsPerNat): (Baselines?, Double?)
    let concluding =
      try clock.measure {
        _ = try sample(length: 500)
        guard split.test.count >= TrainingSettings.leastHeldOut else { return }
        let file = file(of: validatedModel, validationLoss: nil)
        let evaluation = try PartEvaluation(of: file, on: corpus, part: .test, threads: threads)
        baselines = evaluation.baselines()
        bitsPerNat = evaluation.bitsPerCharacter(1)
      } / .seconds(1)

    let stepTime = Double(tokensPerStep) / speed.trainTokensPerSecond
    let isOpen = limits.seconds != nil && limits.steps == nil && limits.epochs == nil
    let steps = isOpen ? nil : limits.lastStep(stepsPerEpoch: stepsPerEpoch)
    let validations = steps.map { Double($0 / (settings.validateEvery ?? stepsPerEpoch) + 1) } ?? 0
    let ofSteps = steps.map { Double($0) * stepTime + validations * validating }
    let training = min(ofSteps ?? .infinity, limits.seconds ?? .infinity)
    return RunForecast(
      steps: steps, secondsPerStep: stepTime, seconds: training + concluding, memory: peakMemory, baselines: baselines,
      bitsPerNat: bitsPerNat)
  }

  /// Seconds that saving the model takes, as after a validation that found a better one; 0 where no temporary file can be written.
  private func timeToSave() -> Double {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("charrnn-forecast-\(UUID().uuidString)")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let taken = ContinuousClock().measure {
      try? file(of: validatedModel, validationLoss: nil).checkpoint.write(to: path)
    }
    return FileManager.default.fileExists(atPath: path) ? taken / .seconds(1) : 0
  }
}
