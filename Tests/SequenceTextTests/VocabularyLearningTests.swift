import CharrnnTestSupport
import SequenceText
import TensorCore
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

  /// Symbols and merges are counted as a checkpoint holds them: JSON in a string of JSON.
  @Test(arguments: [TokenKind.word, .subword], 1...5)
  func theStoredSizeIsThatOfTheText(kind: TokenKind, seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let text = (0..<200).map { _ in ["\"", "\\", "é", "日本", "ab", " c", "\n"].randomElement(using: &generator)! }
      .joined()
    let vocabulary = try Corpus(text: Array(text.utf8), kind: kind, symbols: 400).vocabulary
    let stored = StoredVocabularySize(of: vocabulary.symbols, vocabulary.merges).bytes
    let quoted = JSONText.string(vocabulary.json).compact.utf8.count
    #expect((quoted - 64...quoted + 64).contains(stored))
  }

  /// Long symbols of characters that are escaped fill a checkpoint before their bytes are too many.
  @Test func learningEndsWhereACheckpointHasNoMoreRoom() throws {
    let pieces = (0..<4).map { run("\"", TextPieceRule.longest - 100 - $0) }
    let learned = VocabularyLearning(pieces: pieces, counts: [2, 2, 2, 2]).vocabulary(.word, count: 300)
    #expect(Array(learned.symbols.dropFirst(256)) == Array(pieces.reversed().prefix(3)))
    let symbols = (UInt8.min...UInt8.max).map { [$0] } + pieces
    let error = #expect(throws: VocabularyError.self) { try Vocabulary(symbols: symbols, kind: .word) }
    guard case .tooLongToStore = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }
}
