import Autograd
import TensorCore

extension SequenceInput {
  /// Each sequence from its last step to its first; padding stays behind them.
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
    TokenGrid(ids: reversedPlaces(time: time, batch: batch, lengths).map { ids[Int($0)] }, time: time, batch: batch)
  }
}

extension Variable {
  /// [time, batch, features] with each sequence from its last step to its first; padding stays behind them.
  func reversedInTime(_ lengths: SequenceLengths?) -> Variable {
    let places = reversedPlaces(time: shape[0], batch: shape[1], lengths)
    return reshaped([places.count, shape[2]]).gatherRows(places).reshaped(shape.dimensions)
  }
}

extension Variable {
  /// Of outputs [time, batch, features] those of each sequence's last step, [batch, features]; of a sequence without steps,
  /// those of the first.
  func atEnd(_ lengths: SequenceLengths?) -> Variable {
    let (time, batch) = (shape[0], shape[1])
    guard let lengths else { return row(time - 1) }
    let places = lengths.steps.enumerated().map { Int32(Swift.max($1 - 1, 0) * batch + $0) }
    return reshaped([time * batch, shape[2]]).gatherRows(places)
  }
}

/// Where, among [time · batch], what comes to stand at each place is taken from.
private func reversedPlaces(time: Int, batch: Int, _ lengths: SequenceLengths?) -> [Int32] {
  (0..<time * batch).map { place in
    let (t, sequence) = place.quotientAndRemainder(dividingBy: batch)
    let steps = lengths?.steps[sequence] ?? time
    return Int32((t < steps ? steps - 1 - t : t) * batch + sequence)
  }
}
