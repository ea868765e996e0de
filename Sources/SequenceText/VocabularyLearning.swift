import TensorCore

/// Symbols of a text in words or subwords, found from its pieces and how often each stands in it.
///
/// All 256 bytes come first, in their order.
package struct VocabularyLearning {
  private let pieces: [[UInt8]]
  /// How often each piece stands in the text.
  private let counts: [Int]

  /// Occurrences below which a word is no symbol, and a pair is not merged.
  private static let fewest = 2

  private static let bytes: [[UInt8]] = (UInt8.min...UInt8.max).map { [$0] }

  /// - Parameters:
  ///   - pieces: different pieces of a text.
  ///   - counts: how often each stands in it.
  package init(pieces: [[UInt8]], counts: [Int]) { (self.pieces, self.counts) = (pieces, counts) }

  /// - Parameters:
  ///   - count: symbols to find; there are fewer where the text has not enough that are frequent.
  ///   - size: most bytes of all symbols together, at least 256. Long symbols reach it before their number does.
  package func vocabulary(_ kind: TokenKind, count: Int, size: Int = Vocabulary.largestPieceSize) -> Vocabulary {
    do {
      return kind == .word
        ? try Vocabulary(symbols: words(count, size), kind: .word) : try subwords(count, size)
    } catch { programmingError("VocabularyLearning: the symbols of a text: \(error)") }
  }

  /// The most frequent pieces; of those that are equally frequent, the first by their bytes. A piece for which no room is left is
  /// passed over.
  private func words(_ count: Int, _ size: Int) -> [[UInt8]] {
    let candidates = pieces.indices.filter { pieces[$0].count > 1 && counts[$0] >= Self.fewest }
    let order = candidates.sorted { a, b in
      counts[a] != counts[b] ? counts[a] > counts[b] : pieces[a].lexicographicallyPrecedes(pieces[b])
    }
    var (symbols, room, stored) = (Self.bytes, size - Self.bytes.count, StoredVocabularySize(of: Self.bytes))
    for piece in order.lazy.map({ pieces[$0] }) where symbols.count < count && piece.count <= room {
      guard stored.add(piece, isSymbol: true, isMerge: false) else { continue }
      symbols.append(piece)
      room -= piece.count
    }
    return symbols
  }

  /// Symbols and merges by byte-pair encoding: the most frequent pair of neighbours becomes a symbol, again and again. Of pairs that
  /// are equally frequent it is the one whose first symbol, or else whose second, was found first. It ends at the first symbol for
  /// which no room is left.
  private func subwords(_ count: Int, _ size: Int) throws(VocabularyError) -> Vocabulary {
    var (symbols, merges, ids) = (Self.bytes, [Vocabulary.Merge](), [[UInt8]: Int32]())
    var (room, stored) = (size - symbols.count, StoredVocabularySize(of: symbols))
    var pairs = PairCounts(pieces: pieces, counts: counts)
    while symbols.count < count, merges.count < Vocabulary.largestMergeCount,
      let pair = pairs.mostFrequent(atLeast: Self.fewest)
    {
      // Other merges may have made the same symbol.
      let whole = symbols[Int(pair.left)] + symbols[Int(pair.right)]
      let id = ids[whole] ?? Int32(symbols.count)
      let isNew = id == symbols.count
      guard stored.add(whole, isSymbol: isNew, isMerge: true) else { break }
      if isNew {
        if whole.count > room { break }
        ids[whole] = id
        symbols.append(whole)
        room -= whole.count
      }
      merges.append(pair)
      pairs.merge(pair, as: id)
    }
    return try Vocabulary(symbols: symbols, merges: merges)
  }
}

/// Pairs of neighbouring symbols in some pieces, with how often each occurs, while pairs are merged.
///
/// Each merge of an occurrence makes two symbols one, so that all merges together take O(n log n) for n bytes of the pieces.
private struct PairCounts {
  private struct Candidate: Comparable {
    let count: Int
    let key: UInt64

    static func < (a: Self, b: Self) -> Bool { a.count != b.count ? a.count > b.count : a.key < b.key }
  }

  /// Symbols by the place of their first byte, in all pieces one after the other; −1 within a symbol.
  private var symbols: [Int32] = []
  /// Places of the neighbours in the piece; −1 where there is none.
  private var (previous, next): ([Int32], [Int32]) = ([], [])
  /// How often the piece at each place stands in the text.
  private var weights: [Int] = []
  private var counts: [UInt64: Int] = [:]
  /// Places where a pair occurs, or has occurred.
  private var places: [UInt64: [Int32]] = [:]
  /// Every pair that occurs, with its count or with a larger one that it had.
  private var candidates = MinHeap<Candidate>()
  /// Pairs whose counts have grown.
  private var grown: Set<UInt64> = []

  init(pieces: [[UInt8]], counts pieceCounts: [Int]) {
    for (piece, count) in zip(pieces, pieceCounts) where piece.count > 1 {
      let start = Int32(symbols.count)
      for (place, byte) in piece.enumerated() {
        symbols.append(Int32(byte))
        previous.append(place == 0 ? -1 : start + Int32(place) - 1)
        next.append(place + 1 == piece.count ? -1 : start + Int32(place) + 1)
        weights.append(count)
      }
    }
    for place in symbols.indices where next[place] >= 0 { add(Int32(place)) }
    offerGrown()
  }

  /// The pair that occurs most often; nil where none occurs as often as that.
  mutating func mostFrequent(atLeast least: Int) -> Vocabulary.Merge? {
    while let candidate = candidates.popMin() {
      let count = counts[candidate.key] ?? 0
      if count == candidate.count {
        if count < least { return nil }
        return Vocabulary.Merge(
          left: Int32(candidate.key >> 32), right: Int32(truncatingIfNeeded: candidate.key))
      }
      if count >= least && count < candidate.count { candidates.insert(Candidate(count: count, key: candidate.key)) }
    }
    return nil
  }

  /// Makes each occurrence of a pair one symbol, from left to right.
  mutating func merge(_ pair: Vocabulary.Merge, as symbol: Int32) {
    let key = PieceCoding.key(pair.left, pair.right)
    for place in (places.removeValue(forKey: key) ?? []).sorted() {
      let left = Int(place)
      guard symbols[left] == pair.left, next[left] >= 0, symbols[Int(next[left])] == pair.right else { continue }
      let (right, before, after) = (Int(next[left]), previous[left], next[Int(next[left])])
      remove(place)
      if before >= 0 { remove(before) }
      if after >= 0 { remove(Int32(right)) }
      (symbols[left], symbols[right], next[left]) = (symbol, -1, after)
      if after >= 0 {
        previous[Int(after)] = place
        add(place)
      }
      if before >= 0 { add(before) }
    }
    counts[key] = nil
    offerGrown()
  }

  /// The pair that begins at a place.
  private func key(at place: Int32) -> UInt64 {
    PieceCoding.key(symbols[Int(place)], symbols[Int(next[Int(place)])])
  }

  private mutating func add(_ place: Int32) {
    let key = key(at: place)
    counts[key, default: 0] += weights[Int(place)]
    places[key, default: []].append(place)
    grown.insert(key)
  }

  private mutating func remove(_ place: Int32) { counts[key(at: place), default: 0] -= weights[Int(place)] }

  private mutating func offerGrown() {
    for key in grown {
      if let count = counts[key], count > 0 { candidates.insert(Candidate(count: count, key: key)) }
    }
    grown.removeAll(keepingCapacity: true)
  }
}
