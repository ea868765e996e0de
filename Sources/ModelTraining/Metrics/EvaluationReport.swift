/// Loss and metrics of a model on a set of samples.
public struct EvaluationReport: Sendable, Equatable, CustomStringConvertible {
  /// Samples, or predictions, measured.
  public let samples: Int
  /// The mean over the samples.
  public let loss: Double
  /// In the order of the request.
  public let metrics: [MetricValue]
  /// Present where precision, recall or F1 was requested.
  public let confusion: ConfusionMatrix?

  public init(samples: Int, loss: Double, metrics: [MetricValue] = [], confusion: ConfusionMatrix? = nil) {
    self.samples = samples
    self.loss = loss
    self.metrics = metrics
    self.confusion = confusion
  }

  /// The value of a metric; nil if it was not requested.
  public subscript(metric: Metric) -> Double? { metrics.first { $0.metric == metric }?.value }

  /// `loss 0.1234, accuracy 0.987`.
  public var description: String {
    (["loss \(rounded(loss))"] + metrics.map { "\($0.metric) \(rounded($0.value))" }).joined(separator: ", ")
  }
}

/// A metric and its value.
public struct MetricValue: Sendable, Equatable {
  public let metric: Metric
  public let value: Double

  public init(_ metric: Metric, _ value: Double) {
    self.metric = metric
    self.value = value
  }
}

/// Four decimals, without an exponent for numbers of everyday size.
private func rounded(_ value: Double) -> String {
  guard value.isFinite, value != 0, abs(value) >= 1e-4, abs(value) < 1e6 else { return "\(value)" }
  let scale = 1e4
  return "\((value * scale).rounded() / scale)"
}
