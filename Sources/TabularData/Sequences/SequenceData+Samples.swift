import TensorCore

extension SequenceData {
  /// The number of sequences.
  public var count: Int { inputs.count }

  public var targets: Targets<Scalar> { sequenceTargets.rows(Array(0..<count), steps: countingSteps(of:)) }

  public func requireTokens(below tokens: Int) throws(DataError) { try inputs.requireTokens(below: tokens) }

  public func requireSteps(_ isEnough: (Int) -> Bool) throws(DataError) { try inputs.requireSteps(isEnough) }

  public func place(ofTarget index: Int) -> SamplePlace {
    if !sequenceTargets.areOfSteps { return .sequence(index) }
    var before = 0
    for sequence in 0..<count {
      let counting = countingSteps(of: sequence)
      if index < before + counting.count { return .step(counting[index - before], ofSequence: sequence) }
      before += counting.count
    }
    programmingError("SequenceData: there is no target \(index) among \(before)")
  }

  /// The sequences at the given indices, in that order.
  ///
  /// - Precondition: there is at least one index, and all are in 0..<count.
  public func rows(_ indices: [Int]) -> SequenceData {
    let targets: SequenceTargets<Scalar> =
      switch sequenceTargets {
      case .classes(let classes): .classes(indices.map { classes[$0] })
      case .values(let values): .values(values.rows(indices))
      case .stepClasses(let classes): .stepClasses(indices.map { classes[$0] })
      case .stepValues(let values): .stepValues(indices.map { values[$0] })
      }
    return SequenceData(
      inputs: inputs.rows(indices), sequenceTargets: targets,
      weights: weights.map { weights in indices.map { weights[$0] } },
      counting: counting.map { counting in indices.map { counting[$0] } })
  }

  public func batch(_ indices: [Int]) -> SampleBatch<Scalar> {
    let (padded, lengths) = inputs.batch(indices)
    let targets = sequenceTargets.rows(indices, steps: countingSteps(of:))
    guard sequenceTargets.areOfSteps else {
      return SampleBatch(
        inputs: padded, lengths: lengths, targets: targets, weights: weights.map { all in indices.map { all[$0] } })
    }
    let time = padded.shape[1]
    let positions = indices.enumerated().flatMap { row, index in
      countingSteps(of: index).map { Int32(row * time + $0) }
    }
    let weights = weights.map { all in
      indices.flatMap { Array(repeating: all[$0], count: countingSteps(of: $0).count) }
    }
    return SampleBatch(inputs: padded, lengths: lengths, targets: targets, positions: positions, weights: weights)
  }

  /// The batches of an epoch. Shuffled, each holds sequences of about one length (see `BatchOrder.init(lengths:…)`); else they
  /// come as they are.
  public func order(batchSize: Int, seed: UInt64, epoch: Int, shuffled: Bool) -> BatchOrder {
    shuffled
      ? BatchOrder(lengths: steps, batchSize: batchSize, seed: seed, epoch: epoch)
      : BatchOrder(count: count, batchSize: batchSize, seed: seed, epoch: epoch, shuffled: false)
  }

  public func inferenceOrder(batchSize: Int) -> BatchOrder { BatchOrder(longestFirst: steps, batchSize: batchSize) }

  /// Splits the sequences at random; see `LabelledData.split`.
  public func split(
    testFraction: Double, using random: inout RandomSource
  ) throws(DataError) -> (train: SequenceData, test: SequenceData) {
    let (train, test) = try splitRows(
      of: Array(repeating: 0, count: count), testFraction: testFraction, using: &random)
    let parts = (train: rows(train), test: rows(test))
    try parts.train.requireTargets()
    try parts.test.requireTargets()
    return parts
  }
}
