/// Symbols that are found in a text before it is cut into pieces: where several begin at a place, the longest one.
package struct AddedSymbols: Sendable {
  /// Sorted by bytes, so that a symbol comes before all that begin with it.
  private let symbols: [[UInt8]]
  private let ids: [Int32]
  /// Place of the longest other symbol that each begins with; −1 where there is none.
  private let prefixes: [Int]
  /// Places of the symbols that begin with each byte.
  private let places: [Range<Int>]
  private let longest: Int

  /// Nil without symbols.
  package init?(_ ids: [Int32], of all: [[UInt8]]) {
    if ids.isEmpty { return nil }
    self.ids = ids.sorted { all[Int($0)].lexicographicallyPrecedes(all[Int($1)]) }
    let symbols = self.ids.map { all[Int($0)] }
    var (prefixes, places) = ([Int](), [Range<Int>](repeating: 0..<0, count: 256))
    for (place, symbol) in symbols.enumerated() {
      var prefix = place - 1
      while prefix >= 0, !symbol.starts(with: symbols[prefix]) { prefix = prefixes[prefix] }
      prefixes.append(prefix)
      let first = Int(symbol[0])
      places[first] = (places[first].isEmpty ? place : places[first].lowerBound)..<place + 1
    }
    (self.symbols, self.prefixes, self.places) = (symbols, prefixes, places)
    longest = symbols.reduce(0) { max($0, $1.count) }
  }

  /// The first of them in a text that begins at a place from `start` on and before `end`.
  ///
  /// - Complexity: O(m log k) for a place, of k symbols with its first byte and at most m bytes.
  package func first(
    in bytes: [UInt8], from start: Int, before end: Int? = nil
  ) -> (start: Int, length: Int, id: Int32)? {
    var start = start
    while start < end ?? bytes.count {
      if !places[Int(bytes[start])].isEmpty, let place = longestSymbol(beginning: bytes[start...]) {
        return (start, symbols[place].count, ids[place])
      }
      start += 1
    }
    return nil
  }

  /// Whether a symbol begins with some bytes, of which there is one at least.
  package func hasSymbol(beginningWith bytes: ArraySlice<UInt8>) -> Bool {
    let places = places[Int(bytes.first!)]
    let place = firstPlace(in: places) { !$0.lexicographicallyPrecedes(bytes) }
    return place < places.upperBound && symbols[place].starts(with: bytes)
  }

  /// Place of the longest symbol with which a text begins.
  private func longestSymbol(beginning text: ArraySlice<UInt8>) -> Int? {
    let places = places[Int(text.first!)]
    // The last symbol that is not after the text begins with all those that the text begins with.
    var place = firstPlace(in: places) { text.lexicographicallyPrecedes($0) } - 1
    if place < places.lowerBound { return nil }
    var common = 0
    for (a, b) in zip(symbols[place], text) {
      if a != b { break }
      common += 1
    }
    while place >= 0, symbols[place].count > common { place = prefixes[place] }
    return place >= 0 ? place : nil
  }

  /// The first of some places whose symbol meets a condition, which all those after it meet too; else the end of the places.
  private func firstPlace(in places: Range<Int>, where condition: ([UInt8]) -> Bool) -> Int {
    var (low, high) = (places.lowerBound, places.upperBound)
    while low < high {
      let middle = (low + high) / 2
      if condition(symbols[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
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
