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
