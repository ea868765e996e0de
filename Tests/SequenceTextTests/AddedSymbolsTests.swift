import SequenceText
import Testing

@Suite struct AddedSymbolsTests {
  @Test func tokensDoNotDependOnWhereATextIsCutInsideASymbolInAnother() throws {
    let base = try Corpus(text: Array("abab abab".utf8), kind: .subword, symbols: 258).vocabulary
    let added = ["abcdefgh", "cd", "h a"].map { Array($0.utf8) }
    let ids = added.indices.map { Int32(base.count + $0) }
    let vocabulary = try Vocabulary(symbols: base.symbols + added, merges: base.merges, added: ids)
    let text = Array("ab abcdefgh abcdefg abcdefgh abcd abcdef".utf8)
    let tokens = try Tokenizer(vocabulary).encode(text).tokens
    #expect(tokens.filter { ids.contains($0) }.map { Int($0) - base.count } == [0, 1, 0, 1, 1])
    for size in 1...text.count {
      let corpus = try Corpus(
        [.memory(text, name: "text")], vocabulary: vocabulary, unknown: .error, pieceSize: size)
      #expect(Array(corpus.tokens) == tokens, "pieces of \(size)")
    }
  }
}
