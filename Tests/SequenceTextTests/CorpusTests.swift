import CharrnnTestSupport
import Foundation
import SequenceText
import TensorCore
import Testing

@Suite struct CorpusTests {
  private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

  @Test(arguments: 1...20, TokenKind.allCases.filter { !$0.isOfPieces })
  func aCorpusSpellsItsTextInTheVocabularyOfAllOfIt(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(80, using: &generator)
    let corpus = try Corpus(text: Array(text.utf8), kind: kind)
    let symbols = tokensByViews(text, kind)
    #expect(corpus.vocabulary == (try Vocabulary(symbols: Array(Set(symbols)), kind: kind)))
    #expect(corpus.tokens.map { corpus.vocabulary[$0] } == symbols)
    #expect(corpus.byteCount == text.utf8.count)
    #expect(corpus.characterCount == text.count)
    #expect(corpus.contentHash == ContentHash.hex(of: Array(text.utf8)))
    #expect(corpus.skipped == 0)

    let again = try Corpus(text: Array(text.utf8), vocabulary: corpus.vocabulary)
    #expect(again.tokens == corpus.tokens)
  }

  @Test func theVocabularyIsThatOfTheWholeTextNotOfTheTrainingPart() throws {
    let corpus = try Corpus(text: Array((String(repeating: "ab", count: 100) + "z").utf8), kind: .character)
    let split = try CorpusSplit(count: corpus.tokens.count)
    let last = try #require(corpus.vocabulary.id(of: [UInt8(ascii: "z")]))
    #expect(!corpus.tokens[split.train].contains(last))
    #expect(corpus.tokens[split.test].contains(last))
  }

  @Test func filesAreOneTextWithoutASeparatorAndMayCutACharacter() throws {
    let files = try ScratchDirectory()
    let text = Array("né\r\nb".utf8)
    for cut in 1..<text.count {
      let paths = [try files.file("a", Array(text[..<cut])), try files.file("b", Array(text[cut...]))]
      for kind in TokenKind.allCases where !kind.isOfPieces {
        let corpus = try Corpus(files: paths, kind: kind)
        let whole = try Corpus(text: text, kind: kind)
        #expect(corpus.tokens == whole.tokens)
        #expect(corpus.contentHash == whole.contentHash)
      }
    }
  }

  @Test func aByteOrderMarkIsDroppedWithANoticeButNotFromBytes() throws {
    let files = try ScratchDirectory()
    let path = try files.file("marked", mark + Array("ab".utf8))
    for kind in [TokenKind.character, .scalar] {
      let corpus = try Corpus(files: [path, path], kind: kind)
      #expect(corpus.tokens == [0, 1, 0, 1])
      #expect(corpus.contentHash == ContentHash.hex(of: Array("abab".utf8)))
      #expect(corpus.notices.count == 2)
      #expect(corpus.notices[0] == "\(path): the byte-order mark at its start is dropped")
    }
    let bytes = try Corpus(files: [path], kind: .byte)
    #expect(bytes.byteCount == 5)
    #expect(bytes.notices.isEmpty)
  }

  @Test func aByteOrderMarkInsideATextStays() throws {
    #expect(try Corpus(text: Array("a".utf8) + mark, kind: .scalar).tokens == [0, 1])
  }

