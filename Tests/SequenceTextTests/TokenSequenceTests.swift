import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct TokenSequenceTests {
  private let blockSize = TokenSequence.blockSize

  /// `count` ids below `limit`, the largest one among them.
  private func ids(_ count: Int, below limit: Int32) -> [Int32] {
    (0..<count).map { Int32($0 * 7919 % Int(limit)) } + [limit - 1]
  }

  @Test(arguments: [(1, 1), (255, 1), (256, 1), (257, 2), (16_384, 2), (65_536, 2), (65_537, 4), (Int32.max, 4)])
  func aTokenTakesTheSmallestIntegerThatHoldsThemAll(limit: Int32, bytes: Int) {
    for count in sweep(
      debug: [0, 100, blockSize - 1, blockSize],
      release: [0, 1, 100, blockSize - 2, blockSize - 1, blockSize, 2 * blockSize + 3])
    {
      let ids = ids(count, below: limit)
      let tokens = TokenSequence(ids)
      #expect(tokens.bytesPerToken == bytes)
      #expect(tokens.count == ids.count)
      #expect(tokens.elementsEqual(ids))
    }
  }

  @Test func tokensAppendedInPartsAreThoseAppendedAtOnceWhateverTheirWidths() {
    for largest in [[10, 300, 70_000], [70_000, 10, 300], [255, 256, 255]] as [[Int32]] {
      for count in [1, blockSize / 2, blockSize - 1] {
        var (tokens, all) = (TokenSequence(), [Int32]())
        for limit in largest {
          let part = ids(count, below: limit + 1)
          tokens.append(contentsOf: part)
          all += part
        }
        #expect(tokens == TokenSequence(all))
        #expect(tokens.elementsEqual(all))
        #expect(tokens.bytesPerToken == TokenSequence([largest.max()!]).bytesPerToken)
      }
    }
  }

  @Test func aCopyStaysAsItWas() {
    let first = TokenSequence(ids(blockSize + 5, below: 200))
    var second = first
    second.append(contentsOf: [1000])
    #expect(first.count + 1 == second.count)
    #expect(first.elementsEqual(second.dropLast()))
    #expect((first.bytesPerToken, second.bytesPerToken) == (1, 2))
  }

  @Test func equalIdsAreEqualAlsoInOtherWidths() {
    var wide: TokenSequence = [300, 1]
    #expect(wide == [300, 1])
    #expect(wide != [300, 2])
    #expect(wide != [300])
    wide = TokenSequence(wide.dropFirst())
    #expect(wide == [1])
    #expect(TokenSequence() == [])
  }

  @Test func aPartHasThePositionsOfTheWhole() {
    let ids = ids(2 * blockSize, below: 1000)
    let tokens = TokenSequence(ids)
    for range in [0..<0, 3..<9, blockSize - 2..<blockSize + 2, ids.count - 1..<ids.count] {
      #expect(Array(tokens[range]) == Array(ids[range]))
      #expect(tokens[range].startIndex == range.lowerBound)
    }
  }

  /// A text of `count` different scalars, each `repeats` times in a row, the last ones first.
  private func text(symbols count: Int, repeats: Int = 1) -> [UInt8] {
    var scalars = String.UnicodeScalarView()
    for number in (0..<UInt32(count)).reversed() {
      scalars += Array(repeating: Unicode.Scalar(0x4E00 + number)!, count: repeats)
    }
    return Array(String(scalars).utf8)
  }

  @Test(arguments: [1, 2, 255, 256, 257, 300])
  func theTokensOfACorpusAreOneByteUpTo256SymbolsAndTwoAbove(symbols: Int) throws {
    for repeats in [1, 300] {
      let corpus = try Corpus(text: text(symbols: symbols, repeats: repeats), kind: .scalar)
      #expect(corpus.tokens.bytesPerToken == (symbols <= 256 ? 1 : 2))
      // The last symbol comes first, and all were numbered anew.
      let expected = (0..<symbols).reversed().flatMap { [Int32](repeating: Int32($0), count: repeats) }
      #expect(corpus.tokens.elementsEqual(expected))
    }
  }

  @Test func anIdBelowZeroAndAPositionOutsideTrap() async {
    await #expect(processExitsWith: .failure) { _ = TokenSequence([1, -1]) }
    await #expect(processExitsWith: .failure) { _ = ([1, 2] as TokenSequence)[2] }
    await #expect(processExitsWith: .failure) { _ = ([1, 2] as TokenSequence)[-1] }
  }
}
