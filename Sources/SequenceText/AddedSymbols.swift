/// Symbols that are found in a text before it is cut into pieces: where several begin at a place, the longest one.
package struct AddedSymbols: Sendable {
  /// Symbols and ids by their first byte, the longest first.
  private var byFirst = [[(symbol: [UInt8], id: Int32)]](repeating: [], count: 256)
  private var longest = 0

  /// Nil without symbols.
  package init?(_ ids: [Int32], of symbols: [[UInt8]]) {
    if ids.isEmpty { return nil }
    for id in ids.sorted(by: { symbols[Int($0)].count > symbols[Int($1)].count }) {
      let symbol = symbols[Int(id)]
      byFirst[Int(symbol[0])].append((symbol, id))
      longest = max(longest, symbol.count)
    }
  }

  /// The first of them in a text that begins at a place from `start` on and before `end`.
  package func first(
    in bytes: [UInt8], from start: Int, before end: Int? = nil
  ) -> (start: Int, length: Int, id: Int32)? {
    for place in start..<max(start, end ?? bytes.count) {
      for (symbol, id) in byFirst[Int(bytes[place])] where bytes[place...].starts(with: symbol) {
        return (place, symbol.count, id)
      }
    }
    return nil
  }

  /// Calls one of two functions for the pieces of a text and for the added symbols, in order, as far as they are certain, and returns
  /// where the first begins that is not.
  func forEachPiece(
    in bytes: [UInt8], isEnd: Bool, piece: (Range<Int>) -> Void, added: (Int32) -> Void
  ) -> Int {
    // A symbol that begins later may not be there as a whole.
    let end = isEnd ? bytes.count : bytes.count - longest + 1
    var start = 0
    while let found = first(in: bytes, from: start, before: end) {
      TextPieceRule.forEachPiece(in: bytes, start..<found.start, isEnd: true, piece)
      added(found.id)
      start = found.start + found.length
    }
    return TextPieceRule.forEachPiece(in: bytes, start..<max(start, end), isEnd: isEnd, piece)
  }
}
