import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct StreamingDecoderTests {
  private func pieces(_ bytes: [UInt8], _ kind: TokenKind) throws -> [String] {
    let corpus = try Corpus(text: bytes, kind: kind)
    var decoder = StreamingDecoder(corpus.vocabulary)
    return corpus.tokens.map { decoder.append($0) } + [decoder.finish()]
  }

  @Test(arguments: 1...40, TokenKind.allCases.filter { !$0.isOfPieces })
  func piecesJoinedAreTheTextAndNoneSplitsACharacter(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(60, using: &generator)
    let pieces = try pieces(Array(text.utf8), kind)
    #expect(Array(pieces.joined().utf8) == Array(text.utf8))
    #expect(pieces.flatMap { $0.map { Array($0.utf8) } } == tokensByViews(text, .character))
  }

  @Test(arguments: 1...100) func illFormedBytesReadAsTheStandardLibraryRepairsThem(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let bytes = [0x78] + damagedText(20, using: &generator)
    let repaired = String(decoding: bytes, as: UTF8.self)
    let pieces = try pieces(bytes, .byte)
    #expect(Array(pieces.joined().utf8) == Array(repaired.utf8))
    #expect(pieces.flatMap { $0.map { Array($0.utf8) } } == tokensByViews(repaired, .character))
  }

  @Test func aCharacterComesAsSoonAsTheNextOneBegins() throws {
    #expect(try pieces(Array("ae\u{301}b".utf8), .scalar) == ["", "a", "", "e\u{301}", "b"])
    #expect(try pieces(Array("🇧🇷🇵🇹".utf8), .scalar) == ["", "", "🇧🇷", "", "🇵🇹"])
    #expect(try pieces(Array("a\r\n".utf8), .byte) == ["", "a", "", "\r\n"])
  }

  @Test func afterFinishingTheDecoderIsNew() throws {
    let vocabulary = try allBytes()
    var decoder = StreamingDecoder(vocabulary)
    let pieces = [decoder.append(0xE2), decoder.finish(), decoder.finish(), decoder.append(0x41), decoder.finish()]
    #expect(pieces == ["", "\u{FFFD}", "", "", "A"])
  }

  /// A Character as long as a text takes time linear in its length, and is not split.
  @Test func aVeryLongCharacterIsNotSplit() throws {
    let text = "a" + String(repeating: "\u{301}", count: 20_000) + "bcd"
    let pieces = try pieces(Array(text.utf8), .scalar)
    #expect(Array(pieces.joined().utf8) == Array(text.utf8))
    #expect(pieces.filter { !$0.isEmpty }.first?.first?.unicodeScalars.count == 20_001)
  }
}
