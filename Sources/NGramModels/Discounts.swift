/// Discounts of counts in contexts of one length: what is taken from a token's count for tokens not seen there.
///
/// They are those of modified Kneser–Ney smoothing (Chen & Goodman 1998, "An Empirical Study of Smoothing Techniques for
/// Language Modeling", equation 26), estimated from how many counts are 1, 2, 3 and 4. One is added to each of the four, so
/// that a discount is defined for the shortest text, and none is below 0.1, so that no token has probability 0.
struct Discounts: Sendable, Equatable {
  /// Discounts of a count of 1, of 2, and of 3 or more.
  let once, twice, oftener: Double

  /// - Parameter counts: how many counts are 1, 2, 3 and 4.
  init(countsOfCounts counts: SIMD4<Double>) {
    let n = counts + 1
    let share = n[0] / (n[0] + 2 * n[1])
    func discount(_ count: Double, _ ratio: Double) -> Double {
      min(max(count - (count + 1) * share * ratio, 0.1), count)
    }
    once = discount(1, n[1] / n[0])
    twice = discount(2, n[2] / n[1])
    oftener = discount(3, n[3] / n[2])
  }

  func discount(of count: UInt32) -> Double { count == 1 ? once : count == 2 ? twice : oftener }
}
