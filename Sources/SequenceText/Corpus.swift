import TensorCore

/// A text as tokens, with the vocabulary they are ids of.
///
/// Several files are read as one text, byte after byte without a separator. A byte-order mark at the start of a file is
/// dropped (byte tokens keep it); line ends are kept as they are. Both are said in `notices`.
public struct Corpus: Sendable {
  /// The ids of the tokens of the text, in order.
  public let tokens: [Int32]
  public let vocabulary: Vocabulary
  /// How many tokens of the text were left out because a given vocabulary does not have them.
  public let skipped: Int
  /// SHA-256 of the bytes of the text as used, in lowercase hexadecimal digits.
  public let contentHash: String
  /// The size of the text as used, in bytes; what was skipped counts.
  public let byteCount: Int
  /// The number of Swift Characters in the text as used; what was skipped counts. In byte tokens that are not valid
  /// UTF-8, each ill-formed sequence counts as one scalar, U+FFFD.
  public let characterCount: Int
  /// What a user should know about the text, each one line.
  public let notices: [String]

  /// The most symbols that the vocabulary of a text may have: far above that of any script, and far below what a binary
  /// file or a list of every character would have.
  public static let largestVocabulary = 16_384

  /// The kind of token.
  public var kind: TokenKind { vocabulary.kind }

  /// The corpus of `files` (at least one) with the vocabulary of the whole text, so that no part of it has a symbol that
  /// a model trained on another part does not know.
  ///
  /// - Throws: `CorpusError` where a file cannot be read, is empty or is not valid UTF-8 (byte tokens may be anything),
  ///   or the vocabulary would be larger than `largestVocabulary`.
  public init(files: [String], kind: TokenKind) throws(CorpusError) {
    try self.init(CorpusText(files: files, kind: kind), kind: kind)
  }

  /// The corpus of `files` (at least one) in the symbols of `vocabulary`.
  ///
  /// - Throws: `CorpusError` where a file cannot be read, is empty or is not valid UTF-8 (byte tokens may be anything),
  ///   or, under the policy `error`, the text has symbols that the vocabulary does not have.
  public init(
    files: [String], vocabulary: Vocabulary, unknown policy: UnknownPolicy = .error
  ) throws(CorpusError) {
    try self.init(CorpusText(files: files, kind: vocabulary.kind), vocabulary: vocabulary, unknown: policy)
  }

  /// The corpus of a text in memory with its own vocabulary; errors call the text `name`. Throws as for files.
  public init(text: [UInt8], name: String = "text", kind: TokenKind) throws(CorpusError) {
    try self.init(CorpusText(text, name: name, kind: kind), kind: kind)
  }

  /// The corpus of a text in memory in the symbols of `vocabulary`; errors call the text `name`. Throws as for files.
  public init(
    text: [UInt8], name: String = "text", vocabulary: Vocabulary, unknown policy: UnknownPolicy = .error
  ) throws(CorpusError) {
    try self.init(CorpusText(text, name: name, kind: vocabulary.kind), vocabulary: vocabulary, unknown: policy)
  }

  private init(_ text: CorpusText, kind: TokenKind) throws(CorpusError) {
    // Segmenting is the costly part: one pass gives ids in order of appearance, which sorting then renumbers.
    var index = SymbolIndex()
    var symbols: [[UInt8]] = []
    var tokens: [Int32] = []
    tokens.reserveCapacity(kind == .byte ? text.bytes.count : text.bytes.count / 2)
    kind.forEachToken(in: text.bytes) { range in
      var id = index.id(of: range, in: text.bytes)
      if id == SymbolIndex.unknown {
        id = Int32(symbols.count)
        index.insert(range, in: text.bytes, id: id)
        symbols.append(Array(text.bytes[range]))
      }
      tokens.append(id)
    }
    guard symbols.count <= Self.largestVocabulary else {
      throw .vocabularyTooLarge(symbols: symbols.count, limit: Self.largestVocabulary, kind: kind)
    }
    let order = symbols.indices.sorted { symbols[$0].lexicographicallyPrecedes(symbols[$1]) }
    var renumbered = [Int32](repeating: 0, count: symbols.count)
    for (id, appearance) in order.enumerated() { renumbered[appearance] = Int32(id) }
    for position in tokens.indices { tokens[position] = renumbered[Int(tokens[position])] }

    let vocabulary: Vocabulary
    do { vocabulary = try Vocabulary(sorted: order.map { symbols[$0] }, kind: kind) } catch {
      programmingError("Corpus: the symbols of a valid text: \(error)")
    }
    self.init(text, tokens: tokens, skipped: 0, vocabulary: vocabulary)
  }

  private init(_ text: CorpusText, vocabulary: Vocabulary, unknown policy: UnknownPolicy) throws(CorpusError) {
    let encoding: Tokenizer.Encoding
    do { encoding = try Tokenizer(vocabulary).encode(text.bytes, unknown: policy) } catch {
      switch error {
      case .unknownSymbols(var unknown):
        let place = text.locate(unknown.firstOffset)
        unknown.firstOffset = place.offset
        throw .unknownSymbols(file: place.file, unknown)
      case .invalidUTF8(let offset): programmingError("Corpus: a validated text is not valid at byte \(offset)")
      }
    }
    self.init(text, tokens: encoding.tokens, skipped: encoding.skipped, vocabulary: vocabulary)
  }

  private init(_ text: CorpusText, tokens: [Int32], skipped: Int, vocabulary: Vocabulary) {
    self.tokens = tokens
    self.skipped = skipped
    self.vocabulary = vocabulary
    contentHash = ContentHash.hex(of: text.bytes)
    byteCount = text.bytes.count
    characterCount =
      vocabulary.kind == .character ? tokens.count + skipped : SequenceText.characterCount(of: text.bytes)
    notices = text.notices
  }
}
