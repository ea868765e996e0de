import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// Writes text with a character model, token by token.
public struct TextGenerator<Scalar: TensorScalar> {
  let model: CharacterModel<Scalar>
  let vocabulary: Vocabulary
  let team: ThreadTeam
  let mask: UTF8TokenMask?
  let weights: WeightFormat
  /// N-gram models that the network's predictions are mixed with; nil for none.
  private let mixture: NGramMixture?
  /// Token that a document begins after; nil where the model reads a text as one.
  private let documentBeginning: Int32?
  /// Tokens that end a document; nil where none do.
  let documentEnd: [Int32]?

  /// - Parameters:
  ///   - arrangement: how the model was trained: where on several documents, each text is one.
  ///   - weights: how weights are held; anything but `float32` needs a model of `Float`.
  ///   - threads: they change the speed alone.
  public init(
    model: CharacterModel<Scalar>, vocabulary: Vocabulary, arrangement: CorpusArrangement = CorpusArrangement(),
    weights: WeightFormat = .float32, threads: Int = 1
  ) {
    self.init(model, vocabulary, arrangement, mixture: nil, weights: weights, threads: threads)
  }

  /// - Parameter mixture: n-gram models that the network's predictions are mixed with, which have read nothing of the text.
  init(
    _ model: CharacterModel<Scalar>, _ vocabulary: Vocabulary, _ arrangement: CorpusArrangement,
    mixture: NGramMixture?, weights: WeightFormat, threads: Int
  ) {
    require(
      vocabulary.count == model.shape.vocabulary,
      "TextGenerator: a vocabulary of \(vocabulary.count) symbols for a model of \(model.shape.vocabulary)")
    self.model = model
    self.weights = weights
    self.mixture = mixture
    self.vocabulary = vocabulary
    documentBeginning = arrangement.beginning(in: vocabulary)
    documentEnd = arrangement.documentEnd(in: vocabulary)
    team = ThreadTeam(threads: threads)
    mask = vocabulary.kind.spellsBytes ? UTF8TokenMask(vocabulary) : nil
  }

  /// Generates texts and hands them out piece by piece; no piece splits a character.
  ///
  /// With tokens that spell bytes, those that cannot continue valid UTF-8 are never drawn, and after the last token the character begun is
  /// finished. (A prime that ends within a character which the vocabulary has no tokens to finish is shown with U+FFFD in the
  /// place of that, and a new character begins.) Several texts are computed side by side, which takes little longer than one;
  /// each is what it would be alone.
  ///
  /// - Parameters:
  ///   - count: how many texts; they are computed at once, so memory grows with their number.
  ///   - prime: tokens that each text begins with. They are handed out too. Without any, a text begins as if after a line end.
  ///   - length: how many tokens to generate; the prime does not count.
  ///   - constraints: conditions that each text keeps.
  ///   - seed: the same seed gives the same text; text i is that of the seed + i.
  ///   - emit: receives the pieces of each text in order, with the text's number.
  /// - Throws: `GenerationError`, `PatternError` where no match is short enough, and what `emit` throws.
  public func generate(
    count: Int = 1, prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(),
    constraints: TextConstraints = TextConstraints(), seed: UInt64,
    emit: (_ text: Int, _ piece: String) throws -> Void
  ) throws {
    try generatePieces(
      count: count, prime: prime, length: length, options: options, constraints: constraints, seed: seed
    ) { text, piece in try emit(text, piece.text) }
  }

