import TensorCore

/// A text as tokens, with the vocabulary they are ids of.
///
/// Several files are read as one text, byte after byte without a separator. A byte-order mark at the start of a file is
/// dropped (tokens that spell bytes keep it). Line ends are kept as they are; only one of a kind (LF, CR LF, CR) that a given vocabulary
/// does not have is read as the vocabulary's own, except in tokens that spell bytes. `notices` says so.
///
/// Only the tokens are kept in memory, in one or two bytes each, and in four where the vocabulary has more than 65,536
/// symbols. Of a file the bytes are read that it had when it was opened; one that becomes shorter while it is read is an error.
public struct Corpus: Sendable {
  /// The ids of the tokens of the text, in order.
  public let tokens: TokenSequence
  public let vocabulary: Vocabulary
  /// How many tokens of the text were left out because a given vocabulary does not have them.
  public let skipped: Int
  /// SHA-256 of the bytes of the text as used, in lowercase hexadecimal digits. Line ends count as they stand in the text.
  public let contentHash: String
  /// The size of the text as used, in bytes; what was skipped counts.
  public let byteCount: Int
  /// The number of Swift Characters in the text as used; what was skipped counts. In tokens that spell bytes, those that are not valid
  /// UTF-8, each ill-formed sequence counts as one scalar, U+FFFD.
  public let characterCount: Int
  /// Positions of the first tokens of the files. A character that begins in one file and ends in the next counts for the first.
  public let fileStarts: [Int]
  /// Notices for the user about the text, one line each.
  public let notices: [String]

  /// The most characters or scalars that the vocabulary of a text may have: far above those of any script, and far below
  /// what a binary file or a list of every character would have. Words and subwords may be `Vocabulary.largestPieceCount`.
  public static let largestVocabulary = Vocabulary.largestCount

  /// The kind of token.
  public var kind: TokenKind { vocabulary.kind }

  /// The corpus of `files` (at least one) with the vocabulary of the whole text, so that no part of it has a symbol that
  /// a model trained on another part does not know.
  ///
  /// - Parameter symbols: size of a vocabulary of words or subwords, 257 to `Vocabulary.largestPieceCount`; nil for one that suits
  ///   the text. It is smaller where the text has not as many that are frequent. Other kinds take none.
  /// - Throws: `CorpusError` where a file cannot be read, is empty or is not valid UTF-8 (for tokens that spell bytes it may be anything),
  ///   it has more different characters or scalars than `largestVocabulary`, or of more bytes than `Vocabulary.largestSize`; for words
  ///   and subwords where it has too many different words to count them.
  public init(files: [String], kind: TokenKind, symbols: Int? = nil) throws(CorpusError) {
    try self.init(files.map { .file($0) }, kind: kind, symbols: symbols)
  }

  /// The corpus of `files` (at least one) in the symbols of `vocabulary`.
  ///
  /// - Throws: `CorpusError` where a file cannot be read, is empty or is not valid UTF-8 (for tokens that spell bytes it may be anything),
  ///   or, under the policy `error`, the text has symbols that the vocabulary does not have.
  public init(
    files: [String], vocabulary: Vocabulary, unknown policy: UnknownPolicy = .error
  ) throws(CorpusError) {
    try self.init(files.map { .file($0) }, vocabulary: vocabulary, unknown: policy)
  }

  /// The corpus of a text in memory with its own vocabulary; errors call the text `name`. Throws as for files.
  public init(
    text: [UInt8], name: String = "text", kind: TokenKind, symbols: Int? = nil
  ) throws(CorpusError) {
    try self.init([.memory(text, name: name)], kind: kind, symbols: symbols)
  }

  /// The corpus of a text in memory in the symbols of `vocabulary`; errors call the text `name`. Throws as for files.
  public init(
    text: [UInt8], name: String = "text", vocabulary: Vocabulary, unknown policy: UnknownPolicy = .error
  ) throws(CorpusError) {
    try self.init([.memory(text, name: name)], vocabulary: vocabulary, unknown: policy)
  }

