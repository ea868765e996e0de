import Autograd
import NeuralLayers
import TensorCore

/// Reduction of the losses of a batch's sequences, for a conditional random field.
public enum TaggingReduction: Sendable {
  /// The loss of each sequence, [batch].
  case none
  /// Their sum.
  case sum
  /// Their mean over sequences.
  case mean
  /// Their sum over the number of tags in the batch.
  case tokenMean
}

/// A linear-chain conditional random field (Lafferty, McCallum and Pereira, 2001), the last layer of a tagger (Collobert et al.,
/// 2011; Lample et al., 2016).
///
/// The score of a sequence of tags is
///
///     start[y₁] + Σₜ emissions[t, yₜ] + Σₜ transitions[yₜ₋₁, yₜ] + end[y_T]
///
/// and its probability the exponential of that over the sum for all sequences of tags. Names and shapes of the parameters are
/// those of the package pytorch-crf 0.7.2.
public struct ConditionalRandomField<Scalar: TensorScalar>: Module {
  /// Number of tags.
  public let tagCount: Int
  /// Scores of neighbours, [tagCount, tagCount]: [i, j] of tag j after tag i. First drawn uniformly in ±0.1, as the others.
  public var transitions: Parameter<Scalar>
  /// Scores of the first tag, [tagCount].
  public var startTransitions: Parameter<Scalar>
  /// Scores of the last tag, [tagCount].
  public var endTransitions: Parameter<Scalar>

  /// - Precondition: there is at least one tag.
  public init(tagCount: Int) {
    require(tagCount > 0, "ConditionalRandomField: \(tagCount) tags; there must be at least one")
    self.tagCount = tagCount
    transitions = Parameter([tagCount, tagCount], .uniform(0.1))
    startTransitions = Parameter([tagCount], .uniform(0.1))
    endTransitions = Parameter([tagCount], .uniform(0.1))
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&startTransitions, "start_transitions")
    try visitor.visit(&endTransitions, "end_transitions")
    try visitor.visit(&transitions, "transitions")
  }

  /// −log of the probability of target tags, in nats.
  ///
  /// - Parameters:
  ///   - emissions: [time, batch, tagCount]. What stands after the last tag of a sequence has no influence, and its gradient is 0.
  ///   - targets: for each sequence of the batch, of at most `time` tags.
  /// - Returns: a single number, or [batch] without reduction.
  public func loss(
    _ emissions: Variable<Scalar>, targets: TagSequences, reduction: TaggingReduction = .mean,
    in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let (value, operation) = (emissions.value, "ConditionalRandomField.loss")
    _ = value.checkedSteps(operation, lengths: nil, classes: tagCount, sequences: targets.count)
    require(
      targets.tagCount == tagCount,
      "\(operation): targets with tagCount \(targets.tagCount) for a field with tagCount \(tagCount)")
    require(
      targets.lengths.time <= value.shape[0],
      "\(operation): \(targets.lengths.time) tags for emissions of \(value.shape[0]) steps")
    let scores = self.scores
    let weights = scores.weights
    var (trellises, losses) = ([TagTrellis](), [Double]())
    for (sequence, path) in targets.tags.enumerated() {
      let own = value.scores(ofSequence: sequence, steps: path.count)
      trellises.append(TagTrellis(own, weights: weights))
      losses.append(trellises[sequence].logPartition - scores.score(of: path, emissions: own))
    }
    let (tagCount, shape) = (tagCount, value.shape)
    let inputs = [
      emissions, context.variable(transitions).copied(to: .cpu), context.variable(startTransitions).copied(to: .cpu),
      context.variable(endTransitions).copied(to: .cpu),
    ]
    return sequenceLoss(losses, weights: reduction.weights(of: targets), of: inputs) { factors in
      var sums = TagMarginals(time: shape[0], batch: shape[1], tagCount: tagCount)
      for (sequence, factor) in factors.enumerated() {
        trellises[sequence].addMarginals(times: factor, to: &sums, sequence: sequence)
        sums.add(targets.tags[sequence], times: -factor, sequence: sequence)
      }
      return [
        Tensor(rounding: sums.emissions, shape: shape),
        Tensor(rounding: sums.transitions, shape: [tagCount, tagCount]),
        Tensor(rounding: sums.start, shape: [tagCount]), Tensor(rounding: sums.end, shape: [tagCount]),
      ]
    }
  }

  /// Parameters in double precision, copied where a device has them.
  var scores: TagScores {
    require(
      transitions.isDrawn && startTransitions.isDrawn && endTransitions.isDrawn,
      "ConditionalRandomField: parameters are used before their values were drawn: call initialize(using:) on the model"
    )
    return TagScores(
      tagCount: tagCount, transitions: transitions.value.forHost().scalars.map(\.double),
      start: startTransitions.value.forHost().scalars.map(\.double),
      end: endTransitions.value.forHost().scalars.map(\.double))
  }
}

extension TaggingReduction {
  /// Weights of the sequences' losses in their sum; nil for no sum.
  fileprivate func weights(of targets: TagSequences) -> [Double]? {
    let factor: Double
    switch self {
    case .none: return nil
    case .sum: factor = 1
    case .mean: factor = 1 / Double(targets.count)
    case .tokenMean: factor = 1 / Double(targets.lengths.steps.reduce(0, +))
    }
    return targets.tags.map { _ in factor }
  }
}
