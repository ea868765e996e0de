import LanguageModels
import ModelTraining
import SequenceText
import Testing

@Suite struct FillingTests {
  private func tokens(_ text: String, _ vocabulary: Vocabulary) throws -> [Int32] {
    Array(try Tokenizer(vocabulary).encode(text).tokens)
  }

  private func filled(
    _ generator: TextGenerator<Float>, _ parts: [String], _ vocabulary: Vocabulary, longest: Int = 12, seed: UInt64
  ) throws -> [String] {
    try generator.fill(gapsOf: parts.map { try tokens($0, vocabulary) }, longest: longest, seed: seed).map {
      String(decoding: Tokenizer(vocabulary).decode($0), as: UTF8.self)
    }
  }

  /// Of a digit alone a reader from left to right knows nothing; what follows the gap decides.
  @Test func aGapFitsWhatFollowsIt() throws {
    let text = sampleText(3000, words: ["x1a.", "x2b.", "x3c."])
    let corpus = try sampleCorpus(text)
    let run = try CharacterRun(
      settings: .small { ($0.hidden, $0.batch, $0.length, $0.learningRate) = (12, 8, 8, 0.03) }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 150), reporting: quiet)
    let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
    for (end, digit) in [("a.", "1"), ("b.", "2"), ("c.", "3")] {
      let gaps = try (0..<10).map { try filled(generator, ["x1a.x", end], corpus.vocabulary, longest: 1, seed: $0)[0] }
      #expect(gaps.count { $0 == digit } >= 8, "\(gaps) before \(end)")
    }
  }

  @Test(arguments: TokenKind.allCases.filter { !$0.isOfPieces })
  func gapsAreNeitherEmptyNorTooLongNorOfSeveralLines(kind: TokenKind) throws {
    let corpus = try sampleCorpus("aé 你b\n", kind: kind)
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .lstm, layers: 1, hidden: 6), vocabulary: corpus.vocabulary.count))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    for seed in 0..<8 as Range<UInt64> {
      let gaps = try filled(generator, ["", " b", "a\n", ""], corpus.vocabulary, longest: 6, seed: seed)
      #expect(gaps.count == 3)
      for gap in gaps {
        let count = try tokens(gap, corpus.vocabulary).count
        // A character of bytes is finished beyond the limit.
        #expect((1...(kind == .byte ? 9 : 6)).contains(count), "\(gap)")
        #expect(!gap.contains("\n") && !gap.contains("\u{FFFD}"), "\(gap)")
      }
      #expect(gaps == (try filled(generator, ["", " b", "a\n", ""], corpus.vocabulary, longest: 6, seed: seed)))
    }
  }

  @Test func bytesThatMakeNoCharacterEndAGap() throws {
    let corpus = try Corpus(text: [0xE9, 0xE8, 0xFF, 0xE9, 0xFF], kind: .byte)
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .gru, layers: 1, hidden: 3), vocabulary: corpus.vocabulary.count))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    #expect((1...5).contains(try generator.fill(gapsOf: [[], []], longest: 2, seed: 1)[0].count))
  }

  @Test(arguments: TokenKind.allCases.filter(\.isOfPieces)) func wordsAndSubwordsFillNoGaps(kind: TokenKind) throws {
    let corpus = try sampleCorpus("to be or not to be", kind: kind)
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .gru, layers: 1, hidden: 3), vocabulary: corpus.vocabulary.count))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    #expect(throws: GenerationError.gapsIn(kind)) { try generator.fill(gapsOf: [[], []], longest: 2, seed: 1) }
  }

  /// A vocabulary of one symbol leaves a gap nothing else.
  @Test func aGapOfTheOnlySymbolIsFilled() throws {
    let corpus = try sampleCorpus("aaaa")
    let model = CharacterModel<Float>.sample(ModelShape(Architecture(cell: .rnn, layers: 1, hidden: 3), vocabulary: 1))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    for seed in 0..<8 as Range<UInt64> {
      #expect((1...4).contains(try filled(generator, ["a", "a"], corpus.vocabulary, longest: 4, seed: seed)[0].count))
    }
  }
}
