import TabularData

/// Why a model cannot be fitted to data, or evaluated on it: what does not go together, and what to do.
public enum FitError: Error, Equatable, CustomStringConvertible {
  /// The loss wants numbers and the data hold classes, or the other way round.
  case lossNeedsNumbers(loss: String)
  case lossNeedsClasses(loss: String)
  /// A target is outside of what the loss is defined for.
  case targetOutOfRange(loss: String, value: Double, row: Int, range: ClosedRange<Double>)
  /// The metric compares numbers, or answers of classes, and the data hold the other.
  case metricNeedsNumbers(metric: String)
  case metricNeedsClasses(metric: String)
  /// Early stopping watches a metric that is not measured.
  case metricNotMeasured(metric: String)

  public var description: String {
    switch self {
    case .lossNeedsNumbers(let loss): "\(loss): the targets are classes; give numbers, or classes as one-hot vectors"
    case .lossNeedsClasses(let loss): "\(loss): the targets are numbers; give the class of each sample"
    case .targetOutOfRange(let loss, let value, let row, let range):
      "\(loss): the target \(value) at row \(row) is outside of \(range.lowerBound)...\(range.upperBound); correct it"
    case .metricNeedsNumbers(let metric):
      "\(metric): the targets are classes, and it compares numbers; choose another metric"
    case .metricNeedsClasses(let metric):
      "\(metric): a single output has no classes to choose among; choose another metric"
    case .metricNotMeasured(let metric):
      "early stopping watches \(metric), which is not measured; add it to the metrics"
    }
  }
}
