import CharrnnTestSupport
import Foundation
import SequenceText
import TensorCore
import Testing

/// Reading a text chunk by chunk gives what it gives whole, wherever the chunks end.
@Suite struct CorpusChunksTests {
  private static let sizes = [1, 2, 3, 4, 5, 7, 16, 100, 1000]

  private func corpus(_ text: [UInt8], kind: TokenKind, chunkSize: Int) throws -> Corpus {
    try Corpus([.memory(text, name: "text")], kind: kind, chunkSize: chunkSize)
  }

  @Test(arguments: 1...15, TokenKind.allCases.filter { !$0.isOfPieces })
  func theTokensAreThoseOfTheWholeText(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(80, using: &generator)
    let bytes = Array(text.utf8)
    for size in Self.sizes {
      let corpus = try corpus(bytes, kind: kind, chunkSize: size)
      #expect(corpus.tokens.map { corpus.vocabulary[$0] } == tokensByViews(text, kind), "chunks of \(size)")
      #expect(corpus.contentHash == ContentHash.hex(of: bytes))
      #expect((corpus.byteCount, corpus.characterCount) == (bytes.count, text.count))
      let hasPair = text.utf8.firstRange(of: "\r\n".utf8) != nil
      let hasReturnsOnly = bytes.contains(13) && !bytes.contains(10)
      #expect(corpus.notices.count == (hasPair || hasReturnsOnly ? 1 : 0))
      let again = try Corpus(
        [.memory(bytes, name: "text")], vocabulary: corpus.vocabulary, unknown: .error, chunkSize: size)
      #expect(again.tokens == corpus.tokens)
    }
  }

  @Test(arguments: 1...15, TokenKind.allCases.filter { !$0.isOfPieces })
  func filesCutAnywhereAreOneText(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(30, using: &generator)
    let bytes = Array(text.utf8)
    let cuts = ([0, bytes.count] + (0..<3).map { _ in Int.random(in: 1..<bytes.count, using: &generator) }).sorted()
    let parts = zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map { Array(bytes[$0..<$1]) }
    // At the start of a file the bytes of U+FEFF are a mark, and are dropped.
    guard !parts.contains(where: { $0.starts(with: [0xEF, 0xBB, 0xBF]) }) else { return }
    for size in Self.sizes {
      let corpus = try Corpus(parts.map { .memory($0, name: "part") }, kind: kind, chunkSize: size)
      #expect(corpus.tokens.map { corpus.vocabulary[$0] } == tokensByViews(text, kind), "chunks of \(size)")
      #expect(corpus.characterCount == text.count)
    }
  }

  @Test(arguments: 1...15, sizes)
  func theOffsetOfInvalidUTF8IsThatInItsFile(seed: Int, size: Int) throws {
    var generator = SplitMix(seed: seed)
    let (good, bad) = (Array(("a" + randomText(9, using: &generator)).utf8), damagedText(9, using: &generator))
    let valid = (0...bad.count).last { String(validating: bad[..<$0], as: UTF8.self) != nil }!
    guard !bad.isEmpty, !bad.starts(with: [0xEF, 0xBB, 0xBF]) else { return }
    let places = [good, bad, Array("b".utf8)].enumerated().map { TextSource.Place.memory($1, name: "\($0)") }
    for kind in [TokenKind.scalar, .character] {
      if valid == bad.count {
        #expect(throws: Never.self) { try Corpus(places, kind: kind, chunkSize: size) }
      } else {
        #expect(throws: CorpusError.invalidUTF8(file: "1", offset: valid)) {
          try Corpus(places, kind: kind, chunkSize: size)
        }
      }
    }
    let bytes = try Corpus(places, kind: .byte, chunkSize: size)
    #expect(bytes.characterCount == String(decoding: good + bad + [0x62], as: UTF8.self).count)
  }

  @Test(arguments: sizes) func theOffsetOfAnUnknownSymbolIsThatInItsFile(size: Int) throws {
    let vocabulary = try Vocabulary(symbols: [[97], Array("é".utf8)], kind: .character)
    let texts = ["éaé", "\u{FEFF}aaéab", "b"]
    let places = texts.enumerated().map { TextSource.Place.memory(Array($1.utf8), name: "\($0)") }
    let error = #expect(throws: CorpusError.self) {
      try Corpus(places, vocabulary: vocabulary, unknown: .error, chunkSize: size)
    }
    guard case .unknownSymbols(file: "1", let unknown)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect((unknown.firstOffset, unknown.occurrences) == (8, 2))
    let skipped = try Corpus(places, vocabulary: vocabulary, unknown: .skip, chunkSize: size)
    #expect((skipped.tokens.count, skipped.skipped, skipped.characterCount) == (7, 2, 9))
  }

  @Test(arguments: sizes) func marksAreDroppedAndLineEndsSeenWhereverAPieceEnds(size: Int) throws {
    let texts = ["\u{FEFF}a\r", "\nb\r\n", "\u{FEFF}\u{FEFF}"]
    let places = texts.enumerated().map { TextSource.Place.memory(Array($1.utf8), name: "\($0)") }
    let corpus = try Corpus(places, kind: .scalar, chunkSize: size)
    #expect(Tokenizer(corpus.vocabulary).decode(corpus.tokens) == Array("a\r\nb\r\n\u{FEFF}".utf8))
    #expect(
      corpus.notices == [
        "0: the byte-order mark at its start is dropped", "2: the byte-order mark at its start is dropped",
        "0: lines end in CR LF; they are kept as they are",
      ])
    for text in ["", "\u{FEFF}"] {
      #expect(throws: CorpusError.empty(file: "none", hasMark: !text.isEmpty)) {
        try Corpus(
          [.memory([97], name: "some"), .memory(Array(text.utf8), name: "none")], kind: .scalar, chunkSize: size)
      }
    }
  }

  @Test func aCharacterMayBeLongerThanManyPieces() throws {
    let text = "a" + String(repeating: "\u{301}", count: 2000) + "b"
    for size in [1, 10, 100] {
      let corpus = try corpus(Array(text.utf8), kind: .character, chunkSize: size)
      #expect(corpus.tokens == [0, 1])
      #expect(try self.corpus(Array(text.utf8), kind: .scalar, chunkSize: size).characterCount == 2)
    }
  }

  /// Every scalar of the ranges in which neighbours are taken for Characters of their own, beside scalars of each kind.
  @Test func lettersThatStandAloneAreCharactersOfTheirOwn() throws {
    let ranges: [ClosedRange<UInt32>] = [
      0...0x47F, 0x4C0...0x53F, 0x4000...0x4100, 0x9F00...0x9FFF, 0xB000...0xB100, 0xCF00...0xCFFF,
    ]
    var text = String.UnicodeScalarView()
    for number in ranges.joined() {
      for neighbor in "aé한中\n\r\u{301}\u{200D}".unicodeScalars {
        text += [Unicode.Scalar(number)!, neighbor]
      }
    }
    let corpus = try Corpus(text: Array(String(text).utf8), kind: .character)
    #expect(corpus.tokens.lazy.map { corpus.vocabulary[$0] }.elementsEqual(String(text).lazy.map { Array($0.utf8) }))
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }) func aPipeIsReadToItsEnd(kind: TokenKind) throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data("aé\r\nb".utf8))
    try pipe.fileHandleForWriting.close()
    let corpus = try Corpus(files: ["/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)"], kind: kind)
    #expect(Tokenizer(corpus.vocabulary).decode(corpus.tokens) == Array("aé\r\nb".utf8))
  }
}
