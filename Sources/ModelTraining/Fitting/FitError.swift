import TabularData
import TensorCore

/// Model, loss, metrics and data that do not fit together; the description says what to change.
public enum FitError: Error, Equatable, CustomStringConvertible {
  /// The loss is defined for numbers and the data hold classes, or the other way round.
  case lossNeedsValues(loss: String)
  case lossNeedsClasses(loss: String)
  /// The loss is one of several classes, and the model has a single output.
  case lossNeedsOutputs(loss: String)
  /// A target lies outside the domain of the loss.
  case targetOutsideDomain(loss: String, value: Double, at: SamplePlace, domain: TargetDomain)
  /// Some of the numbers of a target are missing, and the loss does not take its numbers one by one.
  case lossNeedsAllValues(loss: String, at: SamplePlace)
  /// The model gives an output for each step and the targets are one for each sequence, or the other way round.
  case outputsOfSteps(TensorShape)
  case outputsOfSequences(TensorShape)
  /// The metric compares numbers, or answers of classes, and the data hold the other.
  case metricNeedsValues(metric: String)
  case metricNeedsClasses(metric: String)
  /// The metric counts answers, and the targets are numbers other than 0 and 1.
  case metricNeedsAnswers(metric: String)
  /// Early stopping watches a metric that is not measured.
  case metricNotMeasured(metric: String)
  /// The schedule waits for the validation loss to stop falling, and nothing is held out.
  case scheduleNeedsValidation

  public var description: String {
    switch self {
    case .lossNeedsValues(let loss): "\(loss): the targets are classes; give numbers, or classes as one-hot vectors"
    case .lossNeedsClasses(let loss): "\(loss): the targets are numbers; give the class of each sample"
    case .lossNeedsOutputs(let loss): "\(loss): the model has a single output; give it one for each class"
    case .targetOutsideDomain(let loss, let value, let place, let domain):
      "\(loss): the target \(value) at \(place) is not \(domain); correct it"
    case .lossNeedsAllValues(let loss, let place):
      "\(loss): a part of the target at \(place) is missing; leave out the whole target, or choose another loss"
    case .outputsOfSteps(let shape):
      "the model gives \(shape) for a sequence, an output for each step, and the targets are one for each sequence; let a "
        + "layer return the last output alone"
    case .outputsOfSequences(let shape):
      "the model gives \(shape) for a sequence, and the targets are one for each step; let it return an output for each"
    case .metricNeedsValues(let metric):
      "\(metric): the targets are classes, and it compares numbers; choose another metric"
    case .metricNeedsClasses(let metric):
      "\(metric): an output that answers yes or no has no classes to choose among; choose another metric"
    case .metricNeedsAnswers(let metric):
      "\(metric): the targets are numbers other than 0 and 1, and it counts answers; choose another metric"
    case .metricNotMeasured(let metric):
      "early stopping watches \(metric), which is not measured; add it to the metrics"
    case .scheduleNeedsValidation:
      "the schedule waits for the validation loss to stop falling, and there are no validation data; hold some out"
    }
  }
}
