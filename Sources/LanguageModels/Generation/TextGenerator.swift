import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// Writes text with a character model, token by token.
public struct TextGenerator<Scalar: TensorScalar> {
  private let model: CharacterModel<Scalar>
  private let vocabulary: Vocabulary
  private let team: ThreadTeam
  private let mask: UTF8TokenMask?
  private let weights: WeightFormat
  /// N-gram models that the network's predictions are mixed with; nil for none.
  private let mixture: NGramMixture?
  /// Token that a document begins after; nil where the model reads a text as one.
  private let documentBeginning: Int32?
  /// Tokens that end a document; nil where none do.
  private let documentEnd: [Int32]?

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
    mask = vocabulary.kind == .byte ? UTF8TokenMask(vocabulary) : nil
  }

  /// Generates texts and hands them out piece by piece; no piece splits a character.
  ///
  /// With byte tokens, bytes that cannot continue valid UTF-8 are never drawn, and after the last token the character begun is
  /// finished. (A prime that ends within a character which the vocabulary has no bytes to finish is shown with U+FFFD in the
  /// place of that, and a new character begins.) Several texts are computed side by side, which takes little longer than one;
  /// each is what it would be alone.
  ///
  /// - Parameters:
  ///   - count: how many texts; they are computed at once, so memory grows with their number.
  ///   - prime: tokens that each text begins with. They are handed out too. Without any, a text begins as if after a line end.
  ///   - length: how many tokens to generate; the prime does not count.
  ///   - stop: where this text would appear in what is generated, the text ends before it.
  ///   - seed: the same seed gives the same text; text i is that of the seed + i.
  ///   - emit: receives the pieces of each text in order, with the text's number.
  /// - Throws: `GenerationError`, and what `emit` throws.
  public func generate(
    count: Int = 1, prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(), stop: String? = nil,
    seed: UInt64, emit: (_ text: Int, _ piece: String) throws -> Void
  ) throws {
    guard count != 0 else { return }
    require(count > 0 && length >= 0, "TextGenerator: \(count) texts of \(length) tokens")
    let (begun, ends) = currentDocument(of: prime)
    let session = model.stepSession(batch: count, weights: weights, team: team)
    var texts = (0..<count).map {
      GrowingText(
        vocabulary, mask: mask, mixture: mixture, prime: prime, stop: stop, ends: ends,
        random: RandomSource(seed: seed &+ UInt64($0)))
    }
    for text in texts.indices { try emit(text, texts[text].begin(prime)) }
    for token in begun {
      session.read([Int32](repeating: token, count: count))
      for text in texts.indices { texts[text].read(token) }
    }
    var tokens = [Int32](repeating: 0, count: count)
    var scores = [Double](repeating: 0, count: vocabulary.count)
    while true {
      var isGrowing = false
      for text in texts.indices where texts[text].isGrowing(upTo: length) {
        isGrowing = true
        session.copyLogits(of: text, to: &scores)
        guard scores.allSatisfy(\.isFinite) else { throw GenerationError.notFinite }
        tokens[text] = texts[text].choose(from: &scores, options)
        try emit(text, texts[text].append(tokens[text]))
      }
      if !isGrowing { break }
      session.read(tokens)
    }
    for text in texts.indices { try emit(text, texts[text].finish()) }
  }

  /// One text as a string; of a model whose predictions are not finite, what it wrote before.
  public func text(
    prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(), stop: String? = nil, seed: UInt64
  ) -> String {
    var text = ""
    try? generate(prime: prime, length: length, options: options, stop: stop, seed: seed) { text += $1 }
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
  private func currentDocument(of prime: [Int32]) -> (tokens: [Int32], ends: DocumentEndFinder?) {
    guard let documentBeginning else { return (prime.isEmpty ? [vocabulary.lineEnd ?? 0] : prime, nil) }
    var (ends, start) = (documentEnd.map { DocumentEndFinder($0) }, 0)
    for (place, token) in prime.enumerated() where ends?.reads(token) == true { start = place + 1 }
    return ([documentBeginning] + prime[start...], ends)
  }

  private func text(_ tokens: [Int32]) -> String {
    String(decoding: Tokenizer(vocabulary).decode(tokens), as: UTF8.self)
  }
}

