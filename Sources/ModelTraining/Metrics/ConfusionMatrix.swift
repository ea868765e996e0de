import TensorCore

/// How often each class was taken for each: what accuracy, precision, recall and F1 are read from.
public struct ConfusionMatrix: Sendable, Equatable, CustomStringConvertible {
  public let classes: Int
  /// By the actual class, then by the predicted one.
  private var counts: [Int]

  /// - Precondition: there is a class.
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

  /// How often `predicted` was said where `actual` was right.
  public subscript(actual actual: Int, predicted predicted: Int) -> Int { counts[actual * classes + predicted] }

  /// How many predictions were counted.
  public var count: Int { counts.reduce(0, +) }

  /// The share of predictions that are right; NaN without any.
  public var accuracy: Double { Double((0..<classes).reduce(0) { $0 + right($1) }) / Double(count) }

  /// Of the predictions of a class, the share that is right; 0 where it was never predicted.
  public func precision(of label: Int) -> Double { share(right(label), of: predicted(label)) }

  /// Of the samples of a class, the share that was found; 0 where there is none.
  public func recall(of label: Int) -> Double { share(right(label), of: actual(label)) }

  /// The harmonic mean of precision and recall, 2·right / (predicted + actual); 0 where the class never occurs.
  public func f1(of label: Int) -> Double { share(2 * right(label), of: predicted(label) + actual(label)) }

  /// The mean over the classes that occur, as actual or as predicted ones, of what `measure` says of each; 0 without any.
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
