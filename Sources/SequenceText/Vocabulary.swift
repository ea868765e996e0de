import TensorCore

/// The symbols a model knows, each with its id: its place in the order of their bytes, or of words and subwords in that of their
/// maker.
///
/// Symbols are UTF-8 byte strings, compared byte by byte, never as `String` or `Character`.
public struct Vocabulary: Sendable {
  /// The kind of token that the symbols are.
  public let kind: TokenKind
  /// The symbols in the order of their ids, each there once: sorted by bytes (lexicographic, unsigned), but for words and subwords.
  public let symbols: [[UInt8]]
  let index: SymbolIndex
  /// Way in which words or subwords spell a piece of text; nil for other kinds.
  let coding: PieceCoding?

  /// Two symbols that stand together and become one.
  public struct Merge: Sendable, Hashable {
    public let left, right: Int32

    public init(left: Int32, right: Int32) { (self.left, self.right) = (left, right) }
  }

  /// The vocabulary of `symbols`, given in any order, which words keep. Subwords have merges too: see `init(symbols:merges:)`.
  ///
  /// - Throws: `VocabularyError` where there are no symbols, or more than `largestCount` or of more bytes than `largestSize` (of words
  ///   `largestPieceCount` and `largestPieceSize`); where a byte is missing among words; and where a symbol is there twice, is empty
  ///   or is not one of its kind: exactly one byte (of any value), one Unicode scalar in valid UTF-8, or for characters valid UTF-8.
  ///   That a character is one grapheme cluster is not asked, for that changes with the version of Unicode.
  public init(symbols: [[UInt8]], kind: TokenKind) throws(VocabularyError) {
    try self.init(
      sorted: kind.isOfPieces ? symbols : symbols.sorted { $0.lexicographicallyPrecedes($1) }, kind: kind)
  }

  /// The vocabulary of subwords with these symbols, in the order of their ids, and merges, the first one first.
  ///
  /// - Parameters:
  ///   - added: symbols that are found in a text before it is cut into pieces.
  ///   - takesWholePieces: whether a piece of text that is a symbol is that symbol, whatever the merges make of it.
  /// - Throws: `VocabularyError` where there are more than `largestPieceCount` symbols, or of more bytes than `largestPieceSize`, one
  ///   is empty or there twice, a byte is no symbol, a merge is not two symbols that make a third, or is there twice.
  public init(
    symbols: [[UInt8]], merges: [Merge], added: [Int32] = [], takesWholePieces: Bool = false
  ) throws(VocabularyError) {
    var growing = GrowingVocabulary(.subword)
    for symbol in symbols { try growing.append(symbol) }
    try self.init(growing, merges: merges, added: added, takesWholePieces: takesWholePieces)
  }

  init(
    _ growing: GrowingVocabulary, merges: [Merge], added: [Int32], takesWholePieces: Bool
  ) throws(VocabularyError) {
    (kind, symbols, index) = (growing.kind, growing.symbols, growing.index)
    coding = try PieceCoding(growing, merges: merges, takesWholePieces: takesWholePieces, added: added)
  }

  /// The vocabulary of symbols that are in order already: ids are positions, so that another order is an error.
  init(sorted symbols: [[UInt8]], kind: TokenKind) throws(VocabularyError) {
    var growing = GrowingVocabulary(kind)
    for symbol in symbols { try growing.append(symbol) }
    try self.init(growing)
  }

  init(_ growing: GrowingVocabulary) throws(VocabularyError) {
    guard !growing.symbols.isEmpty else { throw .noSymbols }
    guard growing.kind != .subword else { throw .noMerges }
    (kind, symbols, index) = (growing.kind, growing.symbols, growing.index)
    coding =
      growing.kind == .word ? try PieceCoding(growing, merges: [], takesWholePieces: true, added: []) : nil
  }

