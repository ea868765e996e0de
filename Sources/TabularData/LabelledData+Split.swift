import TensorCore

extension LabelledData {
  /// Splits the samples at random into a training part and a test part.
  ///
  /// The test part has `(Double(count) * testFraction).rounded()` samples, ties away from zero. With `stratified`, every
  /// class is split by the same fraction: a class of k samples has ⌊k · testFraction⌋ in the test part, or one more when
  /// its remainder is among the largest (of equal remainders, the lower class first).
  ///
  /// - Parameter random: decides the split and the order of samples.
  /// - Precondition: with `stratified`, the targets are classes.
  /// - Throws: `DataError.emptyPart` when a part would be empty, or the fraction is not between 0 and 1.
  public func split(
    testFraction: Double, stratified: Bool = false, using random: inout RandomSource
  ) throws(DataError) -> (train: LabelledData, test: LabelledData) {
    let classes = stratified ? classLabels : [Int32](repeating: 0, count: count)
    let (train, test) = try splitRows(of: classes, testFraction: testFraction, using: &random)
    return (rows(train), rows(test))
  }

  private var classLabels: [Int32] {
    guard case .classes(let classes) = targets else {
      programmingError("split: the targets are numbers, and only classes can be stratified")
    }
    return classes
  }
}

/// The rows of a training part and of a test part, with every class split by the same fraction.
///
/// - Parameter classes: the class of each row.
func splitRows(
  of classes: [Int32], testFraction: Double, using random: inout RandomSource
) throws(DataError) -> (train: [Int], test: [Int]) {
  let testCount = (Double(classes.count) * testFraction).rounded()
  guard testCount >= 1, testCount < Double(classes.count) else {
    throw .emptyPart(testFraction: testFraction, count: classes.count)
  }
  var open = shares(of: classes, testFraction: testFraction, testCount: Int(testCount))
  var (train, test) = ([Int](), [Int]())
  for row in random.permutation(of: classes.count) {
    if open[classes[row]]! > 0 {
      open[classes[row]]! -= 1
      test.append(row)
    } else {
      train.append(row)
    }
  }
  return (train, test)
}

/// The number of samples of each class in the test part.
private func shares(of classes: [Int32], testFraction: Double, testCount: Int) -> [Int32: Int] {
  var sizes: [Int32: Int] = [:]
  for label in classes { sizes[label, default: 0] += 1 }
  let exact = sizes.mapValues { Double($0) * testFraction }
  var shares = exact.mapValues { Int($0) }
  let remainders = exact.map { (label: $0, remainder: $1 - $1.rounded(.down)) }
    .sorted { ($1.remainder, $0.label) < ($0.remainder, $1.label) }
  let given = shares.values.reduce(0, +)
  for (label, _) in remainders.prefix(testCount - given) { shares[label]! += 1 }
  return shares
}
