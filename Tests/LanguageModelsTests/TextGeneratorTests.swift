import Autograd
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct TextGeneratorTests {
  private func generator(
    _ corpus: Corpus, cell: CellKind = .gru, threads: Int = 1
  ) -> (generator: TextGenerator<Float>, model: CharacterModel<Float>) {
    let model = CharacterModel<Float>.sample(
      ModelShape(Architecture(cell: cell, layers: 1, hidden: 6), vocabulary: corpus.vocabulary.count))
    return (TextGenerator(model: model, vocabulary: corpus.vocabulary, threads: threads), model)
  }

  /// The same seed gives the same text, another seed another, whatever the number of threads.
  @Test func theSameSeedGivesTheSameText() throws {
    let corpus = try sampleCorpus()
    let (one, two) = (generator(corpus).generator, generator(corpus, threads: 2).generator)
    let texts = (0..<4).map { one.text(length: 60, seed: $0) }
    #expect(texts == (0..<4).map { one.text(length: 60, seed: $0) })
    #expect(texts == (0..<4).map { two.text(length: 60, seed: $0) })
    #expect(Set(texts).count == 4)
    #expect(texts.allSatisfy { $0.count == 60 })
  }

  /// A text goes on from its prime, which may be longer than what is asked for and than any piece of the work.
  @Test func aTextGoesOnFromItsPrime() throws {
    let corpus = try sampleCorpus(sampleText(2100))
    let (generator, model) = generator(corpus)
    for count in [1, 2, 1023, 1024, 1025, 2100] {
      let prime = Array(corpus.tokens.prefix(count))
      // Token by token, always the likeliest.
      var context = ForwardContext<Float>()
      var (state, expected) = (CharacterModel<Float>.State?.none, prime)
      for index in 0..<count + 4 {
        let (logits, next) = model(TokenGrid(ids: [expected[index]], time: 1, batch: 1), from: state, in: &context)
        state = next
        let row = logits.value.scalars
        if index >= count - 1 && expected.count < count + 5 { expected.append(Int32(row.firstIndex(of: row.max()!)!)) }
      }
      let text = generator.text(prime: prime, length: 5, options: SamplingOptions(temperature: 0), seed: 1)
      #expect(Array(text.utf8) == Tokenizer(corpus.vocabulary).decode(expected), "prime of \(count)")
    }
  }

  @Test(arguments: CellKind.allCases)
  func textsMadeSideBySideAreEachWhatTheyWouldBeAlone(cell: CellKind) throws {
    let corpus = try sampleCorpus()
    let generator = generator(corpus, cell: cell).generator
    for count in [1, 2, 5] {
      var texts = [String](repeating: "", count: count)
      let prime = Array(corpus.tokens.prefix(7))
      try generator.generate(count: count, prime: prime, length: 40, constraints: TextConstraints(stop: "w. "), seed: 3)
      { texts[$0] += $1 }
      for (index, text) in texts.enumerated() {
        #expect(
          generator.text(prime: prime, length: 40, constraints: TextConstraints(stop: "w. "), seed: 3 + UInt64(index))
            == text)
      }
    }
  }

  @Test func theTextEndsBeforeTheStopThePrimeIsNotSearchedForIt() throws {
    let corpus = try sampleCorpus()
    let generator = generator(corpus).generator
    let whole = generator.text(length: 80, seed: 2)
    for stop in [String(whole.dropFirst(30).prefix(2)), String(whole.prefix(1)), "not there"] {
      let end = whole.firstRange(of: stop)?.lowerBound ?? whole.endIndex
      #expect(generator.text(length: 80, constraints: TextConstraints(stop: stop), seed: 2) == whole[..<end], "\(stop)")
    }
    let prime = Array(corpus.tokens.prefix(10))
    let primeText = String(decoding: Tokenizer(corpus.vocabulary).decode(prime), as: UTF8.self)
    #expect(
      generator.text(prime: prime, length: 5, constraints: TextConstraints(stop: primeText), seed: 2).hasPrefix(
        primeText))
  }

  /// No piece splits a character, and byte tokens make valid UTF-8, the last character finished.
  @Test(arguments: TokenKind.allCases)
  func noPieceSplitsACharacterAndByteTokensMakeValidUTF8(kind: TokenKind) throws {
    let corpus = try sampleCorpus("Olá, мир! 你好 مرحبا 👍🏽 🇧🇷 e\u{301}\r\n", kind: kind)
    let generator = generator(corpus).generator
    for seed in 0..<20 as Range<UInt64> {
      var pieces: [String] = []
      try generator.generate(length: Int(seed), seed: seed) { _, piece in pieces.append(piece) }
      let text = pieces.joined()
      if kind == .byte {
        #expect(!text.unicodeScalars.contains("\u{FFFD}"))
        #expect(text.utf8.count >= Int(seed) && text.utf8.count < Int(seed) + 4)
      }
      if kind == .scalar { #expect(text.unicodeScalars.count == Int(seed)) }
      #expect(pieces.reduce(0) { $0 + $1.count } == text.count, "a character of several pieces was split")
    }
  }

  /// A text without a prime begins as one after a line end, of the kind that the vocabulary has.
  @Test(arguments: ["\n", "\r\n", "\r"], TokenKind.allCases)
  func anUnprimedTextBeginsAsAfterALineEnd(end: String, kind: TokenKind) throws {
    let corpus = try sampleCorpus("!a fox.\(end)the crow\(end)", kind: kind)
    let generator = generator(corpus).generator
    // In scalars and bytes the line feed of CR LF ends the line.
    let last = kind == .character || end != "\r\n" ? end : "\n"
    let prime = try Tokenizer(corpus.vocabulary).encode(last).tokens
    for seed in 0..<5 as Range<UInt64> {
      let primed = generator.text(prime: prime, length: 20, seed: seed)
      #expect(last + generator.text(length: 20, seed: seed) == primed)
    }
  }

  @Test func noTextIsWrittenWhereNoneIsAskedFor() throws {
    let generator = generator(try sampleCorpus()).generator
    try generator.generate(count: 0, length: 5, seed: 1) { Issue.record("text \($0): \($1)") }
  }

  /// A byte prime that ends with what the vocabulary cannot finish is followed by a new character.
  @Test func anUnfinishedBytePrimeIsFollowedByANewCharacter() throws {
    // 0xE9 is é in Latin-1, and in UTF-8 the first of three bytes, of which this vocabulary has no others.
    let corpus = try Corpus(text: Array("Le caf".utf8) + [0xE9, 0xC3, 0xF0], kind: .byte)
    for cell in CellKind.allCases {
      let generator = generator(corpus, cell: cell).generator
      for end in [[0xE9], [0xC3], [0xF0], [0xE9, 0xE9], [0x4C, 0xF0]] as [[UInt8]] {
        let prime = try Tokenizer(corpus.vocabulary).encode(end).tokens
        for length in [0, 1, 9] {
          for temperature in [0.0, 1] {
            let text = generator.text(
              prime: prime, length: length, options: SamplingOptions(temperature: temperature), seed: 1)
            let beginning = String(decoding: end, as: UTF8.self)
            #expect(text.hasPrefix(beginning))
            let rest = text.unicodeScalars.dropFirst(beginning.unicodeScalars.count)
            #expect(rest.count == length && rest.allSatisfy(\.isASCII))
          }
        }
      }
    }
  }

  /// A byte prime that ends within a character is finished.
  @Test func aBytePrimeThatEndsWithinACharacterIsFinished() throws {
    let corpus = try sampleCorpus("añ你👍", kind: .byte)
    let generator = generator(corpus).generator
    for cut in 1...3 {
      let bytes = Array("👍".utf8.prefix(cut))
      let prime = try Tokenizer(corpus.vocabulary).encode(bytes).tokens
      for seed in 0..<5 as Range<UInt64> {
        let text = generator.text(prime: prime, length: 0, seed: seed)
        #expect(text.count == 1 && !text.unicodeScalars.contains("\u{FFFD}"), "\(text)")
      }
    }
  }
}
