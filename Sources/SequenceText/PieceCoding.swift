/// Way in which a vocabulary of words or subwords spells a piece of text.
struct PieceCoding: Sendable {
  /// Id of the symbol of each byte.
  let bytes: [Int32]
  /// Merges in their order: the first one of a piece comes first.
  let merges: [Vocabulary.Merge]
  /// Symbol that each merge makes.
  let results: [Int32]
  /// Place in the order, by the pair.
  private let ranks: [UInt64: Int32]
  /// Whether a piece that is a symbol is that symbol, whatever the merges make of it.
  let takesWholePieces: Bool
  /// Symbols that are found before the text is cut into pieces.
  let added: [Int32]
  let addedSymbols: AddedSymbols?

  /// - Throws: `VocabularyError` where a byte is missing, or a merge is none.
  init(
    _ growing: GrowingVocabulary, merges: [Vocabulary.Merge], takesWholePieces: Bool, added: [Int32]
  ) throws(VocabularyError) {
    let (symbols, index) = (growing.symbols, growing.index)
    var bytes: [Int32] = []
    for byte in UInt8.min...UInt8.max {
      let id = index.id(of: 0..<1, in: [byte])
      if id == SymbolIndex.unknown { throw .missingByte(byte) }
      bytes.append(id)
    }
    guard merges.count <= Vocabulary.largestMergeCount else {
      throw .tooManyMerges(limit: Vocabulary.largestMergeCount)
    }
    var (ranks, results) = ([UInt64: Int32](minimumCapacity: merges.count), [Int32]())
    for (rank, merge) in merges.enumerated() {
      guard symbols.indices.contains(Int(merge.left)), symbols.indices.contains(Int(merge.right)) else {
        throw .invalidMerge(rank)
      }
      let whole = symbols[Int(merge.left)] + symbols[Int(merge.right)]
      let result = index.id(of: whole.indices, in: whole)
      guard result != SymbolIndex.unknown else { throw .invalidMerge(rank) }
      guard ranks.updateValue(Int32(rank), forKey: Self.key(merge.left, merge.right)) == nil else {
        throw .duplicateMerge(rank)
      }
      results.append(result)
    }
    guard added.allSatisfy({ symbols.indices.contains(Int($0)) }), Set(added).count == added.count else {
      throw .invalidAdded
    }
    let stored = StoredVocabularySize(of: symbols, merges).bytes
    guard stored <= Vocabulary.largestStoredSize else {
      throw .tooLongToStore(bytes: stored, limit: Vocabulary.largestStoredSize)
    }
    (self.bytes, self.merges, self.results, self.ranks) = (bytes, merges, results, ranks)
    (self.takesWholePieces, self.added) = (takesWholePieces, added)
    addedSymbols = AddedSymbols(added, of: symbols)
  }

  /// Place of the merge of two symbols in the order; nil where they are not merged.
  @inline(__always)
  func rank(_ left: Int32, _ right: Int32) -> Int32? { ranks[Self.key(left, right)] }

  @inline(__always)
  static func key(_ left: Int32, _ right: Int32) -> UInt64 { UInt64(UInt32(left)) << 32 | UInt64(UInt32(right)) }
}

extension PieceCoding: Equatable {
  static func == (a: Self, b: Self) -> Bool {
    a.merges == b.merges && a.takesWholePieces == b.takesWholePieces && a.added == b.added
  }
}

/// Bytes that symbols and merges of words or subwords take in a checkpoint: as JSON text (see `Vocabulary.json`) in a JSON string.
package struct StoredVocabularySize {
  package private(set) var bytes = 0

  private static let bytesOfByte = (UInt8.min...UInt8.max).map { byte in
    let text = ByteAlphabet.text([byte])
    // A quotation mark or a backslash is escaped twice.
    return text == "\"" || text == "\\" ? 4 : text.utf8.count
  }

  package init(of symbols: [[UInt8]], _ merges: [Vocabulary.Merge] = []) {
    let spelt = symbols.map(Self.spelt)
    bytes = spelt.reduce(0) { $0 + $1 + Self.ofSymbol }
    for merge in merges { bytes += spelt[Int(merge.left)] + spelt[Int(merge.right)] + Self.ofMerge }
  }

  /// Escaped quotation marks and a comma; in a merge also a space.
  private static let (ofSymbol, ofMerge) = (5, 6)

  private static func spelt(_ symbol: [UInt8]) -> Int { symbol.reduce(0) { $0 + bytesOfByte[Int($1)] } }

  /// Adds a symbol, a merge that makes it, or both, unless they are more than there is room for.
  mutating func add(_ symbol: [UInt8], isSymbol: Bool, isMerge: Bool) -> Bool {
    let own = Self.spelt(symbol)
    let sum = bytes + (isSymbol ? own + Self.ofSymbol : 0) + (isMerge ? own + Self.ofMerge : 0)
    guard sum <= Vocabulary.largestStoredSize else { return false }
    bytes = sum
    return true
  }
}
