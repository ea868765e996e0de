import Autograd
import RecurrentLayers
import SequenceText
import TensorCore

/// Writes text with a character model, token by token.
public struct TextGenerator<Scalar: TensorScalar> {
  private let model: CharacterModel<Scalar>
  private let vocabulary: Vocabulary
  private let workspace: Workspace<Scalar>
  private let mask: UTF8TokenMask?

  /// - Parameter threads: they change the speed alone.
  public init(model: CharacterModel<Scalar>, vocabulary: Vocabulary, threads: Int = 1) {
    self.model = model.bound()
    self.vocabulary = vocabulary
    workspace = Workspace(threads: threads)
    mask = vocabulary.kind == .byte ? UTF8TokenMask(vocabulary) : nil
  }

  /// Generates text and hands it out piece by piece; no piece splits a character.
  ///
  /// With byte tokens, bytes that cannot continue valid UTF-8 are never drawn, and after the last token the character begun is
  /// finished.
  ///
  /// - Parameters:
  ///   - prime: tokens that the text begins with. They are handed out too. Without any, the text begins as if after a line
  ///     feed.
  ///   - length: how many tokens to generate; the prime does not count.
  ///   - stop: where this text would appear in what is generated, the text ends before it.
  ///   - seed: the same seed gives the same text.
  ///   - emit: receives the pieces in order.
  public func generate(
    prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(), stop: String? = nil, seed: UInt64,
    emit: (String) throws -> Void
  ) throws {
    var random = RandomSource(seed: seed)
    var decoder = StreamingDecoder(vocabulary)
    var filter = StopFilter(stop)
    for token in prime { try emit(decoder.append(token)) }
    var constraint = UTF8Constraint(after: prime.flatMap { vocabulary[$0] })
    var (logits, state) = run(prime.isEmpty ? [beginning] : prime, from: nil)
    var generated = 0
    while generated < length || (mask != nil && !constraint.isAtBoundary) {
      let allowed = mask?.allowed(after: constraint)
      let token = Int32(options.choose(from: logits, allowed: allowed, uniform: random.uniform()))
      generated += 1
      if mask != nil { for byte in vocabulary[token] { constraint.append(byte) } }
      try emit(filter.pass(decoder.append(token)))
      if filter.hasStopped { return }
      (logits, state) = run([token], from: state)
    }
    try emit(filter.pass(decoder.finish()) + filter.finish())
  }

  /// The same as one string.
  public func text(
    prime: [Int32] = [], length: Int, options: SamplingOptions = SamplingOptions(), stop: String? = nil, seed: UInt64
  ) -> String {
    var text = ""
    try? generate(prime: prime, length: length, options: options, stop: stop, seed: seed) { text += $0 }
    return text
  }

  /// Reads tokens, at least one; returns the logits for the token after the last.
  private func run(
    _ tokens: [Int32], from state: CharacterModel<Scalar>.State?
  ) -> (logits: [Double], state: CharacterModel<Scalar>.State?) {
    var context = ForwardContext(workspace: workspace)
    var (logits, state) = ([Double](), state)
    // A long prime in one piece would need memory for every step at once.
    for start in stride(from: 0, to: tokens.count, by: longestPiece) {
      let piece = Array(tokens[start..<min(start + longestPiece, tokens.count)])
      let (outputs, next) = model(TokenGrid(ids: piece, time: piece.count, batch: 1), from: state, in: &context)
      state = next
      logits = outputs.value.row(piece.count - 1).scalars.map { Double($0) }
    }
    return (logits, state)
  }

  private var longestPiece: Int { 1024 }

  /// What an unprimed text follows: a line feed, where there is one.
  private var beginning: Int32 { vocabulary.id(of: [UInt8(ascii: "\n")]) ?? 0 }
}

/// Lets text through up to, and without, the first place where a given text stands.
struct StopFilter {
  private let stop: [UInt8]
  private var held: [UInt8] = []
  private(set) var hasStopped = false

  init(_ stop: String?) { self.stop = Array((stop ?? "").utf8) }

  /// What of the text so far can be let out: all but an end that may turn out to begin the stop.
  mutating func pass(_ piece: String) -> String {
    guard !stop.isEmpty else { return piece }
    held += piece.utf8
    for start in held.indices {
      let rest = held[start...]
      if rest.starts(with: stop) {
        hasStopped = true
        return take(start)
      }
      if stop.starts(with: rest) { return take(start) }
    }
    return take(held.count)
  }

  /// What was held back, at the end of the text.
  mutating func finish() -> String { hasStopped ? "" : take(held.count) }

  private mutating func take(_ count: Int) -> String {
    defer { held.removeFirst(count) }
    return String(decoding: held[..<count], as: UTF8.self)
  }
}
