/// A number that says how good predictions are, beside the loss.
public enum Metric: Sendable, Hashable, CustomStringConvertible {
  /// The share of right answers. What an answer is follows from the loss: for binary losses each output by itself, yes above
  /// the threshold; otherwise the class with the largest output. (Where a loss of numbers says neither, a single output answers
  /// yes above 0.5.)
  case accuracy
  /// The share of samples whose class is among the k ≥ 1 largest outputs. (Of equal outputs the one before counts as larger.)
  case topKAccuracy(Int)
  /// Of the positive answers (yes, or of two classes the second), the share that is right; with more classes, the mean over
  /// those that occur.
  case precision
  /// Of what is positive, the share that was found; with more classes, the mean over those that occur.
  case recall
  /// 2·precision·recall / (precision + recall); with more classes, the mean over those that occur.
  case f1
  /// The mean of (output − target)².
  case meanSquaredError
  /// The mean of |output − target|.
  case meanAbsoluteError
  /// The coefficient of determination, 1 − Σ(target − output)² / Σ(target − mean target)², averaged over the outputs: 1 is
  /// exact, 0 is as good as the mean. Where a target never varies it is 1 if it is met, else 0.
  case rSquared

  public var description: String {
    switch self {
    case .accuracy: "accuracy"
    case .topKAccuracy(let k): "top-\(k) accuracy"
    case .precision: "precision"
    case .recall: "recall"
    case .f1: "F1"
    case .meanSquaredError: "mean squared error"
    case .meanAbsoluteError: "mean absolute error"
    case .rSquared: "R²"
    }
  }

  /// Whether a larger number is a better one.
  public var isBetterWhenLarger: Bool {
    switch self {
    case .meanSquaredError, .meanAbsoluteError: false
    case .accuracy, .topKAccuracy, .precision, .recall, .f1, .rSquared: true
    }
  }

  /// Whether it is read from a confusion matrix.
  var needsConfusion: Bool {
    switch self {
    case .precision, .recall, .f1: true
    case .accuracy, .topKAccuracy, .meanSquaredError, .meanAbsoluteError, .rSquared: false
    }
  }

  /// Whether it compares numbers, not answers.
  var comparesNumbers: Bool {
    switch self {
    case .meanSquaredError, .meanAbsoluteError, .rSquared: true
    case .accuracy, .topKAccuracy, .precision, .recall, .f1: false
    }
  }
}

/// How the outputs of a model are read as an answer.
public enum Decision: Sendable, Equatable {
  /// Each output answers by itself: yes (class 1) above the threshold, else no (class 0). Targets are read in the same way,
  /// with a threshold of their own.
  case threshold(Double, target: Double = 0.5)
  /// The class with the largest output.
  case largest

  /// What suits outputs of so many numbers where the loss does not say: one number answers yes above 0.5.
  static func usual(width: Int) -> Decision { width == 1 ? .threshold(0.5) : .largest }
}
