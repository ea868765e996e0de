/// An event of a run. The caller of a trainer decides what to show.
public enum TrainingEvent: Sendable {
  /// A step was done.
  case step(StepReport)
  /// The model was measured on what is held out; `scheduled` unless it is the one at the end of the run.
  case validated(ValidationReport)
  /// A step was skipped because its loss or a gradient was not finite, or its loss was beyond what is plausible.
  case skipped(step: Int, reason: String)
  /// Several steps in a row were skipped, or an update made a parameter infinite or NaN: the run went back to an earlier step,
  /// with a lower learning rate.
  case rolledBack(toStep: Int, learningRate: Double, reason: String)
}

/// Results of one step.
public struct StepReport: Sendable, Equatable {
  /// Steps done, including this one.
  public let step: Int
  /// The mean loss of the batch, in the unit of the loss.
  public let loss: Double
  /// Sum of the penalties that the objective adds to the loss; 0 without any.
  public let penalty: Double
  /// The global norm of the gradients before clipping.
  public let gradientNorm: Double
  /// The rate of the update.
  public let learningRate: Double
}

/// Results of a validation.
public struct ValidationReport: Sendable, Equatable {
  public let step: Int
  /// The mean training loss since the report before, and that of penalties.
  public let training: MeanLoss?
  /// Loss and metrics of the validation data.
  public let evaluation: EvaluationReport
  public let scheduled: Bool
  /// Whether it is the lowest so far.
  public let isBest: Bool

  public var validationLoss: Double { evaluation.loss }
  /// The mean training loss since the report before, without penalties.
  public var trainingLoss: Double? { training?.loss }
}

/// Error of a run whose loss or gradients stayed unusable however often it was rolled back.
public struct TrainingDiverged: Error, CustomStringConvertible {
  public let step: Int
  public let reason: String

  public init(step: Int, reason: String) {
    self.step = step
    self.reason = reason
  }

  public var description: String {
    "training diverged at step \(step): \(reason); lower the learning rate, or clip gradients to a smaller norm, and start again"
  }
}