  @Test func carriageReturnsAreKeptAndSaidOnce() throws {
    let files = try ScratchDirectory()
    let path = try files.file("windows", Array("a\r\nb\r\n".utf8))
    for kind in TokenKind.allCases where !kind.isOfPieces {
      let corpus = try Corpus(files: [path, path], kind: kind)
      #expect(corpus.notices == ["\(path): lines end in CR LF; they are kept as they are"])
      #expect(corpus.byteCount == 12)
    }
    #expect(try Corpus(text: Array("a\rb\n".utf8), kind: .character).notices.isEmpty)
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }) func whatIsNotThereOrEmptyIsAnErrorThatNamesIt(
    kind: TokenKind
  ) throws {
    let files = try ScratchDirectory()
    let good = try files.file("good", [97])
    for missing in [files.path + "/missing", files.path, good + "/below"] {
      let error = #expect(throws: CorpusError.self) { try Corpus(files: [good, missing], kind: kind) }
      #expect(error?.category == .noInput)
      #expect(error?.description.hasPrefix(missing + ": ") == true)
    }
    let empty = try files.file("empty", [])
    let error = #expect(throws: CorpusError.empty(file: empty)) { try Corpus(files: [good, empty], kind: kind) }
    #expect(error?.category == .data)
    let marked = try files.file("marked", mark)
    if kind != .byte {
      #expect(throws: CorpusError.empty(file: marked, hasMark: true)) { try Corpus(files: [marked], kind: kind) }
    }
  }

  @Test func invalidUTF8IsAnErrorWithTheFileAndItsOwnOffset() throws {
    let files = try ScratchDirectory()
    let good = try files.file("good", Array("ä".utf8))
    let bad = try files.file("bad", mark + Array("é".utf8) + [0xFF, 97])
    let cut = try files.file("cut", Array("ab".utf8) + [0xE2, 0x82])
    for kind in [TokenKind.character, .scalar] {
      #expect(throws: CorpusError.invalidUTF8(file: bad, offset: 5)) {
        try Corpus(files: [good, bad, good], kind: kind)
      }
      #expect(throws: CorpusError.invalidUTF8(file: cut, offset: 2)) { try Corpus(files: [good, cut], kind: kind) }
      let error = #expect(throws: CorpusError.invalidUTF8(file: cut, offset: 2)) {
        try Corpus(files: [cut, good], kind: kind)
      }
      #expect(error?.description == "\(cut): not valid UTF-8 at byte 2")
    }
    #expect(try Corpus(files: [good, bad, cut], kind: .byte).byteCount == 2 + 7 + 4)
  }

  @Test func aVocabularyAboveTheLimitIsRefused() throws {
    let scalars = (0x4E00...).lazy.compactMap { Unicode.Scalar($0) }
    func text(_ count: Int) -> [UInt8] { Array(String(String.UnicodeScalarView(scalars.prefix(count))).utf8) }
    #expect(try Corpus(text: text(16_384), kind: .scalar).vocabulary.count == 16_384)
    let error = #expect(throws: CorpusError.vocabularyTooLarge(symbols: 16_385, limit: 16_384, kind: .scalar)) {
      try Corpus(text: text(16_385), kind: .scalar)
    }
    #expect(error?.description.contains("16385 different") == true)
  }

  /// A corpus has no vocabulary that a model file could not hold.
  @Test func longerSymbolsThanAVocabularyMayHaveAreRefused() throws {
    func text(_ marks: Int) -> [UInt8] { Array(("a" + String(repeating: "\u{301}", count: marks) + "b").utf8) }
    let most = Vocabulary.largestSize / 2 - 1
    #expect(try Corpus(text: text(most), kind: .character).vocabulary.count == 2)
    let error = CorpusError.symbolsTooLong(
      bytes: 2 * most + 4, limit: Vocabulary.largestSize, kind: .character)
    #expect(throws: error) { try Corpus(text: text(most + 1), kind: .character) }
    #expect(!error.description.contains("\n"))
  }

  @Test func unknownSymbolsAreAnErrorWithThePlaceInTheirFileOrSkipped() throws {
    let files = try ScratchDirectory()
    let vocabulary = try Vocabulary(symbols: [[97], [98]], kind: .character)
    let good = try files.file("good", Array("ab".utf8))
    let strange = try files.file("strange", mark + Array("aéb".utf8))
    let error = #expect(throws: CorpusError.self) { try Corpus(files: [good, strange], vocabulary: vocabulary) }
    guard case .unknownSymbols(strange, let unknown)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(unknown.firstOffset == 4)
    #expect(error?.description.hasPrefix("\(strange): 1 character that the model does not know, \"é\"") == true)
    #expect(error?.category == .data)

    let skipped = try Corpus(files: [good, strange], vocabulary: vocabulary, unknown: .skip)
    #expect(skipped.tokens == [0, 1, 0, 1])
    #expect(skipped.skipped == 1)
    #expect(skipped.characterCount == 5)
    #expect(skipped.byteCount == 6)
    #expect(skipped.measure(0..<4) == TextMeasure(bytes: 4, characters: 4))
  }

  @Test func aPartWithNothingToPredictIsNamed() {
    for part in CorpusSplit.Part.allCases where part != .all {
      let text = CorpusError.nothingToPredict(part: part, tokens: 0).description
      #expect(text == "the \(part) part of the text has 0 tokens, and a prediction takes two")
    }
    let whole = CorpusError.nothingToPredict(part: .all, tokens: 1).description
    #expect(whole == "the text has 1 token, and a prediction takes two; give a longer text")
  }

  @Test func everyErrorIsOneLine() throws {
    let errors: [CorpusError] = [
      .empty(file: "f"), .invalidUTF8(file: "f", offset: 1),
      .vocabularyTooLarge(symbols: 1, limit: 1, kind: .scalar), .nothingToPredict(part: .test, tokens: 1),
      .tooSmall(CorpusTooSmall(tokens: 1, batch: 1, length: 1)),
    ]
    for error in errors { #expect(!error.description.contains("\n") && !error.description.isEmpty) }
  }
}
