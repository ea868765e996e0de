import TensorCore

/// Positions in a batch where a new document starts, so that the recurrent state is reset before that step.
///
/// The step starts from the initial state (zeros, unless the cell or a stack that learns it says otherwise), and no
/// gradient flows back past it: outputs, final states and gradients equal those of the documents run one by one. A cell
/// that reads backward is reset at the other side, before it reads the last step of the previous document; for it a
/// position at the first step has no effect. Positions after a sequence's end have none either.
public struct StateResets: Sendable, Equatable {
  /// Whether the state of sequence b is reset before step t: `positions[t * batch + b]`.
  public let positions: [Bool]
  /// Number of steps.
  public let time: Int
  /// Number of sequences.
  public let batch: Int

  /// - Precondition: there are time × batch positions.
  public init(_ positions: [Bool], time: Int, batch: Int) {
    require(
      positions.count == time * batch,
      "StateResets: \(positions.count) positions for \(time) steps of \(batch) sequences")
    (self.positions, self.time, self.batch) = (positions, time, batch)
  }

  /// Resets after each end-of-document token.
  ///
  /// - Parameter preceding: the last token before the grid of each sequence, where a stream continues; nil at its
  ///   start.
  /// - Precondition: there is one preceding token for each sequence.
  public init(after token: Int32, in grid: TokenGrid, preceding: [Int32]? = nil) {
    if let preceding {
      require(
        preceding.count == grid.batch, "StateResets: \(preceding.count) preceding tokens for \(grid.batch) sequences")
    }
    let before = preceding?.map { $0 == token } ?? Array(repeating: false, count: grid.batch)
    let positions = (before + grid.ids.map { $0 == token }).prefix(grid.ids.count)
    self.init(Array(positions), time: grid.time, batch: grid.batch)
  }

  /// Whether no position is reset.
  var isEmpty: Bool { !positions.contains(true) }

  /// Whether the state of each sequence is reset before a step.
  func mask(at t: Int) -> ArraySlice<Bool> { positions[t * batch..<(t + 1) * batch] }

  /// Resets of some steps.
  func segment(_ steps: Range<Int>) -> StateResets {
    StateResets(
      Array(positions[steps.lowerBound * batch..<steps.upperBound * batch]), time: steps.count, batch: batch)
  }

  /// Resets before the ends of the sequences.
  func within(_ lengths: SequenceLengths) -> StateResets {
    StateResets(zip(positions, lengths.mask).map { $0 && $1 }, time: time, batch: batch)
  }

  /// Resets of the reversed sequences: a document that starts at step t of n ends, in reverse, with step n − t − 1, so
  /// that the previous document starts at step n − t.
  func reversed(_ lengths: SequenceLengths?) -> StateResets {
    var result = [Bool](repeating: false, count: positions.count)
    for (position, isReset) in positions.enumerated() where isReset {
      let (t, sequence) = position.quotientAndRemainder(dividingBy: batch)
      let steps = lengths?.steps[sequence] ?? time
      if t > 0 && t < steps { result[(steps - t) * batch + sequence] = true }
    }
    return StateResets(result, time: time, batch: batch)
  }
}
