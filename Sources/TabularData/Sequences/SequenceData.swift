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
  public let labels: SequenceTargets<Scalar>
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
    (self.inputs, labels, self.weights, steps) = (inputs, targets, weights, inputs.steps)
    if let count = targets.steps { try requireSteps(count, equal: steps, .targets) }
    if case .stepValues(let values) = targets { try requireEqualSteps(values, .targets) }
    if let mask {
      require(targets.steps != nil, "SequenceData: a mask of steps, and the targets belong to whole sequences")
      require(mask.count == inputs.count, "SequenceData: masks of \(mask.count) sequences for \(inputs.count)")
      try requireSteps(mask.map(\.count), equal: steps, .mask)
    }
    counting = Self.counting(of: targets, mask: mask, nan: nan)
    if let weights {
      require(weights.count == inputs.count, "SequenceData: \(weights.count) weights for \(inputs.count) sequences")
      if let sequence = weights.firstIndex(where: { !($0 >= 0 && $0.isFinite) }) {
        throw .invalidWeight(weights[sequence], sequence: sequence)
      }
    }
    if case .values(let values) = self.targets { try requireNumbers(values, nan: nan) }
    if !(0..<count).contains(where: counts) { throw .nothingCounts }
  }

  init(
    inputs: RaggedSequences<Scalar>, labels: SequenceTargets<Scalar>, weights: [Double]?, counting: [[Int]]?
  ) {
    (self.inputs, self.labels, self.weights, self.counting) = (inputs, labels, weights, counting)
    steps = inputs.steps
  }

  /// The steps of a sequence whose targets count, where targets belong to steps.
  func countingSteps(of sequence: Int) -> [Int] { counting?[sequence] ?? Array(0..<steps[sequence]) }

  /// Whether a target of the sequence counts in the loss.
  private func counts(_ sequence: Int) -> Bool {
    if weights?[sequence] == 0 { return false }
    return switch labels {
    case .classes: true
    case .values(let values): values.row(sequence).reshaped([-1]).scalars.contains { !$0.isNaN }
    case .stepClasses, .stepValues: !countingSteps(of: sequence).isEmpty
    }
  }

  private static func counting(
    of targets: SequenceTargets<Scalar>, mask: [[Bool]]?, nan: NaNMeaning
  ) -> [[Int]]? {
    guard let steps = targets.steps, mask != nil || nan == .missing else { return nil }
    return steps.indices.map { sequence in
      (0..<steps[sequence]).filter { step in
        if mask?[sequence][step] == false { return false }
        guard nan == .missing, case .stepValues(let values) = targets else { return true }
        return values[sequence].row(step).reshaped([-1]).scalars.contains { !$0.isNaN }
      }
    }
  }

  private func requireNumbers(_ values: Tensor<Scalar>, nan: NaNMeaning) throws(DataError) {
    let checked = nan == .fault ? values : values.map { $0.isNaN ? 0 : $0 }
    try requireFinite(checked, .targets, at: place(ofTarget:))
  }
}

private func requireSteps(_ counts: [Int], equal steps: [Int], _ part: DataError.Part) throws(DataError) {
  for (sequence, (count, inputs)) in zip(counts, steps).enumerated() where count != inputs {
    throw .stepsDiffer(sequence: sequence, inputs: inputs, part, steps: count)
  }
}
