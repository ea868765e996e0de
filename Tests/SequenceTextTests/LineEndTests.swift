import CharrnnTestSupport
import SequenceText
import Testing

/// Line ends are kept where the vocabulary has them and read as its own where it does not; either is said.
@Suite struct LineEndTests {
  private static let ends = ["\n", "\r\n", "\r"]
  private static let names = ["\n": "LF", "\r\n": "CR LF", "\r": "CR"]

  /// A text of short lines that end in `ends` at random.
  private func lines(_ count: Int, ends: [String], using generator: inout SplitMix) -> String {
    (0..<count).reduce(into: "x") { text, _ in
      text += ["a", "b", "é", ""].randomElement(using: &generator)! + ends.randomElement(using: &generator)!
    }
  }

  /// The definition: every line end that the vocabulary cannot spell becomes its first of LF, CR LF and CR.
  private func replaced(_ text: String, in vocabulary: Vocabulary) -> String {
    func has(_ end: String) -> Bool { vocabulary.id(of: Array(end.utf8)) != nil }
    guard let own = Self.ends.first(where: has) else { return text }
    return String(
      text.flatMap { character -> String in
        let isSpelled =
          vocabulary.kind == .character
          ? has(String(character)) : character.unicodeScalars.allSatisfy { has(String($0)) }
        return Self.ends.contains(String(character)) && !isSpelled ? own : String(character)
      })
  }

  @Test(arguments: 1...12, [TokenKind.character, .scalar])
  func aLineEndThatTheVocabularyDoesNotHaveIsReadAsItsOwn(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let known = (Self.ends.filter { _ in Bool.random(using: &generator) } + ["\n"]).prefix(2)
    let symbols = Set(["x", "a", "b", "é"] + known).filter { kind == .character || $0 != "\r\n" }
    let vocabulary = try Vocabulary(symbols: symbols.map { Array($0.utf8) }, kind: kind)
    let text = lines(12, ends: Self.ends, using: &generator)
    let expected = Array(replaced(text, in: vocabulary).utf8)
    for size in [1, 2, 3, 5, 100] {
      let corpus = try Corpus(
        [.memory(Array(text.utf8), name: "text")], vocabulary: vocabulary, unknown: .error, chunkSize: size)
      #expect(Tokenizer(vocabulary).decode(corpus.tokens) == expected, "seed \(seed), chunks of \(size)")
      #expect(corpus.skipped == 0)
      #expect(corpus.notices.contains { $0.contains("read as") } == (Array(text.utf8) != expected))
    }
    let encoding = try Tokenizer(vocabulary).encode(text)
    #expect(Tokenizer(vocabulary).decode(encoding.tokens) == expected)
    #expect((encoding.replacedLineEnds > 0) == (Array(text.utf8) != expected))
  }

  @Test(arguments: ends, ends) func skippingGluesNoLinesTogether(own: String, other: String) throws {
    let trained = try Corpus(text: Array("one\(own)two\(own)".utf8), kind: .character)
    let read = try Corpus(
      text: Array("two\(other)one!\(other)".utf8), name: "other", vocabulary: trained.vocabulary, unknown: .skip)
    #expect(Tokenizer(trained.vocabulary).decode(read.tokens) == Array("two\(own)one\(own)".utf8))
    #expect(read.skipped == 1)
    let kept = own == "\n" ? [] : ["other: lines end in \(Self.names[own]!); they are kept as they are"]
    let replaced =
      "other: lines end in \(Self.names[other]!), which the model does not know; they are read as \(Self.names[own]!)"
    #expect(read.notices == (own == other ? kept : [replaced]))
  }

  @Test func byteTokensAreReadAsTheyAre() throws {
    let vocabulary = try Vocabulary(symbols: [[97], [10]], kind: .byte)
    #expect(throws: CorpusError.self) { try Corpus(text: Array("a\r\na".utf8), vocabulary: vocabulary) }
    let skipped = try Corpus(text: Array("a\ra\r\n".utf8), vocabulary: vocabulary, unknown: .skip)
    #expect(skipped.tokens.map { vocabulary[$0] } == [[97], [97], [10]])
    #expect(skipped.skipped == 2)
  }

  /// A vocabulary without a line end has nothing to read one as.
  @Test func aLineEndIsUnknownToAVocabularyWithoutOne() throws {
    let vocabulary = try Vocabulary(symbols: [[97]], kind: .character)
    #expect(throws: CorpusError.self) { try Corpus(text: Array("a\na".utf8), vocabulary: vocabulary) }
    #expect(try Corpus(text: Array("a\r\na".utf8), vocabulary: vocabulary, unknown: .skip).skipped == 1)
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }, [1, 2, 3, 100])
  func aFileWhoseLinesEndInCRAloneIsSaid(kind: TokenKind, size: Int) throws {
    func notices(_ texts: String...) throws -> [String] {
      let places = texts.enumerated().map { TextSource.Place.memory(Array($1.utf8), name: "\($0)") }
      return try Corpus(places, kind: kind, chunkSize: size).notices
    }
    let said = "lines end in CR; they are kept as they are"
    #expect(try notices("a\rb\r") == ["0: \(said)"])
    #expect(try notices("ab\r") == ["0: \(said)"])
    #expect(try notices("a\nb\n", "a\rb") == ["1: \(said)"])
    #expect(try notices("a\rb\r", "a\rb") == ["0: \(said)"])
    #expect(try notices("a\rb\n") == [])
    #expect(try notices("a\r", "\nb") == ["0: lines end in CR LF; they are kept as they are"])
    #expect(try notices("a\r\nb\rc") == ["0: lines end in CR LF; they are kept as they are"])
  }

  /// The first line end of a vocabulary, in the order LF, CR LF, CR.
  @Test func theLineEndOfAVocabularyIsItsFirstOfLFAndCRLFAndCR() throws {
    func end(_ symbols: String...) throws -> String? {
      let vocabulary = try Vocabulary(symbols: symbols.map { Array($0.utf8) }, kind: .character)
      return vocabulary.lineEnd.map { String(decoding: vocabulary[$0], as: UTF8.self) }
    }
    #expect(try end("a") == nil)
    #expect(try end("a", "\r") == "\r")
    #expect(try end("a", "\r", "\r\n") == "\r\n")
    #expect(try end("\r", "\r\n", "\n") == "\n")
  }
}
