import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct AddedSymbolsTests {
  private static func random(_ longest: Int, using generator: inout SplitMix) -> [UInt8] {
    (0..<Int.random(in: 1...longest, using: &generator)).map { _ in .random(in: 97...98, using: &generator) }
  }

  @Test(arguments: 1...50) func theLongestAtTheFirstPlaceIsFound(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let symbols = Array(
      Set(
        (0..<Int.random(in: 1...12, using: &generator)).map { _ in
          Self.random(6, using: &generator)
        }))
    let added = try #require(AddedSymbols(symbols.indices.map(Int32.init), of: symbols))
    let text = Self.random(30, using: &generator)
    for start in text.indices {
      let place = (start..<text.count).first { place in symbols.contains { text[place...].starts(with: $0) } }
      let symbol = place.flatMap { place in
        symbols.filter { text[place...].starts(with: $0) }.max { $0.count < $1.count }
      }
      let found = added.first(in: text, from: start)
      #expect(found?.start == place)
      #expect(found.map { symbols[Int($0.id)] } == symbol)
      #expect(found?.length == symbol?.count)
    }
  }

  @Test(arguments: 1...50) func theBeginningOfASymbolIsKnown(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let symbols = Array(Set((0..<5).map { _ in Self.random(6, using: &generator) }))
    let added = try #require(AddedSymbols(symbols.indices.map(Int32.init), of: symbols))
    for _ in 0..<50 {
      let beginning = Self.random(6, using: &generator)
      #expect(added.hasSymbol(beginningWith: beginning[...]) == symbols.contains { $0.starts(with: beginning) })
    }
  }

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
        [.memory(text, name: "text")], vocabulary: vocabulary, unknown: .error, chunkSize: size)
      #expect(Array(corpus.tokens) == tokens, "chunks of \(size)")
    }
  }
}
