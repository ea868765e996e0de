import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct CorpusMeasureTests {
  @Test(arguments: 1...30, TokenKind.allCases)
  func theCountsOfAdjacentRangesAddUp(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let corpus = try Corpus(text: [0x78] + Array(randomText(40, using: &generator).utf8), kind: kind)
    let all = corpus.measure(0..<corpus.tokens.count)
    #expect(all == TextMeasure(bytes: corpus.byteCount, characters: corpus.characterCount))
    for cut in 0...corpus.tokens.count {
      let first = corpus.measure(0..<cut)
      let second = corpus.measure(cut..<corpus.tokens.count)
      #expect(first.bytes + second.bytes == all.bytes)
      #expect(first.characters + second.characters == all.characters)
      #expect(corpus.measure(cut..<cut) == TextMeasure(bytes: 0, characters: 0))
    }
  }

  @Test(arguments: 1...30) func charactersOfScalarsAreCountedWhereTheyBegin(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(40, using: &generator)
    let corpus = try Corpus(text: Array(text.utf8), kind: .scalar)
    let begins = Set(text.indices.map { text.unicodeScalars.distance(from: text.startIndex, to: $0) })
    for _ in 0..<20 {
      let bounds = [0, 1].map { _ in Int.random(in: 0...corpus.tokens.count, using: &generator) }.sorted()
      let range = bounds[0]..<bounds[1]
      #expect(corpus.measure(range).characters == range.count { begins.contains($0) }, "\(range)")
    }
  }

  @Test(arguments: 1...30) func charactersOfBytesAreCountedWhereTheyBeginSaveWhereAScalarIsSplit(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let text = "x" + randomText(40, using: &generator)
    let corpus = try Corpus(text: Array(text.utf8), kind: .byte)
    let begins = Set(text.indices.map { text.utf8.distance(from: text.startIndex, to: $0) })
    let wholes = Set(text.unicodeScalars.indices.map { text.utf8.distance(from: text.startIndex, to: $0) })
    for _ in 0..<20 {
      let bounds = [0, 1].map { _ in Int.random(in: 0...corpus.tokens.count, using: &generator) }.sorted()
      let range = bounds[0]..<bounds[1]
      let splits = [range.lowerBound, range.upperBound].count { $0 < corpus.tokens.count && !wholes.contains($0) }
      let difference = corpus.measure(range).characters - range.count { begins.contains($0) }
      #expect(abs(difference) <= splits, "\(range)")
    }
  }

  @Test(arguments: 1...30) func illFormedBytesCountAsTheirRepair(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let bytes = [0x78] + damagedText(30, using: &generator)
    let corpus = try Corpus(text: bytes, kind: .byte)
    #expect(corpus.characterCount == String(decoding: bytes, as: UTF8.self).count)
  }
}
