import Autograd
import Foundation
import LanguageModels
import NeuralLayers
import RecurrentLayers
import SequenceText
import TensorCore
import Testing

@Suite struct TextSurpriseTests {
  private func file(_ corpus: Corpus, seed: UInt64 = 1) -> ModelFile<Float> {
    let shape = ModelShape(Architecture(cell: .lstm, layers: 1, hidden: 6), vocabulary: corpus.vocabulary.count)
    return ModelFile(model: .sample(shape, seed: seed), vocabulary: corpus.vocabulary)
  }

  /// Probabilities of all tokens after each but the last.
  private func predictions(_ file: ModelFile<Float>, _ tokens: [Int32]) -> [[Double]] {
    var context = ForwardContext<Float>()
    let grid = TokenGrid(ids: Array(tokens.dropLast()), time: tokens.count - 1, batch: 1)
    let scores = file.model(grid, in: &context).logits.value.scalars.map { exp(Double($0)) }
    let symbols = file.vocabulary.count
    return (0..<tokens.count - 1).map { row in
      let weights = scores[row * symbols..<(row + 1) * symbols]
      return weights.map { $0 / weights.reduce(0, +) }
    }
  }

  @Test(arguments: TokenKind.allCases)
  func theSurpriseOfAllPiecesIsTheLossOfEvaluation(kind: TokenKind) throws {
    let corpus = try sampleCorpus(sampleText(700, words: ["añ", "你b\n", "c d", "👍\r\n"]), kind: kind)
    let file = file(corpus)
    let surprise = try TextSurprise(of: file, on: corpus)
    let evaluation = try PartEvaluation(of: file, on: corpus, part: .all)
    #expect(surprise.nats / Double(surprise.predictedTokens) == evaluation.loss)
    #expect(surprise.predictedTokens == evaluation.tokens)
    let expected = try #require(evaluation.bitsPerCharacter(evaluation.loss))
    #expect(abs(try #require(surprise.bitsPerCharacter) - expected) < 1e-12 * expected)
    let bits = surprise.surprises.reduce(0) { $0 + ($1?.bits ?? 0) }
    #expect(abs(bits * log(2) - surprise.nats) < 1e-9 * surprise.nats)
    #expect(abs(surprise.lines.reduce(0) { $0 + $1.bits } - bits) < 1e-9 * bits)
  }

  @Test func eachPieceIsWhatTheModelPredicted() throws {
    let corpus = try sampleCorpus(sampleText(300))
    let file = file(corpus)
    let surprise = try TextSurprise(of: file, on: corpus, likeliest: 3)
    let tokens = Array(corpus.tokens)
    #expect(surprise.surprises[0] == nil && surprise.surprises.count == tokens.count)
    for (index, row) in predictions(file, tokens).enumerated() {
      let piece = try #require(surprise.surprises[index + 1])
      let bits = row.map { -log2($0) }
      let mean = zip(row, bits).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(abs(piece.bits - bits[Int(tokens[index + 1])]) < 1e-4)
      #expect(abs(piece.expectedBits - mean) < 1e-4)
      let likeliest = row.indices.sorted { row[$0] > row[$1] }.prefix(3).map { Int32($0) }
      #expect(piece.likeliest.map(\.token) == likeliest)
    }
  }

  /// Bytes of a character are one piece; a byte that is no part of one is a piece by itself.
  @Test func piecesOfBytesAreCharacters() throws {
    let text: [UInt8] = Array("aé你👍".utf8) + [0xE9, 0x62, 0xF0, 0x9F, 0x0A]
    let corpus = try Corpus(text: text, kind: .byte)
    let surprise = try TextSurprise(of: file(corpus), on: corpus)
    let sizes = [1, 2, 3, 4, 1, 1, 1, 1, 1]
    #expect(surprise.pieces.bytes.map(\.count) == sizes && Array(surprise.pieces.bytes.joined()) == text)
    #expect(surprise.pieces.tokens.map(\.count) == sizes)
  }

  @Test(
    arguments: [("a\nb\n\nc", [2, 2, 1, 1]), ("a\r\nb\rc\n", [3, 2, 2]), ("\n\r", [1, 1]), ("ab", [2])],
    TokenKind.allCases)
  func linesEndWithTheirEnds(_ text: (content: String, sizes: [Int]), kind: TokenKind) throws {
    let corpus = try sampleCorpus(text.content, kind: kind)
    let found = try TextSurprise(of: file(corpus), on: corpus).pieces
    let sizes = found.lines.map { found.bytes[$0].reduce(0) { $0 + $1.count } }
    #expect(sizes == text.sizes, "\(text.content.debugDescription) in \(kind) tokens")
  }

  /// Every token of a document is predicted, from what a document begins after.
  @Test func everyPieceOfDocumentsIsPredicted() throws {
    let corpus = try sampleCorpus(String(repeating: "abc\nbca\ncab\n", count: 10))
    var settings = TrainingSettings.small()
    settings.areItems = true
    let run = try CharacterRun(settings: settings, corpus: corpus)
    let surprise = try TextSurprise(of: run.file(of: run.model, validationLoss: nil), on: corpus)
    #expect(surprise.surprises.count == corpus.tokens.count && !surprise.surprises.contains(nil))
    #expect(surprise.lines.count == 30)
    let evaluation = try PartEvaluation(of: run.file(of: run.model, validationLoss: nil), on: corpus, part: .all)
    #expect(surprise.nats / Double(surprise.predictedTokens) == evaluation.loss)
    // Each document is read from the initial state: the same lines are as surprising.
    #expect(abs(surprise.lines[0].bits - surprise.lines[3].bits) < 1e-4)
  }

  /// Oddness is that of the oddest passage: the slow version tries all.
  @Test func theOddnessOfALineIsThatOfItsOddestPassage() throws {
    let corpus = try sampleCorpus(sampleText(400))
    let surprise = try TextSurprise(of: file(corpus), on: corpus)
    let all = surprise.surprises.compactMap { $0?.bits }
    let usual = all.reduce(0, +) / Double(all.count) + 1
    for line in surprise.lines {
      let excess = surprise.surprises[line.pieces].compactMap { $0 }.map { $0.bits - usual }
      let sums = excess.indices.flatMap { start in
        (start..<excess.count).map { excess[start...$0].reduce(0, +) }
      }
      #expect(abs(line.oddness - max(sums.max() ?? 0, 0)) < 1e-9)
    }
  }

  @Test func theOddestLineIsTheOneThatIsAnother() throws {
    let text = sampleText(600)
    let corpus = try sampleCorpus(text + "\n")
    let run = try CharacterRun(settings: .small { $0.learningRate = 0.02 }, corpus: corpus)
    try run.train(limits: TrainingLimits(steps: 120), reporting: quiet)
    var lines = text.split(separator: "\n").map(String.init)
    lines.insert("the owc foxr a.", at: 7)
    let changed = try Corpus(text: Array(lines.joined(separator: "\n").utf8), vocabulary: corpus.vocabulary)
    let surprise = try TextSurprise(of: run.file(of: run.model, validationLoss: nil), on: changed)
    let oddest = surprise.oddestLines(3)
    #expect(oddest[0].number == 8 && surprise.pieces.text(oddest[0].pieces) == "the owc foxr a.\n")
    #expect(oddest.map(\.oddness) == oddest.map(\.oddness).sorted(by: >) && oddest.count == 3)
  }
}
