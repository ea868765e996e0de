/// Results of one epoch of a fit.
public struct EpochReport: Sendable, CustomStringConvertible {
  /// Counted from 1, earlier fits of the same model included.
  public let epoch: Int
  /// Steps done so far.
  public let step: Int
  /// Loss and metrics of the training data, accumulated during the epoch (with dropout, while parameters changed).
  public let training: EvaluationReport
  /// Loss and metrics of the validation data after the epoch; nil without validation data.
  public let validation: EvaluationReport?
  /// The learning rate of the epoch's last update.
  public let learningRate: Double

  /// `epoch 3: loss 0.21, accuracy 0.94; validation loss 0.25, accuracy 0.92`.
  public var description: String {
    "epoch \(epoch): \(training)" + (validation.map { "; validation \($0)" } ?? "")
  }
}

/// Results of a fit, epoch by epoch.
public struct FitHistory: Sendable {
  public internal(set) var epochs: [EpochReport] = []
  /// Why it ended.
  public internal(set) var end = End.finished
  /// The epoch whose parameters the model has: the last, or with early stopping the best.
  public internal(set) var modelEpoch = 0
  /// Steps skipped because their loss or gradient was not finite.
  public internal(set) var skippedSteps = 0
  /// How often the fit went back to an earlier step, at half the learning rate, because several steps in a row were skipped.
  public internal(set) var rollbacks = 0

  public enum End: Sendable, Equatable {
    /// All epochs were done.
    case finished
    /// It no longer got better.
    case stoppedEarly
    /// A callback asked for it.
    case stoppedByCallback
  }

  /// The report of `modelEpoch`; nil without an epoch.
  public var modelReport: EpochReport? { epochs.first { $0.epoch == modelEpoch } }

  /// The training loss of each epoch.
  public var losses: [Double] { epochs.map(\.training.loss) }

  /// The validation loss of each epoch; empty where there were no validation data.
  public var validationLosses: [Double] { epochs.compactMap(\.validation?.loss) }
}
