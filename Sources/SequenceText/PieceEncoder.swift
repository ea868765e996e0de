import TensorCore

/// Spells pieces of text in the symbols of a vocabulary of words or subwords.
///
/// Neighbours are merged whose merge comes first, the leftmost such ones first, until none is left to merge (Sennrich, Haddow and
/// Birch, 2016). Pieces that were spelt are remembered.
package struct PieceEncoder: PieceNumbers {
  private let vocabulary: Vocabulary
  private let coding: PieceCoding
  /// Numbers of the pieces that are remembered.
  private var known = SymbolIndex()
  /// Tokens of these pieces, one piece after the other, and where each begins and the last one ends.
  private var (tokens, starts): ([Int32], [Int]) = ([], [0])
  private var merger = PieceMerger()

  /// Bounds of the memory that remembering takes: tokens, and bytes of a piece.
  private static let (mostRemembered, longestRemembered) = (1 << 20, 128)

  /// - Precondition: the vocabulary is of words or subwords.
  package init(_ vocabulary: Vocabulary) {
    guard let coding = vocabulary.coding else {
      programmingError("PieceEncoder: a vocabulary of \(vocabulary.kind) tokens")
    }
    (self.vocabulary, self.coding) = (vocabulary, coding)
  }

  package mutating func append(_ range: Range<Int>, of bytes: [UInt8], to ids: inout [Int32]) {
    let number = Int(known.id(of: range, in: bytes))
    if number >= 0 {
      for place in starts[number]..<starts[number + 1] { ids.append(tokens[place]) }
      return
    }
    let start = ids.count
    spell(range, of: bytes, to: &ids)
    if range.count > Self.longestRemembered { return }
    if tokens.count >= Self.mostRemembered { (known, tokens, starts) = (SymbolIndex(), [], [0]) }
    known.insert(range, in: bytes, id: Int32(starts.count - 1))
    tokens += ids[start...]
    starts.append(tokens.count)
  }

  private mutating func spell(_ range: Range<Int>, of bytes: [UInt8], to ids: inout [Int32]) {
    if coding.takesWholePieces {
      let whole = vocabulary.index.id(of: range, in: bytes)
      if whole >= 0 { return ids.append(whole) }
    }
    if coding.merges.isEmpty {
      for byte in bytes[range] { ids.append(coding.bytes[Int(byte)]) }
    } else {
      merger.merge(bytes[range], by: coding, to: &ids)
    }
  }
}

/// Merging of the symbols of a piece, with memory that is used again.
private struct PieceMerger {
  /// Symbols of the piece by the place of their first byte, and the places of their neighbours. A place within a symbol has −1.
  private var symbols: [Int32] = []
  private var (previous, next): ([Int], [Int]) = ([], [])
  /// Merges that are possible: the place in the order in the upper bits, below it the place in the piece.
  private var waiting = MinHeap<UInt64>()
  private static let placeBits: UInt64 = 40

  /// - Complexity: O(n log n) for n bytes.
  mutating func merge(_ piece: ArraySlice<UInt8>, by coding: PieceCoding, to ids: inout [Int32]) {
    let count = piece.count
    symbols.removeAll(keepingCapacity: true)
    for byte in piece { symbols.append(coding.bytes[Int(byte)]) }
    previous.removeAll(keepingCapacity: true)
    previous.append(contentsOf: -1..<count - 1)
    next.removeAll(keepingCapacity: true)
    next.append(contentsOf: 1...count)
    waiting.removeAll()
    for place in 0..<count - 1 { consider(place, coding) }
    while let merge = waiting.popMin() {
      let (rank, left) = (Int32(merge >> Self.placeBits), Int(merge & (1 << Self.placeBits - 1)))
      let right = next[left]
      // Others may have taken one of the two.
      guard symbols[left] >= 0, right < count, coding.rank(symbols[left], symbols[right]) == rank else { continue }
      symbols[left] = coding.results[Int(rank)]
      symbols[right] = -1
      next[left] = next[right]
      if next[left] < count {
        previous[next[left]] = left
        consider(left, coding)
      }
      if previous[left] >= 0 { consider(previous[left], coding) }
    }
    for symbol in symbols where symbol >= 0 { ids.append(symbol) }
  }

  private mutating func consider(_ left: Int, _ coding: PieceCoding) {
    guard let rank = coding.rank(symbols[left], symbols[next[left]]) else { return }
    waiting.insert(UInt64(rank) << Self.placeBits | UInt64(left))
  }
}
