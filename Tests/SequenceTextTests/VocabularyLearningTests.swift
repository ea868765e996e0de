import SequenceText
import Testing

/// Symbols of a text stay within the bytes that a vocabulary may have.
@Suite struct VocabularyLearningTests {
  private func run(_ letter: Character, _ count: Int) -> [UInt8] { Array(String(repeating: letter, count: count).utf8) }

  @Test func aWordForWhichNoRoomIsLeftIsPassedOver() {
    let pieces = [run("a", 100), run("b", 20), run("c", 30), run("d", 10)]
    let learning = VocabularyLearning(pieces: pieces, counts: [9, 8, 7, 6])
    let symbols = learning.vocabulary(.word, count: 300, size: 256 + 130).symbols
    #expect(Array(symbols.dropFirst(256)) == [pieces[0], pieces[1], pieces[3]])
    #expect(learning.vocabulary(.word, count: 300).count == 260)
  }

  @Test func mergingEndsAtTheSymbolForWhichNoRoomIsLeft() {
    let learning = VocabularyLearning(pieces: [Array("abcdefgh".utf8)], counts: [5])
    let vocabulary = learning.vocabulary(.subword, count: 300, size: 256 + 23)
    let symbols = vocabulary.symbols.dropFirst(256).map { String(decoding: $0, as: UTF8.self) }
    #expect(symbols == ["ab", "cd", "ef", "gh", "abcd", "efgh"])
    #expect(vocabulary.merges.count == 6)
    #expect(learning.vocabulary(.subword, count: 300, size: 256 + 24).count == 263)
  }

  @Test func longWordsMakeAVocabularyOfTheLargestSize() {
    let pieces = (0..<5 as Range<UInt8>).map { [UInt8](repeating: $0, count: TextPieceRule.longest) }
    let vocabulary = VocabularyLearning(pieces: pieces, counts: [2, 2, 2, 2, 2]).vocabulary(.word, count: 300)
    #expect(Array(vocabulary.symbols.dropFirst(256)) == Array(pieces.prefix(3)))
  }
}
