import TensorCore

extension Vocabulary {
  /// The symbols as a JSON list, sorted: numbers for bytes, strings for scalars and characters.
  ///
  /// The text depends on the symbols alone. The kind is not in it, so that it is a plain list for any reader.
  public var json: String {
    JSONText.array(
      symbols.map { symbol in
        kind == .byte ? .integer(Int(symbol[0])) : .string(String(decoding: symbol, as: UTF8.self))
      }
    ).compact
  }

  /// The vocabulary that a JSON list holds (with any spacing and escapes, as other writers make them).
  ///
  /// It is read symbol by symbol, no further than the first one that is wrong or one too many.
  ///
  /// - Throws: `VocabularyError` where the text is not such a list, or its symbols are not a sorted vocabulary: ids are
  ///   positions in the list, and sorting here would give them to other symbols.
  public init(json: String, kind: TokenKind) throws(VocabularyError) {
    var growing = GrowingVocabulary(kind)
    do {
      try JSONScanner.scan(json) { scanner in
        try scanner.array { scanner in try growing.append(Self.symbol(kind, from: &scanner, atMost: growing.room)) }
        try scanner.end(of: "list")
      }
    } catch let error as VocabularyError {
      throw error
    } catch JSONProblem.textTooLong {
      throw .tooLong(limit: Self.largestSize)
    } catch {
      throw .malformed(kind)
    }
    try self.init(growing)
  }

  private static func symbol(_ kind: TokenKind, from scanner: inout JSONScanner, atMost room: Int) throws -> [UInt8] {
    if kind == .byte {
      guard let byte = UInt8(exactly: try scanner.integer()) else { throw VocabularyError.malformed(kind) }
      return [byte]
    }
    // An escape takes six bytes for one: what is left may be that long as it is written.
    return Array(try scanner.text(atMost: 6 * room + 6).value.utf8)
  }
}
