import TensorCore

/// Treatment of a symbol that the vocabulary does not have.
public enum UnknownPolicy: String, Sendable, Hashable, CaseIterable {
  /// Stop with an error that names them.
  case error
  /// Leave them out and count them.
  case skip
}

/// Turns text into the token ids of a vocabulary, and back.
public struct Tokenizer: Sendable {
  public let vocabulary: Vocabulary

  public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// The ids of the tokens of a text.
  public struct Encoding: Sendable, Hashable {
    public var tokens: [Int32] = []
    /// How many tokens of the text the vocabulary does not have; they are not in `tokens`.
    public var skipped = 0
    /// How many line ends of a kind that the vocabulary does not have were read as its own.
    public var replacedLineEnds = 0

    fileprivate mutating func append(_ id: Int32) {
      if id >= 0 { tokens.append(id) } else if id == SymbolIndex.unknown { skipped += 1 }
    }
  }

  /// The tokens of the text `bytes`. A line end (LF, CR LF or CR) of a kind that the vocabulary does not have is read as
  /// the vocabulary's own, except in tokens that spell bytes.
  ///
  /// - Throws: `TokenizationError`: the bytes are not valid UTF-8 (for tokens that spell bytes they need not be), or, under the
  ///   policy `error`, some symbols are unknown.
  /// - Complexity: O(n) for n bytes, of subwords O(n log n). Words and subwords that come again in a call are spelt once, and nothing
  ///   is remembered between calls: a long text is encoded faster whole than line by line.
  public func encode(_ bytes: [UInt8], unknown policy: UnknownPolicy = .error) throws(TokenizationError) -> Encoding {
    if vocabulary.coding != nil { return Encoding(tokens: tokensOfPieces(bytes)) }
    if vocabulary.kind != .byte, let offset = firstInvalidUTF8Offset(in: bytes) { throw .invalidUTF8(offset: offset) }
    var encoding = Encoding()
    encoding.tokens.reserveCapacity(vocabulary.kind == .byte ? bytes.count : bytes.count / 2)
    var numbers = KnownSymbols(vocabulary, unknown: policy)
    vocabulary.kind.forEachToken(
      in: bytes, isEnd: true,
      singles: { for place in $0 { encoding.append(numbers.id(of: place..<place + 1, in: bytes, at: 0)) } },
      sequence: { encoding.append(numbers.id(of: $0, in: bytes, at: 0)) })
    if let unknown = numbers.unknown { throw .unknownSymbols(unknown) }
    encoding.replacedLineEnds = numbers.replacedLineEnds
    return encoding
  }

  /// Tokens of a text, of words or subwords.
  private func tokensOfPieces(_ bytes: [UInt8]) -> [Int32] {
    var (encoder, ids) = (PieceEncoder(vocabulary), [Int32]())
    ids.reserveCapacity(bytes.count / 3)
    guard let added = vocabulary.coding?.addedSymbols else {
      TextPieceRule.forEachPiece(in: bytes, 0..<bytes.count, isEnd: true) {
        encoder.append($0, of: bytes, to: &ids)
      }
      return ids
    }
    _ = added.forEachPiece(
      in: bytes, isEnd: true, piece: { encoder.append($0, of: bytes, to: &ids) }, added: { ids.append($0) })
    return ids
  }

  /// The tokens of `text`; see `encode(_:unknown:)` for bytes.
  public func encode(_ text: String, unknown policy: UnknownPolicy = .error) throws(TokenizationError) -> Encoding {
    try encode(Array(text.utf8), unknown: policy)
  }

  /// Cuts bytes of any kind into pieces, in order, that together are those bytes: line ends stay as they are, and what is not
  /// valid UTF-8 is unknown, save in tokens that spell bytes.
  ///
  /// - Parameters:
  ///   - known: takes a token.
  ///   - unknown: takes the range of bytes that are no token of the vocabulary.
  package func forEachPiece(of bytes: [UInt8], known: (Int32) -> Void, unknown: (Range<Int>) -> Void) {
    if vocabulary.coding != nil {
      for token in tokensOfPieces(bytes) { known(token) }
      return
    }
    func add(_ range: Range<Int>, in text: [UInt8], at offset: Int) {
      let id = vocabulary.index.id(of: range, in: text)
      if id == SymbolIndex.unknown {
        unknown(range.lowerBound + offset..<range.upperBound + offset)
      } else {
        known(id)
      }
    }
    var start = 0
    while start < bytes.count {
      let end = vocabulary.kind == .byte ? bytes.count : endOfWellFormedUTF8(in: bytes, from: start)
      let text = start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end])
      vocabulary.kind.forEachToken(
        in: text, isEnd: true, singles: { for place in $0 { add(place..<place + 1, in: text, at: start) } },
        sequence: { add($0, in: text, at: start) })
      if end < bytes.count { unknown(end..<end + 1) }
      start = end + 1
    }
  }

  /// The bytes that `tokens` spell. Traps on an id outside the vocabulary.
  public func decode(_ tokens: some Sequence<Int32>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(tokens.underestimatedCount)
    for token in tokens { bytes += vocabulary[token] }
    return bytes
  }
}

/// Why a text has no tokens in a vocabulary.
public enum TokenizationError: Error, Hashable, CustomStringConvertible {
  /// The offset, in bytes, of the first ill-formed sequence.
  case invalidUTF8(offset: Int)
  case unknownSymbols(UnknownSymbols)

  public var description: String {
    switch self {
    case .invalidUTF8(let offset): "the text is not valid UTF-8 at byte \(offset)"
    case .unknownSymbols(let unknown): unknown.description
    }
  }
}
