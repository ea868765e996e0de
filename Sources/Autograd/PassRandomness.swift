import TensorCore

/// The random numbers of one forward pass: users (dropout layers, say) draw streams of their own, one after the other.
struct PassRandomness: Sendable {
  private let source: RandomSource
  private(set) var draws: UInt64 = 0

  init(_ source: RandomSource) { self.source = source }

  /// The next user's stream: a function of the pass and of the number of users before.
  mutating func next() -> RandomSource {
    draws += 1
    return source.substream(draws)
  }
}
