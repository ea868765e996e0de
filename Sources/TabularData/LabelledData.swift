import TensorCore

/// The target of each sample: numbers or a class.
public enum Targets<Scalar: TensorScalar>: Sendable {
  /// Numbers, [samples, …].
  case values(Tensor<Scalar>)
  /// The class number of each sample.
  case classes([Int32])

  /// The number of samples.
  public var count: Int {
    switch self {
    case .values(let values): values.shape[0]
    case .classes(let classes): classes.count
    }
  }
}

/// Samples for training or evaluation: inputs with their targets. There is at least one sample, and all numbers are
/// finite.
public struct LabelledData<Scalar: TensorScalar>: Sendable {
  /// The inputs, [samples, …].
  public let inputs: Tensor<Scalar>
  public let targets: Targets<Scalar>

  /// Samples from inputs and targets, which are checked.
  ///
  /// - Precondition: inputs and values have at least one axis.
  /// - Throws: `DataError` when there are no samples, the numbers of inputs and targets differ, or a number is infinite or
  ///   NaN.
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

  /// Samples with class numbers as targets.
  public init(inputs: Tensor<Scalar>, classes: [Int32]) throws(DataError) {
    try self.init(inputs: inputs, targets: .classes(classes))
  }

  /// Samples with numbers as targets, [samples, …].
  public init(inputs: Tensor<Scalar>, values: Tensor<Scalar>) throws(DataError) {
    try self.init(inputs: inputs, targets: .values(values))
  }

  private init(checkedInputs: Tensor<Scalar>, targets: Targets<Scalar>) {
    inputs = checkedInputs
    self.targets = targets
  }

  /// The number of samples.
  public var count: Int { inputs.shape[0] }

  /// The targets as numbers, [samples, …]; nil when they are classes.
  public var values: Tensor<Scalar>? { if case .values(let values) = targets { values } else { nil } }

  /// The class number of each sample; nil when the targets are numbers.
  public var classes: [Int32]? { if case .classes(let classes) = targets { classes } else { nil } }

  /// Samples with transformed inputs (standardized, for instance) and unchanged targets.
  ///
  /// - Throws: any error of `transform`; `DataError` when it changes the number of samples or returns a number that is not
  ///   finite.
  public func mapInputs(_ transform: (Tensor<Scalar>) throws -> Tensor<Scalar>) throws -> LabelledData {
    try LabelledData(inputs: transform(inputs), targets: targets)
  }

  /// The samples at the given indices, in that order.
  ///
  /// - Precondition: there is at least one index, and all are in 0..<count.
  /// - Complexity: O(the size of the result): rows are copied.
  public func rows(_ indices: [Int]) -> LabelledData {
    require(!indices.isEmpty, "rows: no indices, and data has at least one sample")
    let inputs = inputs.rows(indices)
    switch targets {
    case .values(let values): return LabelledData(checkedInputs: inputs, targets: .values(values.rows(indices)))
    case .classes(let classes):
      return LabelledData(checkedInputs: inputs, targets: .classes(indices.map { classes[$0] }))
    }
  }
}

/// Checks that all numbers are finite.
///
/// - Parameter place: the place of an entry of the leading axis.
/// - Throws: `DataError.notFinite` for the first that is not, in row-major order.
func requireFinite<Scalar>(
  _ tensor: Tensor<Scalar>, _ part: DataError.Part, at place: (Int) -> SamplePlace = { .row($0) }
) throws(DataError) {
  guard let position = tensor.firstNonFinite else { return }
  var (rest, index) = (position, [Int]())
  for size in tensor.shape.dimensions.dropFirst().reversed() {
    index.insert(rest % size, at: 0)
    rest /= size
  }
  let value = tensor.reshaped([-1])[position]
  throw .notFinite(part, at: place(rest), index: index, value: "\(value)")
}