  /// The most symbols of a vocabulary: far above those of any script, and far below those of a binary file or a list of
  /// every character.
  public static let largestCount = 16_384
  /// The most bytes of all symbols together.
  public static let largestSize = 1 << 20
  /// The most symbols of a vocabulary of words or subwords: those of published ones are 50,257 to 256,000.
  public static let largestPieceCount = 1 << 18
  /// The most bytes of all words or subwords together.
  public static let largestPieceSize = 1 << 23
  /// The most merges of a vocabulary of subwords; several may make one symbol.
  public static let largestMergeCount = 1 << 20

  /// The most bytes of the symbols and merges of words and subwords in a checkpoint, whose metadata hold little else.
  static let largestStoredSize = 31 << 20

  /// The number of symbols.
  public var count: Int { symbols.count }

  /// Merges of subwords, in their order; none in other kinds.
  public var merges: [Merge] { coding?.merges ?? [] }
  /// Symbols that are found in a text before it is cut into pieces; none but in subwords.
  public var added: [Int32] { coding?.added ?? [] }
  /// Whether a piece of text that is a symbol is that symbol, as in words, and in subwords that say so.
  public var takesWholePieces: Bool { coding?.takesWholePieces ?? false }

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

  /// Whether every scalar of `text` (of tokens that spell bytes, every byte) stands in some symbol. Otherwise no tokens spell it.
  package func spells(_ text: String) -> Bool {
    if kind.spellsBytes { return text.utf8.allSatisfy { id(of: [$0]) != nil } }
    let known = Set(symbols.lazy.flatMap { String(decoding: $0, as: UTF8.self).unicodeScalars })
    return known.isSuperset(of: text.unicodeScalars)
  }

  /// The symbol `id` for a reader, in ASCII and printable characters: see `displayed(_:_:)`.
  public func display(_ id: Int32) -> String { displayed(self[id], kind) }
}

extension TokenKind {
  /// The most symbols of a vocabulary of this kind.
  package var largestVocabulary: Int { isOfPieces ? Vocabulary.largestPieceCount : Vocabulary.largestCount }
  /// The most bytes of its symbols together.
  var largestVocabularySize: Int { isOfPieces ? Vocabulary.largestPieceSize : Vocabulary.largestSize }
}

extension Vocabulary: Hashable {
  public static func == (a: Self, b: Self) -> Bool {
    a.kind == b.kind && a.symbols == b.symbols && a.coding == b.coding
  }

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
  /// Symbols and merges take more bytes than a checkpoint has for them.
  case tooLongToStore(bytes: Int, limit: Int)
  /// A byte that is no symbol of a vocabulary of words or subwords.
  case missingByte(UInt8)
  /// Number, from 0, of a merge that is not two symbols which make a third.
  case invalidMerge(Int)
  /// Number, from 0, of a merge whose pair is there before.
  case duplicateMerge(Int)
  case tooManyMerges(limit: Int)
  /// A vocabulary of subwords without merges.
  case noMerges
  /// Added symbols of which one is no symbol or is there twice.
  case invalidAdded
  /// The text is not a JSON list of strings (of numbers 0 to 255 for bytes), or for subwords an object.
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
    case .tooLongToStore(let bytes, let limit):
      "the vocabulary takes \(bytes) bytes in a checkpoint, and \(limit) are the most; choose fewer symbols"
    case .missingByte(let byte): "the vocabulary lacks the byte \(byte); words and subwords need all 256"
    case .invalidMerge(let number): "merge \(number) of the vocabulary is not two of its symbols that make a third"
    case .duplicateMerge(let number): "merge \(number) of the vocabulary is there twice"
    case .tooManyMerges(let limit): "the vocabulary has more than \(limit) merges"
    case .noMerges: "a vocabulary of subwords needs merges"
    case .invalidAdded: "the vocabulary's added symbols are not among its symbols, each once"
    case .malformed(.byte): "the vocabulary is not a JSON list of numbers from 0 to 255"
    case .malformed(.subword): "the vocabulary is not a JSON object of symbols and merges"
    case .malformed: "the vocabulary is not a JSON list of strings"
    }
  }
}
