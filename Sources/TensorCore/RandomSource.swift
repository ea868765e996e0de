import Foundation

/// A counter-based source of random numbers: Philox 4×32 with 10 rounds.
///
/// A number depends on the seed and on its position alone, so that a source is stored as two words, any position can be
/// asked for directly, and several threads draw disjoint positions of the same source without a lock.
///
/// Source: Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable, Codable {
  public let seed: UInt64
  /// How many 64-bit words were drawn so far.
  public private(set) var position: UInt64

  public init(seed: UInt64, position: UInt64 = 0) {
    self.seed = seed
    self.position = position
  }

  /// An independent source for one purpose; the same purpose always gives the same source.
  public func substream(_ purpose: UInt64) -> RandomSource {
    let block = Self.block(seed: seed, counter: purpose, domain: 1)
    return RandomSource(seed: UInt64(block.0) << 32 | UInt64(block.1))
  }

  public mutating func next() -> UInt64 {
    defer { position &+= 1 }
    return Self.word(seed: seed, at: position)
  }

  /// A number in [0, 1), a multiple of 2⁻⁵³.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A draw from the normal distribution of mean 0 and standard deviation 1, by the Box–Muller transform of two uniforms.
  public mutating func normal() -> Double {
    let radius = (-2 * Foundation.log(1 - uniform())).squareRoot()
    return radius * Foundation.cos(2 * .pi * uniform())
  }

  private static func word(seed: UInt64, at position: UInt64) -> UInt64 {
    let block = block(seed: seed, counter: position >> 1, domain: 0)
    return position & 1 == 0 ? UInt64(block.0) << 32 | UInt64(block.1) : UInt64(block.2) << 32 | UInt64(block.3)
  }

  /// Four random words, a function of the seed, a 64-bit counter and a domain that keeps uses apart.
  static func block(seed: UInt64, counter: UInt64, domain: UInt32) -> (UInt32, UInt32, UInt32, UInt32) {
    philox(
      counter: (UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), domain, 0),
      key: (UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
  }

  /// The Philox 4×32-10 bijection itself.
  package static func philox(
    counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
  ) -> (UInt32, UInt32, UInt32, UInt32) {
    var (c0, c1, c2, c3) = counter
    var (k0, k1) = key
    for _ in 0..<10 {
      let a = UInt64(c0) &* 0xD251_1F53
      let b = UInt64(c2) &* 0xCD9E_8D57
      (c0, c1, c2, c3) = (
        UInt32(truncatingIfNeeded: b >> 32) ^ c1 ^ k0, UInt32(truncatingIfNeeded: b),
        UInt32(truncatingIfNeeded: a >> 32) ^ c3 ^ k1, UInt32(truncatingIfNeeded: a)
      )
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }
}
