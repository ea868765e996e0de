import Autograd
import TensorCore

extension TokenGrid {
  /// A batch of sequences, the shorter ones padded at the end; see `SequenceLengths.init(of:)`.
  public init(padding sequences: [[Int32]]) {
    let time = sequences.map(\.count).max() ?? 0
    let ids = (0..<time).flatMap { t in sequences.map { t < $0.count ? $0[t] : 0 } }
    self.init(ids: ids, time: time, batch: sequences.count)
  }
}

extension SequenceLengths {
  /// Lengths of sequences in a batch as long as the longest.
  ///
  /// - Throws: `SequenceLengthsError` when a sequence is empty.
  public init(of sequences: [[Int32]]) throws(SequenceLengthsError) {
    let steps = sequences.map(\.count)
    try self.init(steps, time: steps.max() ?? 0)
  }

  /// The batch, [time, batch, features], without its padding: rows [Σ steps, features], step by step. A loss computed
  /// from them counts no padding.
  ///
  /// - Precondition: the batch is the one of these lengths.
  public func packed<Scalar>(_ batch: Variable<Scalar>) -> Variable<Scalar> {
    if batch.shape.rank != 3 || batch.shape[0] != time || batch.shape[1] != count {
      shapeFailure("SequenceLengths.packed", batch.shape, hint: "the batch must be [\(time), \(count), features]")
    }
    return batch.reshaped([time * count, batch.shape[2]]).gatherRows(positions.map { Int32($0) })
  }

  /// The tokens without padding, in the same order.
  ///
  /// - Precondition: the grid is the one of these lengths.
  public func packed(_ grid: TokenGrid) -> [Int32] {
    require(
      grid.time == time && grid.batch == count,
      "SequenceLengths.packed: lengths of \(count) sequences in \(time) steps for a grid of \(grid.batch) sequences in "
        + "\(grid.time) steps")
    return positions.map { grid.ids[$0] }
  }

  /// Positions in [time · batch] that are no padding.
  private var positions: [Int] { mask.enumerated().filter(\.element).map(\.offset) }
}
