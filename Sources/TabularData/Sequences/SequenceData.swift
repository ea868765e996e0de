import TensorCore

/// Sequences of any lengths with their targets, for training and evaluation.
///
///     let data = try SequenceData(sentences, targets: .stepClasses(tags))
///     try tagger.fit(data, epochs: 10, loss: .softmaxCrossEntropy, metrics: [.accuracy])
///
/// A batch holds sequences of about one length, and layers are told the length of each: padding counts in no loss, metric,
/// moment or gradient. The loss of a batch is the mean over the targets that count, whatever sequence they belong to.
public struct SequenceData<Scalar: TensorScalar>: SampleSet {
  public let inputs: RaggedSequences<Scalar>
  /// Targets as they were given; `targets` has those that count.
  public let sequenceTargets: SequenceTargets<Scalar>
  /// Weight of each sequence in the loss; nil where all count alike.
  public let weights: [Double]?
  /// The steps of each sequence whose targets count; nil where all do.
  let counting: [[Int]]?
  let steps: [Int]

  /// Meaning of a NaN among numeric targets.
  public enum NaNMeaning: Sendable { case fault, missing }

  /// Sequences of vectors.
  ///
  /// - Parameters:
  ///   - sequences: each [steps, features].
  ///   - targets: for each sequence, or for each of its steps.
  ///   - mask: for targets of steps: whether each counts in loss and metrics. Where it does not, any target may stand, also
  ///     NaN.
  ///   - weights: of the sequences in the loss (metrics count all alike), from 0 up; nil for all alike.
  ///   - nan: `missing` leaves numeric targets that are NaN out of loss and metrics, one by one.
  /// - Throws: `DataError` where there are no sequences, one has no steps or other sizes than the rest, a number is not
  ///   finite, or nothing counts.
  public init(
    _ sequences: [Tensor<Scalar>], targets: SequenceTargets<Scalar>, mask: [[Bool]]? = nil, weights: [Double]? = nil,
    nan: NaNMeaning = .fault
  ) throws(DataError) {
    try self.init(checking: .vectors(sequences), targets: targets, mask: mask, weights: weights, nan: nan)
  }

  /// Sequences of token ids, for models that begin with an `Embedding`; see `init(_:targets:mask:weights:nan:)`.
  public init(
    tokens sequences: [[Int32]], targets: SequenceTargets<Scalar>, mask: [[Bool]]? = nil, weights: [Double]? = nil,
    nan: NaNMeaning = .fault
  ) throws(DataError) {
    try self.init(checking: .tokens(sequences), targets: targets, mask: mask, weights: weights, nan: nan)
  }

  private init(
    checking inputs: RaggedSequences<Scalar>, targets: SequenceTargets<Scalar>, mask: [[Bool]]?, weights: [Double]?,
    nan: NaNMeaning
  ) throws(DataError) {
    try inputs.validate()
    if targets.count != inputs.count { throw .countsDiffer(inputs: inputs.count, targets: targets.count) }
    (self.inputs, sequenceTargets, self.weights, steps) = (inputs, targets, weights, inputs.steps)
    if let count = targets.steps { try requireEqualCounts(count, to: steps, .targets) }
    if case .stepValues(let values) = targets { try requireEqualSteps(values, .targets) }
    if let mask {
      require(targets.steps != nil, "SequenceData: a mask of steps, and the targets belong to whole sequences")
      if mask.count != inputs.count { throw .sequencesDiffer(inputs: inputs.count, .mask, count: mask.count) }
      try requireEqualCounts(mask.map(\.count), to: steps, .mask)
    }
    counting = Self.counting(of: targets, mask: mask, nan: nan)
    if let weights {
      if weights.count != inputs.count { throw .sequencesDiffer(inputs: inputs.count, .weights, count: weights.count) }
      if let sequence = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw .invalidWeight(weights[sequence], sequence: sequence)
      }
    }
    if case .values(let values) = self.targets { try requireNumbers(values, nan: nan) }
    try requireTargets()
  }

  public func requireTargets() throws(DataError) {
    if !(0..<count).contains(where: counts) { throw .nothingCounts }
  }

  init(
    inputs: RaggedSequences<Scalar>, sequenceTargets: SequenceTargets<Scalar>, weights: [Double]?, counting: [[Int]]?
  ) {
    (self.inputs, self.sequenceTargets, self.weights, self.counting) = (inputs, sequenceTargets, weights, counting)
    steps = inputs.steps
  }

  /// The steps of a sequence whose targets count, where targets belong to steps.
  func countingSteps(of sequence: Int) -> [Int] { counting?[sequence] ?? Array(0..<steps[sequence]) }

  /// Whether a target of the sequence counts in the loss.
  private func counts(_ sequence: Int) -> Bool {
    if weights?[sequence] == 0 { return false }
    return switch sequenceTargets {
    case .classes: true
    case .values(let values): values.row(sequence).reshaped([-1]).scalars.contains { !$0.isNaN }
    case .stepClasses, .stepValues: !countingSteps(of: sequence).isEmpty
    }
  }

  private static func counting(
    of targets: SequenceTargets<Scalar>, mask: [[Bool]]?, nan: NaNMeaning
  ) -> [[Int]]? {
    guard let steps = targets.steps, mask != nil || nan == .missing else { return nil }
    let counting = steps.indices.map { sequence in
      let isMissing = nan == .missing ? targets.missingSteps(of: sequence) : []
      return (0..<steps[sequence]).filter {
        mask?[sequence][$0] ?? true && !(isMissing.isEmpty ? false : isMissing[$0])
      }
    }
    return zip(counting, steps).allSatisfy { $0.count == $1 } ? nil : counting
  }

  private func requireNumbers(_ values: Tensor<Scalar>, nan: NaNMeaning) throws(DataError) {
    let checked = nan == .fault ? values : values.map { $0.isNaN ? 0 : $0 }
    try requireFinite(checked, .targets, at: place(ofTarget:))
  }
}

private func requireEqualCounts(_ counts: [Int], to steps: [Int], _ part: DataError.Part) throws(DataError) {
  for (sequence, (count, inputs)) in zip(counts, steps).enumerated() where count != inputs {
    throw .stepsDiffer(sequence: sequence, inputs: inputs, part, steps: count)
  }
}
