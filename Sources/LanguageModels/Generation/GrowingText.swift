import SequenceText
import TensorCore

/// One text while it is generated.
struct GrowingText {
  private let vocabulary: Vocabulary
  private let constraints: TextConstraints
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
  private var utf8 = UTF8Constraint()
  /// State of the pattern's automaton.
  private var state: Int32 = 0
  /// Hash of as many tokens as may not be copied; nil without a limit.
  private var passage: PassageHash?
  private var generated = 0

  /// - Parameter mask: tokens that continue valid UTF-8; nil for a model whose tokens are whole characters.
  init(
    _ vocabulary: Vocabulary, mask: UTF8TokenMask?, mixture: NGramMixture?, prime: [Int32],
    constraints: TextConstraints, ends: DocumentEndFinder?, random: RandomSource
  ) {
    self.vocabulary = vocabulary
    self.constraints = constraints
    self.ends = ends
    // A match of a pattern is valid UTF-8 by itself.
    self.mask = constraints.allowsAnyBytes || constraints.pattern != nil ? nil : mask
    self.mixture = mixture
    self.random = random
    decoder = StreamingDecoder(vocabulary)
    filter = StopFilter([constraints.stop].compactMap { $0 })
    passage = constraints.copying.map { PassageHash(length: $0.tokens + 1) }
    for token in prime { passage?.append(token) }
    if let mask = self.mask { utf8 = mask.constraint(after: prime.flatMap { vocabulary[$0] }) }
  }

  /// Text of the prime.
  mutating func begin(_ prime: [Int32]) -> [UInt8] { prime.reduce(into: []) { $0 += spell($1) } }

  private var hasStopped: Bool { isAtEnd || filter.hasStopped }

  /// Whether another token belongs to it: below the length, and beyond it to the end of a character.
  func isGrowing(upTo length: Int) -> Bool {
    if hasStopped { return false }
    if let pattern = constraints.pattern { return generated < length && pattern.goesOn(state) }
    return generated < length || (mask != nil && !utf8.isAtBoundary)
  }

  /// Takes a token that stands before the text.
  mutating func read(_ token: Int32) { mixture?.read(token) }

  /// Draws the next token; nil where the text ends instead.
  ///
  /// - Parameters:
  ///   - scores: logits of the network; what is left in them is the logarithm of what the model predicts, unnormalized.
  ///   - room: memory for drawing.
  ///   - length: most tokens of the text.
  mutating func choose(
    from scores: inout [Double], room: inout SamplingRoom, _ options: SamplingOptions, length: Int
  ) -> Int32? {
    if mixture != nil { scores = mixture!.predict(network: normalized(scores)) }
    let matching = constraints.pattern?.allowed(in: state, left: length - generated)
    let mayEnd = constraints.pattern?.accepts(state) ?? false
    // Where a match may end, a token that cannot go on with it ends it.
    let allowed = mayEnd ? nil : matching ?? mask?.allowed(after: utf8)
    var token = draw(from: scores, in: &room, options, allowed)
    if isCopy(token) {
      let others = scores.indices.map { allowed?[$0] ?? true && !isCopy(Int32($0)) }
      guard others.contains(true) else { return end() }
      token = draw(from: scores, in: &room, options, others)
    }
    return mayEnd && matching?[Int(token)] == false ? end() : token
  }

  private mutating func draw(
    from scores: [Double], in room: inout SamplingRoom, _ options: SamplingOptions, _ allowed: [Bool]?
  ) -> Int32 {
    Int32(options.choose(from: scores, in: &room, allowed: allowed, uniform: random.uniform()))
  }

  /// Whether the text with this token would have copied more than it may.
  private func isCopy(_ token: Int32) -> Bool {
    guard let copying = constraints.copying, let passage, passage.needsOne else { return false }
    return copying.hasPassage(passage.value(with: token))
  }

  private mutating func end() -> Int32? {
    isAtEnd = true
    return nil
  }

  /// Takes a token and returns the text that is certain now.
  mutating func append(_ token: Int32) -> [UInt8] {
    generated += 1
    mixture?.read(token)
    passage?.append(token)
    if let pattern = constraints.pattern { state = pattern.state(after: token, from: state) }
    if mask != nil { for byte in vocabulary[token] { utf8.append(byte) } }
    pending.append(token)
    isAtEnd = ends?.reads(token) ?? false
    // The tokens held back are the end itself.
    if isAtEnd { pending = [] }
    return release(allBut: ends?.begun ?? 0)
  }

  /// Returns the text that was held back.
  mutating func finish() -> [UInt8] {
    let text = release(allBut: 0)
    if filter.hasStopped { return text }
    let rest = constraints.allowsAnyBytes ? [] : Array(decoder.finish().utf8)
    return text + filter.pass(rest) + filter.finish()
  }

  /// Text of the pending tokens but the last ones.
  private mutating func release(allBut held: Int) -> [UInt8] {
    var text: [UInt8] = []
    while pending.count > held, !filter.hasStopped { text += filter.pass(spell(pending.removeFirst())) }
    return text
  }

  private mutating func spell(_ token: Int32) -> [UInt8] {
    constraints.allowsAnyBytes ? vocabulary[token] : Array(decoder.append(token).utf8)
  }
}
