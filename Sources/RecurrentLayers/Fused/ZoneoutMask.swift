import Autograd
import TensorCore

/// Probabilities of zoneout: that an element of the state keeps its value from step to step.
struct ZoneoutProbabilities: Sendable {
  /// Probability for h.
  var hidden = 0.0
  /// Probability for c, and with it for any further component of the state.
  var cell = 0.0
}

/// Zoneout mask of a component of the state: the share of each step's result that is taken; the rest keeps its value.
struct ZoneoutMask<Scalar: TensorScalar> {
  /// In training 1 or 0 for each step, [T·B, W]; at inference the probability of an update, [B, W].
  let updated: Tensor<Scalar>
  let isDrawn: Bool

  /// Masks of components of given widths; nil where the probability is 0. Components after the first share one. They are
  /// drawn step by step, the first component's first, as steps that run one by one draw them.
  static func masks(
    for request: SequenceRequest<Scalar>, widths: [Int], probabilities: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> [ZoneoutMask?] {
    // c and further components have one width.
    let (components, widths) = (widths.count, widths.prefix(2))
    let probabilities = [probabilities.hidden, probabilities.cell].prefix(widths.count)
    if probabilities.allSatisfy({ $0 == 0 }) { return Array(repeating: nil, count: components) }
    let (time, batch, start) = (request.sequence.time, request.sequence.batch, request.firstStep)
    let isDrawn = context.mode == .training
    let masks = zip(widths, probabilities).map { width, probability in
      probability == 0
        ? nil
        : OwnedMatrix<Scalar>(uninitialized: [isDrawn ? time * batch : batch, width], pool: context.workspace.pool)
    }
    if isDrawn {
      context.forEachStep(start..<start + time) { step, context in
        let t = step - start
        for (mask, probability) in zip(masks, probabilities) {
          guard let rows = mask?.view.rows(t * batch..<(t + 1) * batch) else { continue }
          rows.copy(from: zoneoutMask([batch, rows.columns], probability: probability, in: &context))
        }
      }
    } else {
      for (mask, probability) in zip(masks, probabilities) { mask?.view.fill(1 - Scalar(probability)) }
    }
    let drawn = masks.map { $0.map { ZoneoutMask(updated: $0.tensor, isDrawn: isDrawn) } }
    return (0..<components).map { drawn[min($0, 1)] }
  }
}