/// Why a model cannot write text.
public enum GenerationError: Error, Sendable, CustomStringConvertible {
  /// A logit is infinite or not a number.
  case notFinite

  public var description: String {
    "the model's predictions are not finite numbers; its weights are damaged or diverged"
  }
}

/// One text while it is generated.
private struct GrowingText {
  private let vocabulary: Vocabulary
  private let mask: UTF8TokenMask?
  private var mixture: NGramMixture?
  /// Finder of the document's end; nil where nothing ends one.
  private var ends: DocumentEndFinder?
  private var isAtEnd = false
  /// Generated tokens that may begin such an end.
  private var pending: [Int32] = []
  private var random: RandomSource
  private var decoder: StreamingDecoder
  private var filter: StopFilter
  private var constraint: UTF8Constraint
  private var generated = 0

  init(
    _ vocabulary: Vocabulary, mask: UTF8TokenMask?, mixture: NGramMixture?, prime: [Int32], stop: String?,
    ends: DocumentEndFinder?, random: RandomSource
  ) {
    self.vocabulary = vocabulary
    self.ends = ends
    self.mask = mask
    self.mixture = mixture
    self.random = random
    decoder = StreamingDecoder(vocabulary)
    filter = StopFilter([stop].compactMap { $0 })
    constraint = UTF8Constraint()
    if let mask {
      let end = UTF8Constraint(after: prime.flatMap { vocabulary[$0] })
      if mask.allowed(after: end).contains(true) { constraint = end }
    }
  }

  /// Text of the prime.
  mutating func begin(_ prime: [Int32]) -> String { prime.reduce(into: "") { $0 += decoder.append($1) } }

  private var hasStopped: Bool { isAtEnd || filter.hasStopped }

  /// Whether another token belongs to it: below the length, and beyond it to the end of a character.
  func isGrowing(upTo length: Int) -> Bool {
    !hasStopped && (generated < length || (mask != nil && !constraint.isAtBoundary))
  }

  /// Takes a token that stands before the text.
  mutating func read(_ token: Int32) { mixture?.read(token) }

  mutating func choose(from scores: inout [Double], _ options: SamplingOptions) -> Int32 {
    if mixture != nil { scores = mixture!.predict(network: normalized(scores)) }
    return Int32(options.choose(from: &scores, allowed: mask?.allowed(after: constraint), uniform: random.uniform()))
  }

  /// Takes a token and returns the text that is certain now.
  mutating func append(_ token: Int32) -> String {
    generated += 1
    mixture?.read(token)
    if mask != nil { for byte in vocabulary[token] { constraint.append(byte) } }
    pending.append(token)
    isAtEnd = ends?.reads(token) ?? false
    // The tokens held back are the end itself.
    if isAtEnd { pending = [] }
    return release(allBut: ends?.begun ?? 0)
  }

  /// Returns the text that was held back.
  mutating func finish() -> String {
    let text = release(allBut: 0)
    return filter.hasStopped ? text : text + filter.pass(decoder.finish()) + filter.finish()
  }

  /// Text of the pending tokens but the last ones.
  private mutating func release(allBut held: Int) -> String {
    var text = ""
    while pending.count > held, !filter.hasStopped { text += filter.pass(decoder.append(pending.removeFirst())) }
    return text
  }
}

/// Passes text up to the first occurrence of one of some stop texts, which it leaves out.
package struct StopFilter {
  private let stops: [[UInt8]]
  private var held: [UInt8] = []
  package private(set) var hasStopped = false

  package init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) } }

  /// Returns the text that can be shown: all but an end that may be the start of a stop text.
  package mutating func pass(_ piece: String) -> String {
    guard !stops.isEmpty else { return piece }
    held += piece.utf8
    for start in held.indices {
      let rest = held[start...]
      if stops.contains(where: { rest.starts(with: $0) }) {
        hasStopped = true
        return take(start)
      }
      if stops.contains(where: { $0.starts(with: rest) }) { return take(start) }
    }
    return take(held.count)
  }

  /// Returns the text that was held back, at the end of the text.
  package mutating func finish() -> String { hasStopped ? "" : take(held.count) }

  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}
