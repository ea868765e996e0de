import Autograd
import TensorCore

/// With which probabilities elements of the state keep their values from step to step.
struct ZoneoutProbabilities: Sendable {
  /// Those of h.
  var hidden = 0.0
  /// Those of c, and of any further component of the state.
  var cell = 0.0

  subscript(component: Int) -> Double { component == 0 ? hidden : cell }
}

/// What zoneout takes of what each step computes of a component of the state; the rest keeps its value.
struct ZoneoutMask<Scalar: TensorScalar> {
  /// In training 1 or 0 for each step, [T·B, W]; at inference what share is taken at every step, [B, W].
  let taken: Tensor<Scalar>
  let isDrawn: Bool

  /// The masks of components of given widths; nil where the probability is 0. They are drawn step by step, first those of the
  /// first component, as steps that run one by one draw them.
  static func masks(
    for sequence: SequenceInput<Scalar>, widths: [Int], probabilities: ZoneoutProbabilities,
    in context: inout ForwardContext<Scalar>
  ) -> [ZoneoutMask?] {
    let probabilities = widths.indices.map { probabilities[$0] }
    if probabilities.allSatisfy({ $0 == 0 }) { return widths.map { _ in nil } }
    let (time, batch, start) = (sequence.time, sequence.batch, sequence.part?.start ?? 0)
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
          let mask: Tensor<Scalar> = zoneoutMask([batch, rows.columns], probability: probability, in: &context)
          rows.copy(from: mask)
        }
      }
    } else {
      for (mask, probability) in zip(masks, probabilities) { mask?.view.fill(1 - Scalar(probability)) }
    }
    return masks.map { $0.map { ZoneoutMask(taken: $0.tensor, isDrawn: isDrawn) } }
  }
}
