import LanguageModels
import SequenceText
import TensorCore
import Testing

@Suite struct WeightTrialTests {
  private static let vocabulary = try! Vocabulary(
    symbols: (["\n"] + (0..<40).map { String(UnicodeScalar(UInt8(65 + $0))) }).map { Array($0.utf8) }, kind: .character)

  /// A model with strong opinions.
  ///
  /// - Parameter outlier: what is put for the weight of the first unit in the decoder's row of each symbol.
  private func model(outlier: ((Int) -> Float)? = nil) -> CharacterModel<Float> {
    var model = CharacterModel<Float>.sample(
      .small { ($0.hidden, $0.vocabulary) = (24, Self.vocabulary.count) })
    model.updateParameters { parameter, name in
      guard name == "decoder.weight" else { return }
      parameter.value *= 4
      if let outlier {
        var scalars = parameter.value.scalars
        for row in 0..<parameter.shape[0] { scalars[row * 24] = outlier(row) }
        parameter.value = Tensor(scalars, shape: parameter.shape)
      }
    }
    return model
  }

  private func trial(_ model: CharacterModel<Float>, threads: Int = 1) throws -> WeightTrial {
    try WeightTrial(of: model, vocabulary: Self.vocabulary, threads: threads)
  }

  @Test func anOrdinaryModelTakesInt8() throws {
    let trial = try trial(model())
    #expect(trial.format == .int8 && trial.tried == .int8 && abs(trial.change) < 0.001 && trial.tokens == 2000)
    #expect(trial.change != 0)
  }

  /// All symbols share the outlier, which changes no probability, but leaves no steps of int8 to the other weights.
  @Test func aModelWithOutliersTakesBFloat16() throws {
    let trial = try trial(model { _ in 1000 })
    #expect(trial.format == .bfloat16 && trial.tried == .bfloat16, "\(trial)")
  }

  /// The outliers differ by less than bfloat16 can tell apart.
  @Test func aModelWhoseOutliersDifferInTheirLastBitsTakesFloat32() throws {
    let trial = try trial(model { 1000 + 0.5 * Float($0) })
    #expect(trial.format == .float32 && trial.tried == .bfloat16 && abs(trial.change) >= 0.001, "\(trial)")
  }

  @Test func theSameModelGetsTheSameTrialWithAnyNumberOfThreads() throws {
    let first = try trial(model())
    #expect(try trial(model()) == first && trial(model(), threads: 2) == first)
  }

  /// Short texts are written until there are enough tokens.
  @Test func aModelOfItemsIsTriedOnAsManyTokens() throws {
    let trial = try WeightTrial(
      of: model(), vocabulary: Self.vocabulary, arrangement: CorpusArrangement(documents: .lines))
    #expect((2000...2400).contains(trial.tokens) && trial.format == .int8, "\(trial)")
  }

  @Test func aLargeModelIsTriedOnFewerTokens() throws {
    let tokens = [24, 512, 1024, 2048].map { hidden in
      WeightTrial.tokenCount(for: CharacterModel<Float>(.small { $0.hidden = hidden }))
    }
    #expect(tokens[0] == 2000 && tokens == tokens.sorted(by: >) && tokens[2] < 1000 && tokens[3] == 256, "\(tokens)")
  }

  @Test func aModelWhosePredictionsAreNotFiniteHasNoTrial() {
    #expect(throws: GenerationError.notFinite) { try trial(model { _ in .infinity }) }
  }
}
