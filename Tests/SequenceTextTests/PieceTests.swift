import CharrnnTestSupport
import SequenceText
import Testing

/// Any bytes as tokens and pieces that are none.
@Suite struct PieceTests {
  private func pieces(of bytes: [UInt8], _ vocabulary: Vocabulary) -> (bytes: [UInt8], tokens: [Int32], unknown: Int) {
    var (found, tokens, unknown): ([UInt8], [Int32], Int) = ([], [], 0)
    Tokenizer(vocabulary).forEachPiece(
      of: bytes,
      known: {
        tokens.append($0)
        found += vocabulary[$0]
      },
      unknown: {
        unknown += $0.count
        found += bytes[$0]
      })
    return (found, tokens, unknown)
  }

  private let text = "the fox, häuser e\u{301} 水\n\u{1F1E9}\u{1F1EA}"

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }) func aKnownTextHasTheTokensOfItsCorpus(kind: TokenKind)
    throws
  {
    let corpus = try Corpus(text: Array(text.utf8), kind: kind)
    let found = pieces(of: Array(text.utf8), corpus.vocabulary)
    #expect(found.tokens == Array(corpus.tokens) && found.unknown == 0)
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces }) func piecesAreTheBytesWhateverTheyAre(kind: TokenKind)
    throws
  {
    let vocabulary = try Corpus(text: Array(text.utf8), kind: kind).vocabulary
    var random = SplitMix(seed: 2)
    for _ in 0..<300 {
      var bytes = Array((text + text).utf8)
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = UInt8(truncatingIfNeeded: random.next())
      }
      bytes.removeFirst(Int.random(in: 0...bytes.count, using: &random))
      #expect(pieces(of: bytes, vocabulary).bytes == bytes)
    }
  }

  @Test func lineEndsAndMarksStayAsTheyAre() throws {
    let vocabulary = try Corpus(text: Array("ab\n".utf8), kind: .character).vocabulary
    let bytes = [0xEF, 0xBB, 0xBF] + Array("a\r\nb\r\n\n".utf8)
    let found = pieces(of: bytes, vocabulary)
    #expect(found.bytes == bytes && found.tokens.count == 3 && found.unknown == 7)
  }
}
