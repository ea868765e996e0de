import TensorCore

extension LabelledData {
  /// Two parts in random order, which share no sample: one to train on and one to test on.
  ///
  /// The test part has `(Double(count) * testFraction).rounded()` samples, ties away from zero. With `stratified`, each
  /// class has its share of it: a class of k samples has ⌊k · testFraction⌋ in it or one more, those with the largest
  /// remainders getting the one more (of equal remainders, the lower class first). Traps where `stratified` is asked for
  /// and the targets are not classes.
  ///
  /// - Parameter random: decides the order: the same source gives the same parts.
  /// - Throws: `DataError.emptyPart`, where a part would have no sample; so it does with a fraction outside of 0 to 1.
  public func split(
    testFraction: Double, stratified: Bool = false, using random: inout RandomSource
  ) throws(DataError) -> (train: LabelledData, test: LabelledData) {
    let testCount = (Double(count) * testFraction).rounded()
    guard testCount >= 1, testCount < Double(count) else { throw .emptyPart(testFraction: testFraction, count: count) }
    let classes = stratified ? classLabels : [Int32](repeating: 0, count: count)
    var open = shares(of: classes, testFraction: testFraction, testCount: Int(testCount))
    var (train, test) = ([Int](), [Int]())
    for row in random.permutation(of: count) {
      if open[classes[row]]! > 0 {
        open[classes[row]]! -= 1
        test.append(row)
      } else {
        train.append(row)
      }
    }
    return (rows(train), rows(test))
  }

  private var classLabels: [Int32] {
    guard case .classes(let classes) = targets else {
      programmingError("split: the targets are numbers, and only classes can be stratified")
    }
    return classes
  }
}

/// How many samples of each class go to the test part.
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
