import TensorCore

/// Ends a fit when the watched value no longer improves.
public struct EarlyStopping: Sendable {
  /// The watched value: of the validation data where there are any, else of the training data.
  public enum Watched: Sendable, Equatable {
    case loss
    case metric(Metric)
  }

  public let watched: Watched
  /// Epochs in a row without improvement after which the fit ends.
  public let patience: Int
  /// Improvement over the best epoch that counts as one.
  public let minimumImprovement: Double
  /// Whether the model of the best epoch is kept, rather than the last one.
  public let restoresBest: Bool

  /// - Precondition: the patience is at least 1, and the improvement a number from 0 up.
  public init(
    watching watched: Watched = .loss, patience: Int, minimumImprovement: Double = 0, restoringBest: Bool = true
  ) {
    require(patience > 0, "EarlyStopping: a patience of \(patience) epochs; it must be at least 1")
    require(
      minimumImprovement >= 0 && minimumImprovement.isFinite,
      "EarlyStopping: an improvement of \(minimumImprovement); it must be a number from 0 up")
    self.watched = watched
    self.patience = patience
    self.minimumImprovement = minimumImprovement
    restoresBest = restoringBest
  }
}

/// Progress of early stopping, with the best model so far.
struct StoppingWatch<Model: Sendable> {
  private let rule: EarlyStopping
  private(set) var best: (value: Double, epoch: Int, model: Model)?
  private var epochsSinceBest = 0

  init(_ rule: EarlyStopping) { self.rule = rule }

  /// Records an epoch.
  ///
  /// - Returns: whether the fit is to end.
  mutating func isOver(after report: EpochReport, _ model: Model) -> Bool {
    let measured = report.validation ?? report.training
    let value =
      switch rule.watched {
      case .loss: measured.loss
      case .metric(let metric): (metric.isBetterWhenLarger ? -1 : 1) * (measured[metric] ?? .nan)
      }
    if value < (best?.value ?? .infinity) - rule.minimumImprovement {
      best = (value, report.epoch, model)
      epochsSinceBest = 0
      return false
    }
    epochsSinceBest += 1
    return epochsSinceBest >= rule.patience
  }

  /// The model that the fit returns.
  func model(orLast last: Model) -> Model { rule.restoresBest ? best?.model ?? last : last }
}
