/// A vocabulary in the making. It takes the symbols in their order, one by one, and refuses the first that cannot follow.
///
/// Words and subwords are in any order, others sorted by bytes.
struct GrowingVocabulary {
  let kind: TokenKind
  private(set) var symbols: [[UInt8]] = []
  private(set) var index = SymbolIndex()
  /// Bytes that the symbols to come may have together.
  private(set) var room: Int

  init(_ kind: TokenKind) {
    self.kind = kind
    room = kind.largestVocabularySize
  }

  mutating func append(_ symbol: [UInt8]) throws(VocabularyError) {
    guard symbols.count < kind.largestVocabulary else { throw .tooManySymbols(limit: kind.largestVocabulary) }
    guard symbol.count <= room else { throw .tooLong(limit: kind.largestVocabularySize) }
    guard !symbol.isEmpty else { throw .emptySymbol }
    guard kind.accepts(symbol) else { throw .invalidSymbol(displayed(symbol), kind) }
    if kind.isOfPieces {
      guard index.id(of: symbol.indices, in: symbol) == SymbolIndex.unknown else {
        throw .duplicateSymbol(displayed(symbol, kind))
      }
    } else if let last = symbols.last, !last.lexicographicallyPrecedes(symbol) {
      throw last == symbol ? .duplicateSymbol(displayed(symbol, kind)) : .notSorted(displayed(symbol, kind))
    }
    index.insert(symbol.indices, in: symbol, id: Int32(symbols.count))
    symbols.append(symbol)
    room -= symbol.count
  }
}

extension TokenKind {
  fileprivate func accepts(_ symbol: [UInt8]) -> Bool {
    switch self {
    case .byte: symbol.count == 1
    case .scalar: String(validating: symbol, as: UTF8.self)?.unicodeScalars.count == 1
    case .character: String(validating: symbol, as: UTF8.self) != nil
    case .word, .subword: true
    }
  }
}
