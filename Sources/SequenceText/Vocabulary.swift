import TensorCore

/// The symbols a model knows, each with its id: its place in the order of their bytes.
///
/// Symbols are UTF-8 byte strings, compared byte by byte, never as `String` or `Character`.
public struct Vocabulary: Sendable {
  /// The kind of token that the symbols are.
  public let kind: TokenKind
  /// The symbols in the order of their ids: sorted by bytes (lexicographic, unsigned), each there once.
  public let symbols: [[UInt8]]
  let index: SymbolIndex

  /// The vocabulary of `symbols`, given in any order.
  ///
  /// - Throws: `VocabularyError` where there are no symbols or more than `largestCount`, they have more than `largestSize`
  ///   bytes, or a symbol is there twice, is empty, or is not one of its kind: exactly one byte (of any value); one Unicode scalar in valid UTF-8; or, for characters, valid UTF-8. That
  ///   a character is one grapheme cluster is not asked, for what counts as one changes with the version of Unicode.
  public init(symbols: [[UInt8]], kind: TokenKind) throws(VocabularyError) {
    try self.init(sorted: symbols.sorted { $0.lexicographicallyPrecedes($1) }, kind: kind)
  }

  /// The vocabulary of symbols that are in order already: ids are positions, so that another order is an error.
  init(sorted symbols: [[UInt8]], kind: TokenKind) throws(VocabularyError) {
    var growing = GrowingVocabulary(kind)
    for symbol in symbols { try growing.append(symbol) }
    try self.init(growing)
  }

  init(_ growing: GrowingVocabulary) throws(VocabularyError) {
    guard !growing.symbols.isEmpty else { throw .noSymbols }
    (kind, symbols, index) = (growing.kind, growing.symbols, growing.index)
  }

  /// The most symbols of a vocabulary: far above those of any script, and far below those of a binary file or a list of
  /// every character.
  public static let largestCount = 16_384
  /// The most bytes of all symbols together.
  public static let largestSize = 1 << 20

  /// The number of symbols.
  public var count: Int { symbols.count }

  /// The bytes of the symbol `id`. Traps where there is none such.
  public subscript(id: Int32) -> [UInt8] {
    guard symbols.indices.contains(Int(id)) else {
      programmingError("Vocabulary: no symbol \(id) among \(count)")
    }
    return symbols[Int(id)]
  }

  /// The id of a symbol, or nil where it is not in the vocabulary.
  public func id(of symbol: [UInt8]) -> Int32? {
    guard !symbol.isEmpty else { return nil }
    let id = index.id(of: symbol.indices, in: symbol)
    return id == SymbolIndex.unknown ? nil : id
  }

  /// Whether every scalar of `text` (of byte tokens, every byte) stands in some symbol. Otherwise no tokens spell it.
  package func spells(_ text: String) -> Bool {
    if kind == .byte { return text.utf8.allSatisfy { id(of: [$0]) != nil } }
    let known = Set(symbols.lazy.flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars })
    return known.isSuperset(of: text.unicodeScalars)
  }

  /// The symbol `id` for a reader, in ASCII and printable characters: see `displayed(_:_:)`.
  public func display(_ id: Int32) -> String { displayed(self[id], kind) }
}

extension Vocabulary: Hashable {
  public static func == (a: Self, b: Self) -> Bool { a.kind == b.kind && a.symbols == b.symbols }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(kind)
    hasher.combine(symbols)
  }
}

/// Why symbols do not make a vocabulary.
public enum VocabularyError: Error, Hashable, CustomStringConvertible {
  case noSymbols
  case emptySymbol
  /// The symbol, as displayed.
  case duplicateSymbol(String)
  /// The symbol, as displayed, and the kind that it is not of.
  case invalidSymbol(String, TokenKind)
  /// The first symbol, as displayed, that does not come after the one before it.
  case notSorted(String)
  case tooManySymbols(limit: Int)
  /// The symbols have more bytes together than a vocabulary may have.
  case tooLong(limit: Int)
  /// The text is not a JSON list of strings (of numbers 0 to 255 for bytes).
  case malformed(TokenKind)

  public var description: String {
    switch self {
    case .noSymbols: "the vocabulary has no symbols"
    case .emptySymbol: "the vocabulary has an empty symbol"
    case .duplicateSymbol(let symbol): "the vocabulary has the symbol \"\(symbol)\" twice"
    case .invalidSymbol(let symbol, let kind): "the vocabulary's symbol \"\(symbol)\" is not a \(kind)"
    case .notSorted(let symbol): "the vocabulary is not sorted by bytes: \"\(symbol)\" is out of order"
    case .tooManySymbols(let limit): "the vocabulary has more than \(limit) symbols"
    case .tooLong(let limit): "the vocabulary's symbols have more than \(limit) bytes together"
    case .malformed(.byte): "the vocabulary is not a JSON list of numbers from 0 to 255"
    case .malformed: "the vocabulary is not a JSON list of strings"
    }
  }
}
