import CharrnnTestSupport
import LanguageModels
import SequenceText
import TensorCore
import Testing

@Suite struct CopyLimitTests {
  /// The longest passage at the end of a prefix of `text` that stands in `corpus`.
  private func longestCopy(_ text: [Int32], in corpus: [Int32]) -> Int {
    var longest = 0
    for start in text.indices {
      for begin in corpus.indices {
        var length = 0
        while start + length < text.count, begin + length < corpus.count,
          text[start + length] == corpus[begin + length]
        {
          length += 1
        }
        longest = max(longest, length)
      }
    }
    return longest
  }

  /// A model that has learned its text by heart copies all of it, and with a limit no more than that.
  @Test func noMoreThanTheLimitIsCopied() throws {
    let corpus = try sampleCorpus(sampleText(200))
    var settings = TrainingSettings()
    (settings.layers, settings.hidden, settings.learningRate, settings.batch, settings.length) = (1, 32, 0.02, 4, 20)
    let run = try CharacterRun(settings: settings, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 120), reporting: TrainingReporting(sampleEvery: 0))
    let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
    let tokens = Array(corpus.tokens)
    func copied(_ constraints: TextConstraints) throws -> Int {
      let text = generator.text(
        length: 60, options: SamplingOptions(temperature: 0.5), constraints: constraints, seed: 3)
      return longestCopy(Array(try Tokenizer(corpus.vocabulary).encode(text).tokens), in: tokens)
    }
    let free = try copied(TextConstraints())
    #expect(free > 8)
    for limit in [1, 3, 8] {
      let constraints = TextConstraints(copying: CopyLimit(tokens: limit, of: corpus.tokens))
      #expect(try copied(constraints) <= limit)
    }
  }

  /// Where every token would copy more, the text ends.
  @Test func aTextEndsWhereEverythingWouldBeCopied() throws {
    let corpus = try sampleCorpus("aaaaaaaaaa")
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: .gru, layers: 1, hidden: 4), vocabulary: corpus.vocabulary.count))
    let generator = TextGenerator(model: model, vocabulary: corpus.vocabulary)
    let constraints = TextConstraints(copying: CopyLimit(tokens: 3, of: corpus.tokens))
    #expect(generator.text(length: 9, constraints: constraints, seed: 1) == "aaa")
  }
}
