/// Where a run stands, beside its tensors: all the numbers that an exact resume needs.
public struct TrainingProgress: Sendable, Equatable, Codable {
  /// Steps done.
  public var step = 0
  /// The learning rate, which a recovery from divergence may have lowered.
  public var learningRate: Double
  /// Updates of the optimizer; fewer than steps where some were skipped.
  public var updates = 0
  /// The lowest loss of a scheduled validation, and how many came since.
  public var bestValidationLoss: Double?
  public var validationsSinceBest = 0
  /// The training loss since the last report: its sum over steps, and their number.
  public var lossSum = 0.0
  public var lossCount = 0
  /// Steps whose loss or gradient was not finite, in a row and in all, and how often the run was rolled back.
  public var skippedInARow = 0
  public var skipped = 0
  public var rollbacks = 0

  public init(learningRate: Double) { self.learningRate = learningRate }

  /// The mean training loss since the last report.
  public var meanLoss: Double? { lossCount > 0 ? lossSum / Double(lossCount) : nil }
}
