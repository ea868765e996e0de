import TensorCore

/// Samples that a model is fitted to and evaluated on: `LabelledData`, of one shape, or `SequenceData`, of any lengths.
public protocol SampleSet<Scalar>: Sendable {
  associatedtype Scalar: TensorScalar

  /// The number of samples, at least 1.
  var count: Int { get }

  /// Targets of all samples, in order; those that are masked out are not there.
  var targets: Targets<Scalar> { get }

  /// The sample, and in sequences the step, that a target belongs to.
  func place(ofTarget index: Int) -> SamplePlace

  /// Checks that a model of so many tokens can read the inputs. Inputs that are vectors always pass.
  ///
  /// - Throws: `DataError.tokenOutOfRange`.
  func requireTokens(below tokens: Int) throws(DataError)

  /// Checks that a model can read sequences of these numbers of steps. Samples of one shape always pass.
  ///
  /// - Throws: `DataError.tooFewSteps`.
  func requireSteps(_ isEnough: (Int) -> Bool) throws(DataError)

  /// Checks that some target counts.
  ///
  /// - Throws: `DataError.nothingCounts`.
  func requireTargets() throws(DataError)

  /// The samples at the given indices, as a model and a loss read them.
  ///
  /// - Precondition: there is at least one index, and all are in 0..<count.
  func batch(_ indices: [Int]) -> SampleBatch<Scalar>

  /// The batches of an epoch.
  func order(batchSize: Int, seed: UInt64, epoch: Int, shuffled: Bool) -> BatchOrder

  /// The batches of one pass of inference, in the order that is fastest.
  func inferenceOrder(batchSize: Int) -> BatchOrder

  /// Splits the samples at random into a training part and a test part; see `LabelledData.split`.
  func split(
    testFraction: Double, using random: inout RandomSource
  ) throws(DataError) -> (train: Self, test: Self)
}

/// Some samples side by side.
public struct SampleBatch<Scalar: TensorScalar>: Sendable {
  /// [samples, …]; of sequences [samples, time, …], zeros after the end of each.
  public let inputs: Tensor<Scalar>
  /// Lengths of the sequences; nil where all are as long as the batch.
  public let lengths: SequenceLengths?
  /// Targets, one for each row of outputs that counts. A missing number is NaN.
  public let targets: Targets<Scalar>
  /// Position in [samples · time] of each target that belongs to a step; nil where targets belong to samples.
  public let positions: [Int32]?
  /// Weight of each target in the mean loss; nil where all count alike.
  public let weights: [Double]?

  public init(
    inputs: Tensor<Scalar>, lengths: SequenceLengths? = nil, targets: Targets<Scalar>, positions: [Int32]? = nil,
    weights: [Double]? = nil
  ) {
    (self.inputs, self.lengths, self.targets) = (inputs, lengths, targets)
    (self.positions, self.weights) = (positions, weights)
  }
}

extension LabelledData: SampleSet {
  public func place(ofTarget index: Int) -> SamplePlace { .row(index) }

  public func requireTokens(below tokens: Int) throws(DataError) {
    let numbers = inputs.scalars
    let index = numbers.firstIndex { number in Int32(exactly: number).map { $0 < 0 || Int($0) >= tokens } ?? true }
    guard let index else { return }
    throw .tokenOutOfRange("\(numbers[index])", at: .row(index / (inputs.count / count)), tokens: tokens)
  }

  public func requireSteps(_ isEnough: (Int) -> Bool) {}

  public func requireTargets() {}

  public func batch(_ indices: [Int]) -> SampleBatch<Scalar> {
    let samples = rows(indices)
    return SampleBatch(inputs: samples.inputs, targets: samples.targets)
  }

  public func order(batchSize: Int, seed: UInt64, epoch: Int, shuffled: Bool) -> BatchOrder {
    BatchOrder(count: count, batchSize: batchSize, seed: seed, epoch: epoch, shuffled: shuffled)
  }

  public func inferenceOrder(batchSize: Int) -> BatchOrder {
    order(batchSize: batchSize, seed: 0, epoch: 0, shuffled: false)
  }

  public func split(
    testFraction: Double, using random: inout RandomSource
  ) throws(DataError) -> (train: LabelledData, test: LabelledData) {
    try split(testFraction: testFraction, stratified: false, using: &random)
  }
}

extension SampleSet {
  /// Checks that all class numbers are in 0..<classes. Targets that are numbers always pass.
  ///
  /// - Throws: `DataError.classOutOfRange` for the first class that is not.
  public func requireClasses(below classes: Int) throws(DataError) {
    guard case .classes(let labels) = targets else { return }
    if let index = labels.firstIndex(where: { $0 < 0 || Int($0) >= classes }) {
      throw .classOutOfRange(labels[index], at: place(ofTarget: index), classes: classes)
    }
  }
}
