import TensorCore

/// Progress of a run: the numbers, beside its tensors, that an exact resume needs.
public struct TrainingProgress: Sendable, Equatable, Codable {
  /// Steps done.
  public var step = 0
  /// The base of the learning rate, which a recovery from divergence may have lowered; the schedule's factors come on top.
  public var learningRate: Double
  /// Updates of the optimizer; fewer than steps where some were skipped.
  public var updates = 0
  /// The lowest loss of a scheduled validation, and how many came since.
  public var bestValidationLoss: Double?
  public var validationsSinceBest = 0
  /// The training loss since the last report: its sum over steps, and their number.
  public private(set) var lossSum = 0.0
  public private(set) var lossCount = 0
  /// Sum of the penalties added to that loss; nil where there were none.
  public private(set) var penaltySum: Double?
  /// Steps that were skipped, in a row and in all, and how often the run was rolled back.
  public var skippedInARow = 0
  public var skipped = 0
  public var rollbacks = 0
  /// State of a plateau schedule; nil before the first scheduled validation and without such a schedule.
  public var plateau: PlateauProgress?
  /// The decay of the learning rate that ends the run; nil before it is decided.
  public var decay: LearningRateDecay?

  public init(learningRate: Double) { self.learningRate = learningRate }

  /// Description of invalid numbers in a file; nil if a run can resume from them.
  package var problem: String? {
    let counts = [
      ("step", step), ("updates", updates), ("validationsSinceBest", validationsSinceBest), ("lossCount", lossCount),
      ("skippedInARow", skippedInARow), ("skipped", skipped), ("rollbacks", rollbacks),
    ]
    for (name, value) in counts where !(0...OutsideNumbers.largestCount).contains(value) {
      return "\(name) is \(value)"
    }
    if !(learningRate >= 0 && learningRate.isFinite) { return "learningRate is \(learningRate)" }
    return plateau?.problem ?? decay?.problem
  }

  /// The mean training loss since the last report; nil without a step since.
  public var meanLoss: MeanLoss? {
    guard lossCount > 0 else { return nil }
    return MeanLoss(loss: lossSum / Double(lossCount), penalty: (penaltySum ?? 0) / Double(lossCount))
  }

  mutating func add(loss: Double, penalty: Double) {
    lossSum += loss
    lossCount += 1
    if penalty != 0 { penaltySum = (penaltySum ?? 0) + penalty }
  }

  mutating func beginMeanLoss() { (lossSum, lossCount, penaltySum) = (0, 0, nil) }

  /// Makes this the progress after a rollback from `failed`: at half its learning rate.
  mutating func recover(from failed: TrainingProgress) {
    (skippedInARow, skipped) = (0, failed.skipped)
    rollbacks = failed.rollbacks + 1
    learningRate = failed.learningRate / 2
  }
}

/// Means over training steps.
public struct MeanLoss: Sendable, Equatable {
  /// Loss of the predictions, in the unit of the loss.
  public let loss: Double
  /// Sum of the penalties that the objective adds to the loss; 0 without any.
  public let penalty: Double
}
