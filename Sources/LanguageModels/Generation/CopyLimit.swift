import SequenceText
import TensorCore

/// A limit on how many tokens in a row a text may have that stand so in another text.
///
/// Passages are compared by a hash of 64 bits. Two different ones with the same hash would only forbid a token without need.
public struct CopyLimit: Sendable {
  /// Most tokens in a row that may be copied.
  public let tokens: Int
  /// Hashes of all passages of one token more.
  private let passages: Set<UInt64>

  /// - Parameters:
  ///   - tokens: at least 1.
  ///   - text: text not to be copied, by its tokens. Memory: about 16 bytes for each of them.
  public init(tokens: Int, of text: TokenSequence) {
    require(tokens >= 1, "CopyLimit: \(tokens) tokens")
    self.tokens = tokens
    var passages = Set<UInt64>()
    guard text.count > tokens else {
      self.passages = passages
      return
    }
    var hash = PassageHash(length: tokens + 1)
    for (place, token) in text.enumerated() {
      hash.append(token)
      if place >= tokens { passages.insert(hash.value) }
    }
    self.passages = passages
  }

  func hasPassage(_ hash: UInt64) -> Bool { passages.contains(hash) }
}

/// A hash of the last tokens of a text, which each token changes in constant time: a polynomial of mixed tokens, modulo 2⁶⁴
/// (Karp and Rabin, 1987).
struct PassageHash: Sendable {
  private let length: Int
  /// Weight of a token that leaves.
  private let leaving: UInt64
  /// Mixed tokens of the passage, of which `start` is the oldest.
  private var mixed: [UInt64] = []
  private var start = 0
  private(set) var value: UInt64 = 0
  private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

  init(length: Int) {
    self.length = length
    leaving = (0..<length).reduce(1) { power, _ in power &* Self.base }
  }

  /// Whether as many tokens have been read as a passage has but one.
  var needsOne: Bool { mixed.count >= length - 1 }

  mutating func append(_ token: Int32) {
    value = self.value(with: token)
    if mixed.count < length {
      mixed.append(Self.mix(token))
    } else {
      mixed[start] = Self.mix(token)
      start = start + 1 == length ? 0 : start + 1
    }
  }

  /// Hash of the passage that ends with this token.
  func value(with token: Int32) -> UInt64 {
    let left = mixed.count == length ? mixed[start] &* leaving : 0
    return value &* Self.base &+ Self.mix(token) &- left
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
  private static func mix(_ token: Int32) -> UInt64 {
    var bits = UInt64(UInt32(bitPattern: token)) &+ base
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    return bits ^ (bits >> 31)
  }
}
