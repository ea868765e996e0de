import CharrnnTestSupport
import Foundation
import ProcessGroups
import SequenceText
import TensorCore
import Testing

/// Corpora of which each rank of a group reads a part.
@Suite struct SharedCorpusTests {
  /// Texts in which a token may be cut anywhere: characters of several scalars, line ends of two bytes, no letters at all.
  private static let texts = [
    String(repeating: "The crow saw a fox.\r\nÉté, e\u{301}té: 🇫🇷🇩🇪 👨‍👩‍👧 \n", count: 40),
    String(repeating: "東京都は日本の首都。", count: 60) + "\n" + String(repeating: "カラス", count: 200),
    String(repeating: "abcdefghij", count: 3) + "\n", "ab\ncd\n",
  ]

  private static func files(_ texts: [String], in scratch: ScratchDirectory) throws -> [String] {
    try texts.enumerated().map { index, text in
      try scratch.write(text, to: "\(index).txt")
      return scratch.path(of: "\(index).txt")
    }
  }

  @Test(arguments: TokenKind.allCases, [2, 3, 5])
  func ranksHaveTheCorpusTogether(kind: TokenKind, size: Int) throws {
    let scratch = try ScratchDirectory()
    for texts in Self.texts.map({ [$0] }) + [Self.texts, ["\u{FEFF}a mark, ", "\u{FEFF}and another\n"]] {
      let files = try Self.files(texts, in: scratch)
      let whole = try Corpus(files: files, kind: kind)
      let count = whole.tokens.count
      let ranks = try LocalJob.run(size) { group in
        let corpus = try Corpus(
          sharing: files.map { .file($0) }, kind: kind, heldOut: (0.1, 0.05), in: group, chunkSize: 64)
        // The rank's part, a part of another's, and all of it in the end.
        let needs = (0..<size).map { [$0 * count / size..<($0 + 1) * count / size, 0..<min(3, count)] }
        let kept = corpus.keeping(needs, in: group)
        let all = corpus.keeping(Array(repeating: [0..<count], count: size), in: group)
        return (corpus: corpus, kept: needs[group.rank].map { Array(kept.tokens[$0]) }, all: Array(all.tokens))
      }
      for (rank, found) in ranks.enumerated() {
        let corpus = found.corpus
        #expect(corpus.vocabulary == whole.vocabulary && corpus.contentHash == whole.contentHash)
        #expect(!corpus.tokens.isWhole, "also of a rank that has no part")
        #expect(corpus.tokens.count == count && corpus.byteCount == whole.byteCount)
        #expect(corpus.characterCount == whole.characterCount && corpus.notices == whole.notices)
        #expect(found.kept[0] == Array(whole.tokens[rank * count / size..<(rank + 1) * count / size]))
        #expect(found.kept[1] == Array(whole.tokens.prefix(3)) && found.all == Array(whole.tokens))
      }
      // No token is read twice.
      #expect(ranks.reduce(0) { $0 + $1.corpus.tokens.presentParts.reduce(0) { $0 + $1.tokens.count } } == count)
    }
  }

  @Test(arguments: [TokenKind.word, .subword]) func aGivenVocabularyIsKept(kind: TokenKind) throws {
    let scratch = try ScratchDirectory()
    let files = try Self.files([Self.texts[0]], in: scratch)
    let vocabulary = try Corpus(text: Array((Self.texts[0] + "xyz").utf8), kind: kind).vocabulary
    let whole = try Corpus(files: files, vocabulary: vocabulary)
    let ranks = try LocalJob.run(3) {
      try Corpus(sharing: [.file(files[0])], kind: kind, vocabulary: vocabulary, heldOut: (0, 0), in: $0)
        .keeping(Array(repeating: [0..<whole.tokens.count], count: 3), in: $0)
    }
    for corpus in ranks { #expect(corpus.vocabulary == vocabulary && corpus.tokens == whole.tokens) }
  }

  @Test func offsetsInErrorsAreThoseInTheFile() throws {
    let scratch = try ScratchDirectory()
    let bytes = Array("plain text\n".utf8) + Array(repeating: UInt8(ascii: "a"), count: 500) + [0xFF, 0x0A]
    try Data(bytes).write(to: URL(fileURLWithPath: scratch.path(of: "bad")))
    #expect(throws: CorpusError.invalidUTF8(file: scratch.path(of: "bad"), offset: 511)) {
      // The other rank would wait for this one: it is asked for the part that is sound.
      try LocalJob.run(1) {
        _ = try Corpus(
          sharing: [.file(scratch.path(of: "bad"))], kind: .character, heldOut: (0.2, 0.1), in: $0)
      }
    }
  }

  @Test func whatIsNoFileIsReadWhole() throws {
    let scratch = try ScratchDirectory()
    try scratch.write("text\n", to: "text")
    try scratch.write("", to: "empty")
    let path = scratch.path(of: "text")
    #expect(Corpus.canBeShared([.file(path)]))
    #expect(!Corpus.canBeShared([.file(path), .standardInput]))
    #expect(!Corpus.canBeShared([.file(path), .file(scratch.path(of: "empty"))]))
  }

  @Test func aHashGoesOnFromASnapshot() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
    for cut in [0, 1, 63, 64, 65, 128, 200, 300] {
      var first = ContentHash()
      first.update(Array(bytes[..<cut]))
      var second = ContentHash(snapshot: first.snapshot)
      second.update(Array(bytes[cut...]))
      #expect(second.finalize() == ContentHash.hex(of: bytes))
    }
  }
}
