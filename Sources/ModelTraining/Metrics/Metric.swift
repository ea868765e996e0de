/// A measure of predictions beside the loss.
public enum Metric: Sendable, Hashable, CustomStringConvertible {
  /// Share of correct answers. The loss decides how outputs are read: binary losses take each output as yes above the
  /// threshold, others the class with the largest output. (For a loss on numbers, a single output is yes above 0.5.)
  case accuracy
  /// Share of samples whose class is among the k ≥ 1 largest outputs. (Of equal outputs the one before counts as larger.)
  case topKAccuracy(Int)
  /// Share of the positive answers (yes, or the second of two classes) that are correct; with more classes, the mean over the
  /// classes that occur.
  case precision
  /// Share of the positive samples that were found; with more classes, the mean over the classes that occur.
  case recall
  /// 2·precision·recall / (precision + recall); with more classes, the mean over the classes that occur.
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

  /// Whether it follows from a confusion matrix.
  var needsConfusion: Bool {
    switch self {
    case .precision, .recall, .f1: true
    case .accuracy, .topKAccuracy, .meanSquaredError, .meanAbsoluteError, .rSquared: false
    }
  }

  /// Whether it compares numbers rather than classes.
  var comparesNumbers: Bool {
    switch self {
    case .meanSquaredError, .meanAbsoluteError, .rSquared: true
    case .accuracy, .topKAccuracy, .precision, .recall, .f1: false
    }
  }
}

/// Rule that turns the outputs of a model into an answer.
public enum Decision: Sendable, Equatable {
  /// Each output answers by itself: yes (class 1) above the threshold, else no (class 0). Targets are read in the same way,
  /// with a threshold of their own.
  case threshold(Double, target: Double = 0.5)
  /// The class with the largest output.
  case largest

  /// The default for losses without a rule of their own: one output is yes above 0.5, several choose the largest.
  static func usual(width: Int) -> Decision { width == 1 ? .threshold(0.5) : .largest }
}
