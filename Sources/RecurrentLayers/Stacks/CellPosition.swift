/// Position of a cell in a stack.
struct CellPosition: Hashable, Sendable {
  /// Number of the layer; the lowest is 0.
  let layer: Int
  /// Whether the cell reads backward.
  let isReverse: Bool
  /// Number of the cell, and of its state, among all.
  let index: Int

  /// Suffix of its parameters' names.
  var suffix: String { "_l\(layer)" + (isReverse ? "_reverse" : "") }
}

extension StackedRecurrent {
  /// Positions of all cells in the order of their states: layer by layer, forward before backward.
  var positions: [CellPosition] {
    cells.indices.flatMap { isBidirectional ? [position($0), position($0, isReverse: true)] : [position($0)] }
  }

  func position(_ layer: Int, isReverse: Bool = false) -> CellPosition {
    CellPosition(layer: layer, isReverse: isReverse, index: isBidirectional ? 2 * layer + (isReverse ? 1 : 0) : layer)
  }

  subscript(position: CellPosition) -> Cell {
    position.isReverse ? reverseCells[position.layer] : cells[position.layer]
  }
}
