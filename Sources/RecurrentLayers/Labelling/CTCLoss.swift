import Autograd
import TensorCore

/// Reduction of the losses of a batch's sequences, for connectionist temporal classification.
public enum CTCReduction: Sendable {
  /// The loss of each sequence, [batch].
  case none
  /// Their sum.
  case sum
  /// Each loss divided by the number of its labels (by 1 for an empty target), then the mean over sequences, as PyTorch's
  /// `mean`.
  case mean
}

/// −log of the probability of target labels, in nats, summed over all their alignments to the steps (connectionist temporal
/// classification: Graves, Fernández, Gomez and Schmidhuber, 2006), from log-probabilities, as PyTorch's `ctc_loss`.
///
/// A target longer than its sequence, with a step more for each label that follows its equal, has no alignment: its loss is
/// infinite and its gradient NaN. The gradient is the derivative, −(the share of alignments that emit the class at the step).
/// PyTorch's adds the probability itself, which a log-softmax before it subtracts again: with one, both give the same.
///
/// - Parameters:
///   - logProbabilities: [time, batch, classes], of `logSoftmax`, say.
///   - targets: one sequence of labels for each of the batch.
///   - lengths: of the sequences; what stands in the padding has no influence, and its gradient is 0.
///   - zeroInfinity: whether an infinite loss counts as 0, with a gradient of 0.
/// - Returns: a single number, or [batch] without reduction.
/// - Precondition: targets and lengths are for as many sequences and classes, and there is at least one step.
public func ctcLoss<Scalar>(
  _ logProbabilities: Variable<Scalar>, targets: CTCTargets, lengths: SequenceLengths? = nil,
  reduction: CTCReduction = .mean, zeroInfinity: Bool = false
) -> Variable<Scalar> {
  let loss = CTCBatchLoss(
    "ctcLoss", logProbabilities.value, targets: targets, lengths: lengths, zeroInfinity: zeroInfinity)
  return sequenceLoss(loss.losses, weights: reduction.weights(of: targets), of: [logProbabilities]) {
    [loss.gradient(factors: $0)]
  }
}

/// The loss of `ctcLoss(_:targets:lengths:reduction:zeroInfinity:)` from logits, [time, batch, classes], with the
/// log-softmax folded in: the same numbers, in one operation.
///
/// - Precondition: targets and lengths are for as many sequences and classes, and there is at least one step.
public func ctcLossFromLogits<Scalar>(
  _ logits: Variable<Scalar>, targets: CTCTargets, lengths: SequenceLengths? = nil,
  reduction: CTCReduction = .mean, zeroInfinity: Bool = false
) -> Variable<Scalar> {
  let logProbabilities = logits.value.logSoftmax()
  let loss = CTCBatchLoss(
    "ctcLossFromLogits", logProbabilities, targets: targets, lengths: lengths, zeroInfinity: zeroInfinity)
  return sequenceLoss(loss.losses, weights: reduction.weights(of: targets), of: [logits]) { factors in
    let rows = [logProbabilities.shape[0] * factors.count, targets.classes]
    let own = loss.factors(factors)
    let scales = Tensor<Scalar>(
      rounding: (0..<logProbabilities.shape[0]).flatMap { t in
        loss.steps.indices.map { t < loss.steps[$0] ? own[$0] : 0 }
      },
      shape: [rows[0], 1])
    var probabilities = logProbabilities.reshaped(rows).exp()
    // Zero times NaN is NaN.
    if let lengths { probabilities = probabilities.choosingRows(lengths.mask) }
    return [(probabilities * scales).reshaped(logProbabilities.shape.dimensions) + loss.gradient(factors: factors)]
  }
}

extension CTCReduction {
  /// Weights of the sequences' losses in their sum; nil for no sum.
  fileprivate func weights(of targets: CTCTargets) -> [Double]? {
    switch self {
    case .none: nil
    case .sum: targets.labels.map { _ in 1 }
    case .mean: targets.labels.map { 1 / Double(max($0.count, 1) * targets.count) }
    }
  }
}

/// Losses of a batch, and what their gradients are computed from.
private struct CTCBatchLoss<Scalar: TensorScalar> {
  let steps: [Int]
  let losses: [Double]
  private let shape: TensorShape
  private let trellises: [CTCTrellis]
  private let zeroInfinity: Bool

  init(
    _ operation: String, _ logProbabilities: Tensor<Scalar>, targets: CTCTargets, lengths: SequenceLengths?,
    zeroInfinity: Bool
  ) {
    let steps = logProbabilities.checkedSteps(
      operation, lengths: lengths, classes: targets.classes, sequences: targets.count)
    let trellises = targets.labels.indices.map { sequence in
      CTCTrellis(
        logProbabilities.scores(ofSequence: sequence, steps: steps[sequence]), width: targets.classes,
        labels: targets.labels[sequence], blank: targets.blank)
    }
    losses = trellises.map { zeroInfinity && !$0.isPossible ? 0 : $0.loss }
    (self.steps, shape, self.trellises, self.zeroInfinity) = (steps, logProbabilities.shape, trellises, zeroInfinity)
  }

  /// ∂L/∂loss of each sequence, where that has a gradient; NaN for a loss that is infinite, or 0 where it counts as 0.
  func factors(_ factors: [Double]) -> [Double] {
    zip(factors, trellises).map { $1.isPossible ? $0 : zeroInfinity ? 0 : .nan }
  }

  /// ∂L/∂log-probabilities.
  ///
  /// - Parameter factors: ∂L/∂loss of each sequence.
  func gradient(factors: [Double]) -> Tensor<Scalar> {
    let (batch, classes) = (shape[1], shape[2])
    var gradient = [Double](repeating: 0, count: shape.count)
    for (sequence, factor) in self.factors(factors).enumerated() {
      if trellises[sequence].isPossible {
        trellises[sequence].forEachPosterior { t, label, posterior in
          gradient[(t * batch + sequence) * classes + label] = -factor * posterior
        }
      } else {
        for t in 0..<steps[sequence] {
          let row = (t * batch + sequence) * classes
          gradient.replaceSubrange(row..<row + classes, with: repeatElement(factor, count: classes))
        }
      }
    }
    return Tensor(rounding: gradient, shape: shape)
  }
}
