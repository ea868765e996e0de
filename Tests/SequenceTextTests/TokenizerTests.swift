import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct TokenizerTests {
  @Test(arguments: 1...40, TokenKind.allCases.filter { !$0.isOfPieces })
  func tokensAreThoseOfTheStandardLibrarysViews(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = randomText(Int.random(in: 1...80, using: &generator), using: &generator)
    let expected = tokensByViews(text, kind)
    let tokenizer = Tokenizer(try Vocabulary(symbols: Array(Set(expected)), kind: kind))
    let encoding = try tokenizer.encode(text)
    #expect(encoding.skipped == 0)
    #expect(encoding.tokens.map { tokenizer.vocabulary[$0] } == expected)
    #expect(tokenizer.decode(encoding.tokens) == Array(text.utf8))
  }

  @Test func anEmptyTextHasNoTokens() throws {
    #expect(try Tokenizer(allBytes()).encode("").tokens == [])
    #expect(try Tokenizer(allBytes()).decode([]) == [])
  }

  @Test func carriageReturnAndLineFeedAreOneCharacterAndTwoScalars() throws {
    let text = Array("a\r\nb\r\r\n\n".utf8)
    #expect(try Corpus(text: text, kind: .character).tokens.count == 6)
    #expect(try Corpus(text: text, kind: .scalar).tokens.count == 8)
    #expect(try Corpus(text: text, kind: .byte).tokens.count == 8)
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces })
  func unknownSymbolsAreNamedOnceEachWithTheOffsetOfTheFirst(kind: TokenKind)
    throws
  {
    let tokenizer = Tokenizer(try Vocabulary(symbols: [[97], [98]], kind: kind))
    let error = #expect(throws: TokenizationError.self) { try tokenizer.encode("ab\u{7}ba\u{7}xa") }
    guard case .unknownSymbols(let unknown)? = error else { return }
    #expect(unknown.examples == ["\\u{7}", "x"])
    #expect(unknown.distinct == 2)
    #expect(unknown.occurrences == 3)
    #expect(unknown.firstOffset == 2)
    #expect(
      error?.description
        == "2 \(kind)s that the model does not know, \"\\u{7}\", \"x\" (3 in all, the first at byte 2)")
  }

  @Test func ofManyUnknownSymbolsTheFirstSeveralAreNamed() throws {
    let tokenizer = Tokenizer(try Vocabulary(symbols: [[97]], kind: .scalar))
    let error = #expect(throws: TokenizationError.self) { try tokenizer.encode("a0123456789") }
    guard case .unknownSymbols(let unknown)? = error else { return }
    #expect(unknown.examples == (0..<8).map(String.init))
    #expect(unknown.distinct == 10)
    #expect(unknown.description.contains("\"7\", …"))
  }

  @Test func skippingLeavesUnknownSymbolsOutAndCountsThem() throws {
    let tokenizer = Tokenizer(try Vocabulary(symbols: [[97], [98]], kind: .character))
    let encoding = try tokenizer.encode("aéb👍👍", unknown: .skip)
    #expect(encoding.tokens == [0, 1])
    #expect(encoding.skipped == 3)
  }

  @Test func aCombiningMarkDoesNotTurnIntoTheLetterBeforeIt() throws {
    let tokenizer = Tokenizer(try Vocabulary(symbols: [Array("é".utf8), [101]], kind: .character))
    #expect(throws: TokenizationError.self) { try tokenizer.encode("e\u{301}") }
  }

  @Test(arguments: 1...60) func theOffsetOfInvalidUTF8EndsTheLongestValidBeginning(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let bytes = damagedText(12, using: &generator)
    let valid = (0...bytes.count).last { String(validating: bytes[..<$0], as: UTF8.self) != nil }!
    let tokenizer = Tokenizer(try Vocabulary(symbols: [[97]], kind: .scalar))
    if valid == bytes.count {
      #expect(throws: Never.self) { try tokenizer.encode(bytes, unknown: .skip) }
    } else {
      #expect(throws: TokenizationError.invalidUTF8(offset: valid)) { try tokenizer.encode(bytes, unknown: .skip) }
    }
    #expect(try Tokenizer(allBytes()).encode(bytes).tokens.map { UInt8($0) } == bytes)
  }
}
