/// Exponential and logarithm in double precision with the same bits on every machine, which the C library's have not.
///
/// They are made of sums, products, quotients, roundings to whole numbers and changes of the exponent, which IEEE 754 defines to
/// the bit. Both are within 2 units in the last place.
package enum ReproducibleMath {
  /// ln 2 in two parts: the first has 32 bits, so that its product with an exponent is exact.
  private static let (ln2High, ln2Low) = (0x1.62e42feep-1, 0x1.a39ef35793c76p-33)

  /// eˣ: with x = k·ln 2 + r and |r| ≤ ln 2 / 2 it is 2ᵏ·eʳ, and eʳ the sum of its Taylor series up to r¹⁴.
  package static func exp(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x > 709.79 { return .infinity }
    if x < -745.2 { return 0 }
    let k = (x * 0x1.71547652b82fep+0).rounded()
    let (high, low) = (x - k * ln2High, k * ln2Low)
    let r = high - low
    var sum = inverseFactorials[14]
    var power = 13
    while power >= 2 {
      sum = sum * r + inverseFactorials[power]
      power -= 1
    }
    // The small terms first, so that one rounding remains.
    let value = 1 + (high + (r * r * sum - low))
    // In two factors: the result may be subnormal, or overflow before its last digit is known.
    let half = (k / 2).rounded(.down)
    return value * powerOfTwo(half) * powerOfTwo(k - half)
  }

  /// ln x: with x = 2ᵏ·m, √½ ≤ m < √2, and s = (m − 1) / (m + 1), it is k·ln 2 + 2·artanh s, and artanh s the sum of its
  /// Taylor series up to s²¹.
  package static func log(_ x: Double) -> Double {
    if x.isNaN || x < 0 { return .nan }
    if x == 0 { return -.infinity }
    if x == .infinity { return x }
    var (k, m) = (Double(x.exponent), x.significand)
    if m > 0x1.6a09e667f3bcdp+0 { (k, m) = (k + 1, m / 2) }
    let f = m - 1
    let s = f / (2 + f)
    let square = s * s
    var sum = 1.0 / 21
    var power = 19.0
    while power >= 3 {
      sum = sum * square + 1 / power
      power -= 2
    }
    // 2s = f − s·f, and f is exact.
    let small = s * (2 * square * sum - f) + k * ln2Low
    return k * ln2High + (f + small)
  }

  /// 2ᵏ for a whole number k that a normal number has as its exponent.
  private static func powerOfTwo(_ k: Double) -> Double { Double(bitPattern: UInt64(1023 + Int(k)) << 52) }

  /// 1 / n! for n from 0 to 14.
  private static let inverseFactorials = (0...14).map { n in 1 / (1...max(n, 1)).reduce(1.0) { $0 * Double($1) } }
}
