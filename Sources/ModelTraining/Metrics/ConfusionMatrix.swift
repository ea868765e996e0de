import TensorCore

/// Counts of predictions by actual and predicted class; accuracy, precision, recall and F1 follow from them.
public struct ConfusionMatrix: Sendable, Equatable, CustomStringConvertible {
  public let classes: Int
  /// Row-major, [actual, predicted].
  private var counts: [Int]

  /// - Precondition: there is at least one class.
  public init(classes: Int) {
    require(classes > 0, "ConfusionMatrix: there are no classes")
    self.classes = classes
    counts = Array(repeating: 0, count: classes * classes)
  }

  /// Counts one prediction.
  ///
  /// - Precondition: both are classes.
  public mutating func add(actual: Int, predicted: Int) {
    require(
      (0..<classes).contains(actual) && (0..<classes).contains(predicted),
      "ConfusionMatrix: the actual class \(actual) and the predicted one \(predicted) must be among \(classes)")
    counts[actual * classes + predicted] += 1
  }

  /// The number of samples of class `actual` that were predicted as `predicted`.
  public subscript(actual actual: Int, predicted predicted: Int) -> Int { counts[actual * classes + predicted] }

  /// The number of counted predictions.
  public var count: Int { counts.reduce(0, +) }

  /// Share of correct predictions; NaN without any.
  public var accuracy: Double { Double((0..<classes).reduce(0) { $0 + right($1) }) / Double(count) }

  /// Share of the predictions of a class that are correct; 0 where it was never predicted.
  public func precision(of label: Int) -> Double { share(right(label), of: predicted(label)) }

  /// Share of the samples of a class that were predicted as it; 0 where there is none.
  public func recall(of label: Int) -> Double { share(right(label), of: actual(label)) }

  /// The harmonic mean of precision and recall, 2·right / (predicted + actual); 0 where the class never occurs.
  public func f1(of label: Int) -> Double { share(2 * right(label), of: predicted(label) + actual(label)) }

  /// Mean of `measure` over the classes that occur as actual or predicted ones; 0 without any.
  public func macroMean(_ measure: (_ label: Int) -> Double) -> Double {
    let occurring = (0..<classes).filter { predicted($0) + actual($0) > 0 }
    return occurring.isEmpty ? 0 : occurring.reduce(0) { $0 + measure($1) } / Double(occurring.count)
  }

  /// A row for each actual class, a column for each predicted one.
  public var description: String {
    let width = (counts.max() ?? 0).description.count
    return (0..<classes).map { row in
      counts[row * classes..<(row + 1) * classes]
        .map { String(repeating: " ", count: width - $0.description.count) + $0.description }
        .joined(separator: " ")
    }.joined(separator: "\n")
  }

  private func right(_ label: Int) -> Int { self[actual: label, predicted: label] }
  private func actual(_ label: Int) -> Int { (0..<classes).reduce(0) { $0 + self[actual: label, predicted: $1] } }
  private func predicted(_ label: Int) -> Int { (0..<classes).reduce(0) { $0 + self[actual: $1, predicted: label] } }
  private func share(_ part: Int, of whole: Int) -> Double { whole == 0 ? 0 : Double(part) / Double(whole) }
}
