import TensorCore

extension ConditionalRandomField {
  /// The tags of the largest score for each sequence, with that score, found by the Viterbi algorithm. Of paths with equal
  /// scores, that with the lower tag at the last step at which they differ.
  ///
  /// - Parameters:
  ///   - emissions: [time, batch, tagCount].
  ///   - lengths: of the sequences; what stands in the padding has no influence.
  /// - Throws: `LabellingError` when an emission or a transition is +∞ or not a number, or no tags have a score above −∞.
  /// - Precondition: the lengths are for this batch, which has at least one step.
  public func bestTags(
    _ emissions: Tensor<Scalar>, lengths: SequenceLengths? = nil
  ) throws(LabellingError) -> [ScoredLabels] {
    let parameters = try scores.checked()
    let sequences = try emissions.checkedScores("ConditionalRandomField.bestTags", lengths: lengths, classes: tagCount)
    let paths = sequences.map { parameters.bestPath(emissions: $0) }
    if let sequence = paths.firstIndex(where: { $0.score == -.infinity }) { throw .noPath(sequence: sequence) }
    return paths
  }

  /// The probability of each tag at each step, given all emissions of its sequence: [time, batch, tagCount], 0 in the padding.
  ///
  /// - Parameters:
  ///   - emissions: [time, batch, tagCount].
  ///   - lengths: of the sequences; what stands in the padding has no influence.
  /// - Throws: `LabellingError` when an emission or a transition is +∞ or not a number, or no tags have a score above −∞.
  /// - Precondition: the lengths are for this batch, which has at least one step.
  public func marginals(
    _ emissions: Tensor<Scalar>, lengths: SequenceLengths? = nil
  ) throws(LabellingError) -> Tensor<Scalar> {
    let weights = try scores.checked().weights
    let shape = emissions.shape
    let sequences = try emissions.checkedScores("ConditionalRandomField.marginals", lengths: lengths, classes: tagCount)
    var sums = TagMarginals(time: shape[0], batch: shape[1], tagCount: tagCount)
    for (sequence, emissions) in sequences.enumerated() {
      let trellis = TagTrellis(emissions, weights: weights)
      if trellis.logPartition == -.infinity { throw .noPath(sequence: sequence) }
      trellis.addMarginals(times: 1, to: &sums, sequence: sequence)
    }
    return Tensor(rounding: sums.emissions, shape: shape)
  }
}
