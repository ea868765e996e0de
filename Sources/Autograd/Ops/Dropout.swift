import TensorCore

/// Sets each element to 0 with the given probability and divides the others by what remains, so that the mean stays
/// (Srivastava et al., 2014). In inference mode, and at probability 0, the input itself.
///
/// Which elements drop depends on the pass's randomness and on each element's position alone.
///
/// - Parameter batchAxis: axis along which the batch lies; nil where the input is none of a batch (a weight, say). It counts where
///   the pass has a part of a batch: positions are then those in the whole.
public func dropout<Scalar>(
  _ input: Variable<Scalar>, probability: Double, batchAxis: Int? = nil, in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  dropout(input, probability: probability, batchAxis: batchAxis, fromRow: 0, in: &context)
}

/// Dropout of a segment of an input, whose first row along the leading axis has the given number in the whole.
package func dropout<Scalar>(
  _ input: Variable<Scalar>, probability: Double, batchAxis: Int?, fromRow row: Int,
  in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  masked("dropout", input, probability: probability, batchAxis: batchAxis, fromRow: row, in: &context) { _ in
    input.shape
  }
}

/// Sets features to 0 for whole sequences, with the given probability, and divides the others by what remains: a sequence's mask
/// is the same at every step (variational dropout: Gal and Ghahramani, 2016). In inference mode, and at probability 0, the input
/// itself.
///
/// - Parameter input: [time, batch, features].
public func lockedDropout<Scalar>(
  _ input: Variable<Scalar>, probability: Double, in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  masked("lockedDropout", input, probability: probability, batchAxis: 0, in: &context) {
    if $0.rank != 3 { shapeFailure("lockedDropout", $0, hint: "the input must be [time, batch, features]") }
    return [$0[1], $0[2]]
  }
}

/// Sets rows of a table of vectors to 0, with the given probability, and divides the others by what remains: a token that drops,
/// drops wherever it occurs in the pass (Gal and Ghahramani, 2016). In inference mode, and at probability 0, the table itself.
///
/// - Parameter table: [tokens, features].
public func embeddingDropout<Scalar>(
  _ table: Variable<Scalar>, probability: Double, in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  masked("embeddingDropout", table, probability: probability, batchAxis: nil, in: &context) {
    if $0.rank != 2 { shapeFailure("embeddingDropout", $0, hint: "the table must be [tokens, features]") }
    return [$0[0], 1]
  }
}

/// A new state in which each element keeps its previous value with the given probability (zoneout: Krueger et al., 2017):
///
///     m·previous + (1 − m)·next
///
/// In training m is 1 or 0; in inference mode it is the probability itself, which is the mean of what training does. At
/// probability 0 the new state itself.
public func zoneout<Scalar>(
  _ next: Variable<Scalar>, keeping previous: Variable<Scalar>, probability: Double,
  in context: inout ForwardContext<Scalar>
) -> Variable<Scalar> {
  zoneout([next], keeping: [previous], probability: probability, in: &context)[0]
}

/// Zoneout of several states of one shape with one mask: the elements at a position keep their values together.
public func zoneout<Scalar>(
  _ next: [Variable<Scalar>], keeping previous: [Variable<Scalar>], probability: Double,
  in context: inout ForwardContext<Scalar>
) -> [Variable<Scalar>] {
  for state in zip(next, previous).flatMap({ [$0, $1] }) where state.shape != next[0].shape {
    shapeFailure("zoneout", next[0].shape, state.shape)
  }
  requireProbability(probability, "zoneout")
  guard let shape = next.first?.shape, probability > 0 else { return next }
  if context.mode == .inference {
    return zip(next, previous).map { $1 * Scalar(probability) + $0 * Scalar(1 - probability) }
  }
  let taken = zoneoutMask(shape, probability: probability, in: &context)
  let kept = 1 - taken
  return zip(next, previous).map { next, previous in
    Variable.operation(next.value * taken + previous.value * kept, of: [next, previous]) { [$0 * taken, $0 * kept] }
  }
}

/// Mask of zoneout in training, [batch, features]: 1 where the new value is taken, 0 where the previous one is kept.
package func zoneoutMask<Scalar>(
  _ shape: TensorShape, probability: Double, in context: inout ForwardContext<Scalar>
) -> Tensor<Scalar> { mask(shape, probability: probability, kept: 1, batchAxis: 0, in: &context) }

/// A product with a mask that is broadcast to the input.
///
/// - Parameters:
///   - batchAxis: axis of the mask along which the batch lies.
///   - maskShape: from the input's shape to the mask's.
private func masked<Scalar>(
  _ operation: String, _ input: Variable<Scalar>, probability: Double, batchAxis: Int?, fromRow row: Int = 0,
  in context: inout ForwardContext<Scalar>, maskShape: (_ shape: TensorShape) -> TensorShape
) -> Variable<Scalar> {
  requireProbability(probability, operation)
  let shape = maskShape(input.shape)
  guard context.mode == .training && probability > 0 else { return input }
  let mask = mask(shape, probability: probability, batchAxis: batchAxis, fromRow: row, in: &context)
  return Variable.operation(input.value * mask, of: [input]) { [$0 * mask] }
}

private func mask<Scalar>(
  _ shape: TensorShape, probability: Double, kept: Scalar? = nil, batchAxis: Int?, fromRow row: Int = 0,
  in context: inout ForwardContext<Scalar>
) -> Tensor<Scalar> {
  let place = MaskPlace(of: shape, batchAxis: batchAxis, fromRow: row, shard: context.batchShard)
  return .dropoutMask(
    shape, probability: probability, kept: kept, from: place.start, runs: place.runs,
    random: context.nextRandomSource(), team: context.workspace.team, pool: context.workspace.pool)
}

/// Positions of a mask's elements in the mask of the whole batch and of all rows.
private struct MaskPlace {
  let start: Int
  let runs: (count: Int, stride: Int)?

  /// - Parameter row: number of the first row along the leading axis.
  init(of shape: TensorShape, batchAxis: Int?, fromRow row: Int, shard: BatchShard?) {
    guard let batchAxis, let shard else {
      (start, runs) = (row * shape.dimensions.dropFirst().reduce(1, *), nil)
      return
    }
    require(
      shape[batchAxis] == shard.count,
      "dropout: axis \(batchAxis) of the shape \(shape) is no batch of \(shard.count) sequences")
    let sequence = shape.dimensions[(batchAxis + 1)...].reduce(1, *)
    let stride = shard.total * sequence
    // Where the batch is the leading axis, its first row is given by the shard.
    let row = batchAxis == 0 ? 0 : row * shape.dimensions[1..<batchAxis].reduce(1, *)
    start = row * stride + shard.first * sequence
    runs = (shape.dimensions[..<batchAxis].reduce(1, *), stride)
  }
}

private func requireProbability(_ probability: Double, _ operation: String) {
  require(probability >= 0 && probability < 1, "\(operation): the probability \(probability) is not in 0..<1")
}
