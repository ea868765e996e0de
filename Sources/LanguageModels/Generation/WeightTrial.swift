import SequenceText
import TensorCore

/// How a model's weights are to be held: in one format, or in the smallest that predicts as well as they do.
public enum WeightChoice: RawRepresentable, Sendable, Hashable, CaseIterable {
  case format(WeightFormat)
  /// The format that a `WeightTrial` finds.
  case auto

  public static let allCases = WeightFormat.allCases.map(WeightChoice.format) + [.auto]

  /// The format's name, or `auto`.
  public var rawValue: String {
    switch self {
    case .format(let format): format.rawValue
    case .auto: "auto"
    }
  }

  public init?(rawValue: String) {
    guard let choice = Self.allCases.first(where: { $0.rawValue == rawValue }) else { return nil }
    self = choice
  }
}

/// The smallest format of a model's weights that predicts as well as the weights themselves.
///
/// The model writes some texts at temperature 1, and each format predicts their tokens. `int8` is taken where that changes the bits a
/// token by less than `mostChange`, else `bfloat16` where it does, else `float32`. The same model gives the same answer: the texts
/// come from one seed, and their number depends on the size of the model.
public struct WeightTrial: Sendable, Equatable {
  /// Format that is to be used.
  public let format: WeightFormat
  /// Format that was tried last: the same, or `bfloat16` where that changes too much.
  public let tried: WeightFormat
  /// Relative change of the bits a token by the format that was tried last. Positive where it predicts worse.
  public let change: Double
  /// Tokens that the model wrote and that were predicted.
  public let tokens: Int

  /// Relative change of the bits a token that counts as none.
  public static let mostChange = 0.001

  /// - Parameters:
  ///   - arrangement: how the model was trained.
  ///   - threads: they change the speed alone.
  /// - Throws: `GenerationError`.
  public init(
    of model: CharacterModel<Float>, vocabulary: Vocabulary, arrangement: CorpusArrangement = CorpusArrangement(),
    threads: Int = 1
  ) throws {
    let generator = TextGenerator(model: model, vocabulary: vocabulary, arrangement: arrangement, threads: threads)
    let texts = try generator.trialTexts(tokens: Self.tokenCount(for: model))
    let full = generator.negativeLogLikelihood(of: texts, weights: .float32)
    var tried = WeightFormat.int8
    var change = generator.negativeLogLikelihood(of: texts, weights: tried) / full - 1
    if !(abs(change) < Self.mostChange) {
      tried = .bfloat16
      change = generator.negativeLogLikelihood(of: texts, weights: tried) / full - 1
    }
    (self.tried, self.change) = (tried, change)
    format = abs(change) < Self.mostChange ? tried : .float32
    tokens = texts.reduce(0) { $0 + $1.count }
  }

  /// Fewer tokens for a large model, so that the trial takes a fraction of a second.
  package static func tokenCount(for model: CharacterModel<Float>) -> Int {
    min(max(40_000_000_000 / model.operationsPerToken, 256), 2000)
  }
}

extension TextGenerator<Float> {
  /// Texts that are computed side by side: weights are read once for all of them.
  private static var textsAtOnce: Int { 8 }

  /// Texts of about as many tokens together; of a model of documents each ends with one, and there may be more of them.
  fileprivate func trialTexts(tokens: Int) throws -> [[Int32]] {
    var (texts, left) = ([[Int32]](), tokens)
    while left > 0 {
      var round = [[Int32]](repeating: [], count: Self.textsAtOnce)
      try generatePieces(
        count: round.count, length: (left + round.count - 1) / round.count,
        constraints: TextConstraints(allowsAnyBytes: true), seed: UInt64(texts.count), likeliest: 0
      ) { text, piece in
        if let choice = piece.choice { round[text].append(choice.drawn.token) }
      }
      texts += round
      left -= round.reduce(0) { $0 + $1.count }
    }
    return texts
  }

  /// −log p of all tokens of some texts, in nats, each read from the initial state.
  fileprivate func negativeLogLikelihood(of texts: [[Int32]], weights: WeightFormat) -> Double {
    let pool = BufferPool()
    return stride(from: 0, to: texts.count, by: Self.textsAtOnce).reduce(0) { sum, start in
      let texts = texts[start..<min(start + Self.textsAtOnce, texts.count)]
      let session = model.session(texts: texts.count, weights: weights, team: team)
      for token in currentDocument(of: []).tokens {
        session.push(tokens: [Int32](repeating: token, count: texts.count))
      }
      return (0..<(texts.map(\.count).max() ?? 0)).reduce(sum) { sum, place in
        // A text that has ended reads anything; it does not count.
        let targets = texts.map { place < $0.count ? $0[place] : 0 }
        let losses = session.outputs.softmaxCrossEntropy(
          targets: targets, wantsGradient: false, team: team, pool: pool
        ).losses
        session.push(tokens: targets)
        return zip(texts, losses).reduce(sum) { $0 + (place < $1.0.count ? $1.1 : 0) }
      }
    }
  }
}
