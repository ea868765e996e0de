/// A table of aligned columns, which loses columns where it is wider than the terminal.
package struct TextTable {
  package struct Column {
    package let name: String
    package let cells: [String]
    /// Columns of the lowest rank go first; nil for one that stays.
    package let rank: Int?
    package let isNumber: Bool

    package init(_ name: String, _ cells: [String], rank: Int?, isNumber: Bool = false) {
      (self.name, self.cells, self.rank, self.isNumber) = (name, cells, rank, isNumber)
    }

    fileprivate var width: Int { ([name] + cells).map(\.count).max() ?? 0 }
  }

  private let columns: [Column]
  /// Names of the columns for which there is no room.
  package let dropped: [String]

  /// - Parameter width: characters that a line may have.
  package init(_ columns: [Column], width: Int) {
    var (kept, dropped) = (columns, [String]())
    while kept.reduce(-2, { $0 + $1.width + 2 }) > width {
      // The last one of equal ranks.
      guard let rank = kept.compactMap(\.rank).min(), let index = kept.lastIndex(where: { $0.rank == rank }) else {
        break
      }
      dropped.append(kept.remove(at: index).name)
    }
    (self.columns, self.dropped) = (kept, dropped)
  }

  package var lines: [String] {
    (-1..<(columns.first?.cells.count ?? 0)).map { row in
      columns.map { column in
        let cell = row < 0 ? column.name : column.cells[row]
        let space = String(repeating: " ", count: column.width - cell.count)
        return column.isNumber ? space + cell : cell + space
      }.joined(separator: "  ").replacing(/\ +$/, with: "")
    }
  }
}