  /// Generates texts as bytes, and with them what the model thought of each token.
  ///
  /// - Parameters:
  ///   - likeliest: how many of the likeliest tokens come with each choice; nil asks for no choices. For the other parameters see
  ///     `generate`.
  /// - Throws: `GenerationError`, `PatternError` where no match is short enough, and what `emit` throws.
  public func generatePieces(
    count: Int = 1, prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(),
    constraints: TextConstraints = TextConstraints(), seed: UInt64, likeliest: Int? = nil,
    emit: (_ text: Int, _ piece: GeneratedPiece) throws -> Void
  ) throws {
    guard count != 0 else { return }
    require(count > 0 && length >= 0, "TextGenerator: \(count) texts of \(length) tokens")
    try constraints.pattern?.requireLength(length)
    let (begun, ends) = currentDocument(of: prime)
    let session = model.session(texts: count, weights: weights, team: team)
    var texts = (0..<count).map {
      GrowingText(
        vocabulary, mask: mask, mixture: mixture, prime: prime, constraints: constraints, ends: ends,
        random: RandomSource(seed: seed &+ UInt64($0)))
    }
    for text in texts.indices { try emit(text, GeneratedPiece(bytes: texts[text].begin(prime), choice: nil)) }
    for token in begun {
      session.push(tokens: [Int32](repeating: token, count: count))
      for text in texts.indices { texts[text].read(token) }
    }
    var tokens = [Int32](repeating: 0, count: count)
    var scores = [Double](repeating: 0, count: vocabulary.count)
    var room = SamplingRoom()
    while true {
      var isGrowing = false
      for text in texts.indices where texts[text].isGrowing(upTo: length) {
        session.copyOutput(of: text, to: &scores)
        guard scores.areFinite else { throw GenerationError.notFinite }
        guard let token = texts[text].choose(from: &scores, room: &room, options, length: length) else {
          continue
        }
        isGrowing = true
        tokens[text] = token
        let choice = likeliest.map { TokenChoice(token: token, of: scores, likeliest: $0) }
        try emit(text, GeneratedPiece(bytes: texts[text].append(token), choice: choice))
      }
      if !isGrowing { break }
      session.push(tokens: tokens)
    }
    for text in texts.indices { try emit(text, GeneratedPiece(bytes: texts[text].finish(), choice: nil)) }
  }

  /// One text as a string; of a model whose predictions are not finite, what it wrote before.
  public func text(
    prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(),
    constraints: TextConstraints = TextConstraints(), seed: UInt64
  ) -> String {
    var text = ""
    try? generate(prime: prime, length: length, options: options, constraints: constraints, seed: seed) { text += $1 }
    return text
  }

  /// A text of about a length; of a model of documents, several of them with their ends.
  public func example(length: Int, options: SamplingOptions = SamplingOptions(), seed: UInt64) -> String {
    guard let documentEnd else { return text(length: length, options: options, seed: seed) }
    let end = text(documentEnd)
    var (documents, left) = ([String](), length)
    while left > 0 {
      let document = text(length: left, options: options, seed: seed &+ UInt64(documents.count))
      documents.append(document)
      left -= document.count + documentEnd.count
    }
    return documents.joined(separator: end)
  }

  /// Tokens to read before the first prediction: the prime, or without one the end of a line, if the vocabulary has one. Of a prime
  /// of several documents the last one counts, after what a document begins after. With the finder of its end.
  func currentDocument(of prime: [Int32]) -> (tokens: [Int32], ends: DocumentEndFinder?) {
    guard let documentBeginning else { return (prime.isEmpty ? [vocabulary.lineEnd ?? 0] : prime, nil) }
    var (ends, start) = (documentEnd.map { DocumentEndFinder($0) }, 0)
    for (place, token) in prime.enumerated() where ends?.reads(token) == true { start = place + 1 }
    return ([documentBeginning] + prime[start...], ends)
  }

  func text(_ tokens: [Int32]) -> String {
    String(decoding: Tokenizer(vocabulary).decode(tokens), as: UTF8.self)
  }
}

/// Why a model cannot write text.
public enum GenerationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// A logit is infinite or not a number.
  case notFinite
  /// Gaps to fill in tokens of a kind that may span the ends of a gap.
  case gapsIn(TokenKind)

  public var description: String {
    switch self {
    case .notFinite: "the model's predictions are not finite numbers; its weights are damaged or diverged"
    case .gapsIn(let kind):
      "a \(kind) may span the ends of a gap; fill gaps with a model of characters, scalars or bytes"
    }
  }
}
