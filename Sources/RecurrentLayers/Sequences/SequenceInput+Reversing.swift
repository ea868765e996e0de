import Autograd
import TensorCore

extension SequenceInput {
  /// Each sequence in reverse; padding stays at the end.
  var reversed: SequenceInput {
    var result = self
    switch content {
    case .vectors(let input): result.content = .vectors(input.reversedInTime(lengths))
    case .tokens(let grid): result.content = .tokens(grid.reversed(lengths))
    case .embedded(let grid, let table): result.content = .embedded(grid.reversed(lengths), table: table)
    }
    result.resets = resets?.reversed(lengths)
    return result
  }
}

extension TokenGrid {
  fileprivate func reversed(_ lengths: SequenceLengths?) -> TokenGrid {
    TokenGrid(ids: reversedPositions(time: time, batch: batch, lengths).map { ids[Int($0)] }, time: time, batch: batch)
  }
}

extension Variable {
  /// The outputs, [time, batch, features], with each sequence in reverse; padding stays at the end.
  func reversedInTime(_ lengths: SequenceLengths?) -> Variable {
    let positions = reversedPositions(time: shape[0], batch: shape[1], lengths)
    return reshaped([positions.count, shape[2]]).gatherRows(positions).reshaped(shape.dimensions)
  }
}

extension Variable {
  /// Outputs, [time, batch, features], of each sequence's last step, [batch, features]; of the first step for a
  /// sequence without steps.
  func atEnd(_ lengths: SequenceLengths?) -> Variable {
    let (time, batch) = (shape[0], shape[1])
    guard let lengths else { return row(time - 1) }
    let positions = lengths.steps.enumerated().map { Int32(Swift.max($1 - 1, 0) * batch + $0) }
    return reshaped([time * batch, shape[2]]).gatherRows(positions)
  }
}

/// Source position, among [time · batch], of each position of the reversed sequences.
private func reversedPositions(time: Int, batch: Int, _ lengths: SequenceLengths?) -> [Int32] {
  (0..<time * batch).map { position in
    let (t, sequence) = position.quotientAndRemainder(dividingBy: batch)
    let steps = lengths?.steps[sequence] ?? time
    return Int32((t < steps ? steps - 1 - t : t) * batch + sequence)
  }
}