  /// - Parameter memory: bytes that finding a vocabulary of words or subwords may take, about; nil for as many as `Corpus` allows.
  package init(
    _ places: [TextSource.Place], kind: TokenKind, symbols count: Int? = nil, memory: Double? = nil,
    chunkSize: Int = CorpusText.usualChunkSize
  ) throws(CorpusError) {
    if kind.isOfPieces {
      try self.init(
        piecesOf: CorpusText(places, kind: kind, chunkSize: chunkSize), symbols: count, memory: memory ?? .infinity)
      return
    }
    require(count == nil, "Corpus: a size for a vocabulary of \(kind) tokens")
    // Segmenting is the costly part: one pass gives ids in order of appearance, which sorting then renumbers.
    var text = CorpusText(places, kind: kind, chunkSize: chunkSize)
    var numbers = NewSymbols()
    var encoding = try text.encode(by: &numbers)
    let symbols = numbers.symbols
    guard symbols.count <= Self.largestVocabulary else {
      throw .vocabularyTooLarge(symbols: symbols.count, limit: Self.largestVocabulary, kind: kind)
    }
    let symbolBytes = symbols.reduce(0) { $0 + $1.count }
    guard symbolBytes <= Vocabulary.largestSize else {
      throw .symbolsTooLong(bytes: symbolBytes, limit: Vocabulary.largestSize, kind: kind)
    }
    let order = symbols.indices.sorted { symbols[$0].lexicographicallyPrecedes(symbols[$1]) }
    var renumbered = [Int32](repeating: 0, count: symbols.count)
    for (id, appearance) in order.enumerated() { renumbered[appearance] = Int32(id) }
    encoding.tokens.renumber(renumbered)

    let vocabulary: Vocabulary
    do { vocabulary = try Vocabulary(sorted: order.map { symbols[$0] }, kind: kind) } catch {
      programmingError("Corpus: the symbols of a valid text: \(error)")
    }
    self.init(text, encoding, vocabulary: vocabulary, notices: text.notices(nil))
  }

  package init(
    _ places: [TextSource.Place], vocabulary: Vocabulary, unknown policy: UnknownPolicy,
    chunkSize: Int = CorpusText.usualChunkSize
  ) throws(CorpusError) {
    var text = CorpusText(places, kind: vocabulary.kind, chunkSize: chunkSize)
    if let coding = vocabulary.coding {
      var encoder = PieceEncoder(vocabulary)
      let encoding = try text.encodePieces(by: &encoder, added: coding.addedSymbols)
      self.init(text, encoding, vocabulary: vocabulary, notices: text.notices(vocabulary))
      return
    }
    var numbers = KnownSymbols(vocabulary, unknown: policy)
    let encoding = try text.encode(by: &numbers)
    if var unknown = numbers.unknown {
      let place = text.locate(unknown.firstOffset)
      unknown.firstOffset = place.offset
      throw .unknownSymbols(file: place.file, unknown)
    }
    self.init(text, encoding, vocabulary: vocabulary, notices: text.notices(vocabulary))
  }

  init(_ text: CorpusText, _ encoding: CorpusText.Encoding, vocabulary: Vocabulary, notices: [String]) {
    tokens = encoding.tokens
    skipped = encoding.skipped
    self.vocabulary = vocabulary
    contentHash = text.hash.finalize()
    byteCount = text.byteCount
    characterCount = encoding.characterCount
    fileStarts = encoding.fileStarts
    self.notices = notices
  }

  /// A corpus of which this process has a part.
  init(
    tokens: TokenSequence, skipped: Int, vocabulary: Vocabulary, contentHash: String, byteCount: Int,
    characterCount: Int, notices: [String]
  ) {
    (self.tokens, self.skipped, self.vocabulary, self.contentHash) = (tokens, skipped, vocabulary, contentHash)
    (self.byteCount, self.characterCount, self.notices, fileStarts) = (byteCount, characterCount, notices, [0])
  }

  /// A corpus in another order, in which its files have no place.
  init(_ corpus: Corpus, tokens: TokenSequence) {
    self.tokens = tokens
    (vocabulary, skipped, contentHash, byteCount) = (
      corpus.vocabulary, corpus.skipped, corpus.contentHash, corpus.byteCount
    )
    (characterCount, fileStarts, notices) = (corpus.characterCount, [0], corpus.notices)
  }
}
