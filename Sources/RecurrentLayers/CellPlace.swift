/// Where a cell stands in a stack.
struct CellPlace: Hashable, Sendable {
  /// The lowest is 0.
  let layer: Int
  /// Whether the cell reads backward.
  let isReverse: Bool
  /// The number of the cell, and of its state, among all.
  let index: Int

  /// What its parameters are called, after the name that they have in the cell.
  var suffix: String { "_l\(layer)" + (isReverse ? "_reverse" : "") }
}

extension StackedRecurrent {
  /// The places of all cells in the order of their states: layer by layer, forward before backward.
  var places: [CellPlace] {
    cells.indices.flatMap { isBidirectional ? [place($0), place($0, isReverse: true)] : [place($0)] }
  }

  func place(_ layer: Int, isReverse: Bool = false) -> CellPlace {
    CellPlace(layer: layer, isReverse: isReverse, index: isBidirectional ? 2 * layer + (isReverse ? 1 : 0) : layer)
  }

  subscript(place: CellPlace) -> Cell { place.isReverse ? reverseCells[place.layer] : cells[place.layer] }
}
