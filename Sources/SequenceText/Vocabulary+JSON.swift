import TensorCore

extension Vocabulary {
  /// The symbols as JSON, in the order of their ids: a list, of numbers for bytes and of strings for other kinds; for subwords an
  /// object of the list `symbols` and the list `merges`, and where there are any the list `added` of ids and `takes_whole_pieces`.
  ///
  /// Bytes of words and subwords are written as GPT-2 does it: " the" is `Ġthe`, and a merge is two symbols with a space between. The
  /// text depends on the vocabulary alone. The kind is not in it, so that it is a plain list for any reader.
  public var json: String {
    let symbols = JSONText.array(self.symbols.map(jsonSymbol))
    guard kind == .subword else { return symbols.compact }
    let spelt = self.symbols.map(ByteAlphabet.text)
    var members: [(name: String, value: JSONText)] = [
      ("symbols", symbols),
      ("merges", .array(merges.map { .string("\(spelt[Int($0.left)]) \(spelt[Int($0.right)])") })),
    ]
    if !added.isEmpty { members.append(("added", .array(added.map { .integer(Int($0)) }))) }
    if takesWholePieces { members.append(("takes_whole_pieces", .bool(true))) }
    return JSONText.object(members).compact
  }

  /// A symbol in JSON: a number for bytes, else a string, which for words and subwords is spelt as in `json`.
  package func jsonSymbol(_ symbol: [UInt8]) -> JSONText {
    if kind == .byte { return .integer(Int(symbol[0])) }
    return .string(kind.isOfPieces ? ByteAlphabet.text(symbol) : String(decoding: symbol, as: UTF8.self))
  }

  /// The vocabulary that JSON holds as `json` makes it (with any spacing and escapes, as other writers make them).
  ///
  /// It is read symbol by symbol, no further than the first one that is wrong or one too many.
  ///
  /// - Throws: `VocabularyError` where the text is not such JSON, or its symbols are no vocabulary, which has to be sorted but for words
  ///   and subwords: ids are positions in the list, and sorting here would give them to other symbols.
  public init(json: String, kind: TokenKind) throws(VocabularyError) {
    var parts = StoredParts(kind)
    do {
      try JSONScanner.scan(json) { scanner in
        if kind == .subword { try parts.readObject(&scanner) } else { try parts.readSymbols(&scanner) }
        try scanner.end(of: "vocabulary")
      }
    } catch let error as VocabularyError {
      throw error
    } catch JSONProblem.textTooLong {
      throw .tooLong(limit: kind.largestVocabularySize)
    } catch {
      throw .malformed(kind)
    }
    self = try parts.vocabulary()
  }
}

/// Parts of a vocabulary that are read from JSON.
private struct StoredParts {
  private var growing: GrowingVocabulary
  private var merges: [Vocabulary.Merge]?
  private var added: [Int32] = []
  private var takesWholePieces = false

  init(_ kind: TokenKind) { growing = GrowingVocabulary(kind) }

  func vocabulary() throws(VocabularyError) -> Vocabulary {
    guard growing.kind == .subword else { return try Vocabulary(growing) }
    guard let merges else { throw .malformed(.subword) }
    return try Vocabulary(growing, merges: merges, added: added, takesWholePieces: takesWholePieces)
  }

  mutating func readObject(_ scanner: inout JSONScanner) throws {
    try scanner.object(nameLimit: 32, countLimit: 4) { scanner, name in
      switch name {
      case "symbols": try readSymbols(&scanner)
      case "merges": try readMerges(&scanner)
      case "added": added = try scanner.integers(atMost: Vocabulary.largestPieceCount).map(checkedID)
      case "takes_whole_pieces": takesWholePieces = try scanner.boolean()
      default: throw VocabularyError.malformed(.subword)
      }
    }
  }

  mutating func readSymbols(_ scanner: inout JSONScanner) throws {
    try scanner.array { scanner in try growing.append(symbol(&scanner)) }
  }

  /// Reads the merges, after the symbols that they are of.
  private mutating func readMerges(_ scanner: inout JSONScanner) throws {
    guard !growing.symbols.isEmpty else { throw VocabularyError.malformed(.subword) }
    let index = growing.index
    func id(_ text: Substring.UTF8View) -> Int32? {
      guard let symbol = ByteAlphabet.bytes(Substring(text)), !symbol.isEmpty else { return nil }
      let id = index.id(of: symbol.indices, in: symbol)
      return id == SymbolIndex.unknown ? nil : id
    }
    var merges: [Vocabulary.Merge] = []
    try scanner.array { scanner in
      let limit = Vocabulary.largestMergeCount
      guard merges.count < limit else { throw VocabularyError.tooManyMerges(limit: limit) }
      // A space is no character of the alphabet: the first one divides them, and another is an error.
      let pair = try scanner.text(atMost: 6 * Vocabulary.largestPieceSize).value.utf8
      guard let space = pair.firstIndex(of: 0x20), let left = id(pair[..<space]),
        let right = id(pair[pair.index(after: space)...])
      else { throw VocabularyError.invalidMerge(merges.count) }
      merges.append(Vocabulary.Merge(left: left, right: right))
    }
    self.merges = merges
  }

  private func checkedID(_ number: Int) throws(VocabularyError) -> Int32 {
    guard let id = Int32(exactly: number) else { throw .invalidAdded }
    return id
  }

  private func symbol(_ scanner: inout JSONScanner) throws -> [UInt8] {
    let kind = growing.kind
    if kind == .byte {
      guard let byte = UInt8(exactly: try scanner.integer()) else { throw VocabularyError.malformed(kind) }
      return [byte]
    }
    // An escape takes six bytes for one: what is left may be that long as it is written.
    let text = try scanner.text(atMost: 6 * growing.room + 6).value
    guard kind.isOfPieces else { return Array(text.utf8) }
    guard let symbol = ByteAlphabet.bytes(text) else { throw VocabularyError.malformed(kind) }
    return symbol
  }
}
