import TensorCore

/// What a model is to answer for each sample.
public enum Targets<Scalar: TensorScalar>: Sendable {
  /// Numbers, of shape [samples, …].
  case values(Tensor<Scalar>)
  /// The number of a class for each sample.
  case classes([Int32])

  /// How many samples they are for.
  public var count: Int {
    switch self {
    case .values(let values): values.shape[0]
    case .classes(let classes): classes.count
    }
  }
}

/// Samples to learn from, or to be measured by: inputs and what a model is to answer for each. All numbers are finite,
/// and there is at least one sample.
public struct LabelledData<Scalar: TensorScalar>: Sendable {
  /// Of shape [samples, …].
  public let inputs: Tensor<Scalar>
  public let targets: Targets<Scalar>

  /// Checks the data. Traps where the inputs or values are a single number, without an axis of samples.
  ///
  /// - Throws: `DataError`, where there are no samples, the inputs and targets are not equally many, or a number is
  ///   infinite or NaN.
  public init(inputs: Tensor<Scalar>, targets: Targets<Scalar>) throws(DataError) {
    require(inputs.rank > 0, "LabelledData: inputs of shape \(inputs.shape) have no axis of samples")
    if case .values(let values) = targets {
      require(values.rank > 0, "LabelledData: targets of shape \(values.shape) have no axis of samples")
    }
    let count = inputs.shape[0]
    if targets.count != count { throw .countsDiffer(inputs: count, targets: targets.count) }
    if count == 0 { throw .noSamples }
    try requireFinite(inputs, .inputs)
    if case .values(let values) = targets { try requireFinite(values, .targets) }
    self.init(checkedInputs: inputs, targets: targets)
  }

  /// Samples and the class of each.
  public init(inputs: Tensor<Scalar>, classes: [Int32]) throws(DataError) {
    try self.init(inputs: inputs, targets: .classes(classes))
  }

  /// Samples and the numbers that belong to each, of shape [samples, …].
  public init(inputs: Tensor<Scalar>, values: Tensor<Scalar>) throws(DataError) {
    try self.init(inputs: inputs, targets: .values(values))
  }

  private init(checkedInputs: Tensor<Scalar>, targets: Targets<Scalar>) {
    inputs = checkedInputs
    self.targets = targets
  }

  /// How many samples there are.
  public var count: Int { inputs.shape[0] }

  /// The numbers that belong to each sample, [samples, …]; nil where classes do.
  public var values: Tensor<Scalar>? { if case .values(let values) = targets { values } else { nil } }

  /// The class of each sample; nil where numbers belong to it.
  public var classes: [Int32]? { if case .classes(let classes) = targets { classes } else { nil } }

  /// The same samples with other inputs, standardized ones, say.
  ///
  /// - Throws: what `transform` throws; `DataError` where it gives another number of samples, or one that is not finite.
  public func mapInputs(_ transform: (Tensor<Scalar>) throws -> Tensor<Scalar>) throws -> LabelledData {
    try LabelledData(inputs: transform(inputs), targets: targets)
  }

  /// The samples at the given indices, in that order. Traps where there are none, or an index is not in 0..<count.
  /// - Complexity: O(the size of the result): rows are copied whole.
  public func rows(_ indices: [Int]) -> LabelledData {
    require(!indices.isEmpty, "rows: no indices, and data has at least one sample")
    let inputs = inputs.rows(indices)
    switch targets {
    case .values(let values): return LabelledData(checkedInputs: inputs, targets: .values(values.rows(indices)))
    case .classes(let classes):
      return LabelledData(checkedInputs: inputs, targets: .classes(indices.map { classes[$0] }))
    }
  }

  /// Checks that all class labels are in 0..<classes; targets that are numbers have none.
  ///
  /// - Throws: `DataError.classOutOfRange` for the first that is not.
  public func requireClasses(below classes: Int) throws(DataError) {
    guard case .classes(let labels) = targets else { return }
    if let row = labels.firstIndex(where: { $0 < 0 || Int($0) >= classes }) {
      throw .classOutOfRange(labels[row], row: row, classes: classes)
    }
  }
}

/// Throws `DataError.notFinite` for the first number, in row-major order, that is not finite.
func requireFinite<Scalar>(_ tensor: Tensor<Scalar>, _ part: DataError.Part) throws(DataError) {
  guard let position = tensor.firstNonFinite else { return }
  var (rest, index) = (position, [Int]())
  for size in tensor.shape.dimensions.dropFirst().reversed() {
    index.insert(rest % size, at: 0)
    rest /= size
  }
  let value = tensor.reshaped([-1])[position]
  throw .notFinite(part, row: rest, index: index, value: "\(value)")
}
