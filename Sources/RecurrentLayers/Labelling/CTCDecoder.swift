import TensorCore

/// Reads labels from a network trained by connectionist temporal classification.
///
/// A path is a class for each step. It reads as labels when equal neighbours become one and blanks are left out.
public struct CTCDecoder: Sendable {
  /// The class that stands for no label.
  public let blank: Int32

  public init(blank: Int32 = 0) { self.blank = blank }

  /// Labels of each sequence's most probable path, with its log-probability. (Another labelling may have more: that of many
  /// paths. `beamSearch` looks for it.) Of equal classes the first counts.
  ///
  /// - Parameters:
  ///   - logProbabilities: [time, batch, classes], of `logSoftmax`, say.
  ///   - lengths: of the sequences; what stands in the padding has no influence.
  /// - Throws: `LabellingError` when a score is +∞ or not a number.
  /// - Precondition: the blank is one of the classes, and the lengths are for this batch.
  public func bestPath<Scalar>(
    _ logProbabilities: Tensor<Scalar>, lengths: SequenceLengths? = nil
  ) throws(LabellingError) -> [ScoredLabels] {
    try steps("CTCDecoder.bestPath", logProbabilities, lengths).map { steps in
      var (labels, score) = ([Int32](), 0.0)
      var previous = blank
      for step in steps {
        let best = step.indices.reduce(step.startIndex) { step[$1] > step[$0] ? $1 : $0 }
        score += step[best]
        let label = Int32(best - step.startIndex)
        if label != previous && label != blank { labels.append(label) }
        previous = label
      }
      return ScoredLabels(labels: labels, score: score)
    }
  }

  /// Log-probabilities of all classes, for each step of each sequence.
  func steps<Scalar>(
    _ operation: String, _ logProbabilities: Tensor<Scalar>, _ lengths: SequenceLengths?
  ) throws(LabellingError) -> [[ArraySlice<Double>]] {
    let sequences = try logProbabilities.checkedScores(operation, lengths: lengths)
    let classes = logProbabilities.shape[2]
    require(blank >= 0 && Int(blank) < classes, "\(operation): the blank \(blank) is none of the \(classes) classes")
    return sequences.map { scores in
      stride(from: 0, to: scores.count, by: classes).map { scores[$0..<$0 + classes] }
    }
  }
}
