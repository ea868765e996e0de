import Autograd
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct BeamSearchTests {
  /// ln p of some tokens after a prime, one prediction after the other.
  private func logProbability(_ model: CharacterModel<Float>, of tokens: [Int32], after prime: [Int32]) -> Double {
    var context = ForwardContext<Float>()
    let all = prime + tokens
    let grid = TokenGrid(ids: Array(all.dropLast()), time: all.count - 1, batch: 1)
    let scores = model(grid, in: &context).logits.value.scalars.map(Double.init)
    let symbols = model.shape.vocabulary
    return tokens.enumerated().reduce(0) { sum, item in
      let row = scores[(prime.count - 1 + item.offset) * symbols..<(prime.count + item.offset) * symbols]
      return sum + row[row.startIndex + Int(item.element)] - log(row.reduce(0) { $0 + exp($1) })
    }
  }

  private let corpus: Corpus
  private let model: CharacterModel<Float>
  private let prime: [Int32]

  init() throws {
    corpus = try sampleCorpus("abcd\n")
    model = .sample(ModelShape(Architecture(cell: .gru, layers: 1, hidden: 6), vocabulary: 5), seed: 3)
    prime = [1, 2]
  }

  private func spelled(_ tokens: [Int32]) -> String {
    String(decoding: Tokenizer(corpus.vocabulary).decode(tokens), as: UTF8.self)
  }

  private func generator(_ arrangement: CorpusArrangement = CorpusArrangement()) -> TextGenerator<Float> {
    TextGenerator(model: model, vocabulary: corpus.vocabulary, arrangement: arrangement)
  }

  /// Every text of four tokens is on a beam of 5³ = 125.
  @Test func aWideBeamFindsTheLikeliestOfAllTexts() throws {
    let found = try generator().likeliest(beams: 125, prime: prime, length: 4)
    let every = (0..<625).map { number in [125, 25, 5, 1].map { Int32(number / $0 % 5) } }
    let best = every.map { ($0, logProbability(model, of: $0, after: prime)) }.sorted { $0.1 > $1.1 }
    for (text, expected) in zip(found, best.prefix(20)) {
      #expect(abs(text.logProbability - expected.1) < 1e-4)
      #expect(text.tokens == expected.0)
    }
    #expect(found.count == 125 && found.allSatisfy { $0.predictedTokens == 4 })
  }

  @Test func oneBeamIsGreedy() throws {
    let found = try generator().likeliest(beams: 1, prime: prime, length: 30)
    let greedy = generator().text(prime: prime, length: 30, options: SamplingOptions(temperature: 0), seed: 1)
    #expect(found.count == 1 && spelled(prime + found[0].tokens) == greedy)
  }

  /// Documents that end compete with those that go on, by ln p a token.
  @Test func aTextOfDocumentsMayEndEarlier() throws {
    let found = try generator(CorpusArrangement(documents: .lines)).likeliest(beams: 40, prime: [], length: 3)
    let end = try #require(corpus.vocabulary.lineEnd)
    #expect(found.contains { $0.predictedTokens < 3 } && found.allSatisfy { !$0.tokens.contains(end) })
    let means = found.map { $0.logProbability / Double($0.predictedTokens) }
    #expect(means == means.sorted(by: >))
    for text in found where text.predictedTokens < 3 {
      #expect(abs(logProbability(model, of: text.tokens + [end], after: [end]) - text.logProbability) < 1e-4)
    }
  }

  /// A character that is begun is finished, and one that a prime began too; where the vocabulary cannot, a new one begins.
  @Test func aTextOfBytesIsValidUTF8() throws {
    let corpus = try sampleCorpus("añ你👍 b", kind: .byte)
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .gru, layers: 1, hidden: 6), vocabulary: corpus.vocabulary.count), seed: 3)
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    let tokenizer = Tokenizer(corpus.vocabulary)
    for prime in [[], Array("👍".utf8.prefix(2)), Array("a".utf8)] {
      let begun = Array(try tokenizer.encode(prime).tokens)
      for length in 1..<6 {
        let found = try generator.likeliest(beams: 8, prime: begun, length: length)
        #expect(!found.isEmpty && Set(found.map(\.tokens)).count == found.count)
        for text in found {
          let bytes = tokenizer.decode(begun + text.tokens)
          #expect(String(validating: bytes, as: UTF8.self) != nil && (length..<length + 4).contains(text.tokens.count))
        }
      }
    }
    let odd = try Corpus(text: Array("caf".utf8) + [0xE9], kind: .byte)
    let other = TextGenerator(
      model: CharacterModel<Float>.sample(
        ModelShape(Architecture(cell: .gru, layers: 1, hidden: 6), vocabulary: odd.vocabulary.count)),
      vocabulary: odd.vocabulary)
    let prime = Array(try Tokenizer(odd.vocabulary).encode([0xE9]).tokens)
    #expect(try other.likeliest(beams: 2, prime: prime, length: 3).count == 2)
  }
}
