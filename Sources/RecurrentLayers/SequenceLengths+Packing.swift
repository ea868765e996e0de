import Autograd
import TensorCore

extension TokenGrid {
  /// Sequences side by side, the shorter ones with padding behind them; see `SequenceLengths.init(of:)`.
  public init(padding sequences: [[Int32]]) {
    let time = sequences.map(\.count).max() ?? 0
    let ids = (0..<time).flatMap { t in sequences.map { t < $0.count ? $0[t] : 0 } }
    self.init(ids: ids, time: time, batch: sequences.count)
  }
}

extension SequenceLengths {
  /// The lengths of sequences in a batch that is as long as the longest.
  ///
  /// - Throws: `SequenceLengthsError` when a sequence is empty.
  public init(of sequences: [[Int32]]) throws(SequenceLengthsError) {
    let steps = sequences.map(\.count)
    try self.init(steps, time: steps.max() ?? 0)
  }

  /// What belongs to sequences, without the padding, step by step: of [time, batch, features] the rows [Σ steps, features].
  ///
  /// What is computed from them, a loss above all, is computed from the sequences alone.
  ///
  /// - Precondition: the batch is the one of these lengths.
  public func packed<Scalar>(_ batch: Variable<Scalar>) -> Variable<Scalar> {
    if batch.shape.rank != 3 || batch.shape[0] != time || batch.shape[1] != count {
      shapeFailure("SequenceLengths.packed", batch.shape, hint: "the batch must be [\(time), \(count), features]")
    }
    return batch.reshaped([time * count, batch.shape[2]]).gatherRows(places.map { Int32($0) })
  }

  /// The tokens that belong to sequences, in the same order.
  ///
  /// - Precondition: the grid is the one of these lengths.
  public func packed(_ grid: TokenGrid) -> [Int32] {
    require(
      grid.time == time && grid.batch == count,
      "SequenceLengths.packed: lengths of \(count) sequences in \(time) steps for a grid of \(grid.batch) sequences in "
        + "\(grid.time) steps")
    return places.map { grid.ids[$0] }
  }

  /// Where in [time · batch] there is no padding.
  private var places: [Int] { mask.enumerated().filter(\.element).map(\.offset) }
}
