import TensorCore

/// Probabilities of a model as counts out of 2³², which every machine computes alike from the same scores.
package struct CodedProbabilities {
  package static let total: UInt64 = 1 << 32
  /// At least 1 each.
  package let counts: [UInt64]

  /// - Parameter scores: log probabilities, up to a constant; not empty.
  /// - Throws: `notFinite`.
  package init(scores: [Double]) throws(CompressionError) {
    guard scores.allSatisfy(\.isFinite) else { throw .notFinite }
    let largest = scores.max()!
    let weights = scores.map { ReproducibleMath.exp($0 - largest) }
    // One for each symbol, and one for what rounding adds to the sum.
    let scale = Double(Self.total - UInt64(scores.count) - 1) / weights.reduce(0, +)
    var counts = weights.map { UInt64($0 * scale) + 1 }
    counts[scores.firstIndex(of: largest)!] += Self.total - counts.reduce(0, +)
    self.counts = counts
  }
}

/// Probability of a yes or no that learns from those before: (n₁ + ½) / (n + 1) after n of which n₁ were yes (Krichevsky and
/// Trofimov 1981, "The performance of universal encoding"). It costs at most ½ log₂ n + 1 bits more than the best fixed
/// probability.
package struct AdaptiveFlag {
  /// How often it was no, and yes.
  private var seen: SIMD2<UInt64> = .zero

  /// How many are counted before all counts are halved: both answers keep a probability of 2⁻²⁶ or more.
  private static let mostSeen: UInt64 = 1 << 24

  package init() {}

  package mutating func code(_ flag: Bool, with coder: inout some SymbolCoder) throws(CompressionError) -> Bool {
    let (total, n) = (CodedProbabilities.total, seen.wrappedSum())
    let yes = min(max(total * (2 * seen[1] + 1) / (2 * n + 2), 1), total - 1)
    let found = try coder.code(flag ? 1 : 0, counts: [total - yes, yes], total: total)
    seen[found] += 1
    if n >= Self.mostSeen { seen = (seen &+ 1) / 2 }
    return found == 1
  }
}

/// Probabilities of bytes that learn from those before. The last ones weigh most.
package struct AdaptiveBytes {
  private var counts = [UInt64](repeating: 1, count: 256)
  private var total: UInt64 = 256

  package init() {}

  package mutating func code(_ byte: UInt8, with coder: inout some SymbolCoder) throws(CompressionError) -> UInt8 {
    let found = try coder.code(Int(byte), counts: counts, total: total)
    counts[found] += 24
    total += 24
    if total > 1 << 16 {
      counts = counts.map { ($0 + 1) / 2 }
      total = counts.reduce(0, +)
    }
    return UInt8(found)
  }
}
