import TensorCore

/// A number of at least 0 in double precision whose exponent is an integer of its own: significand · 2^exponent.
///
/// Products of thousands of probabilities neither underflow nor overflow. The range is that of numbers kept as logarithms;
/// sums need no logarithm and no exponential, and are exact to double precision. All bits are the same on every machine.
struct WideNumber {
  /// Significand: at least 1, or 0, infinite or NaN. Below 2 in products and powers of e. In sums it may be larger: those are
  /// not normalized, and each addition adds at most the significand of its term.
  let significand: Double
  let exponent: Int

  static var zero: WideNumber { WideNumber(significand: 0, exponent: Self.exponentOfZero) }
  static var one: WideNumber { WideNumber(significand: 1, exponent: 0) }

  /// An exponent below all others, so that adding zero changes nothing.
  private static var exponentOfZero: Int { -1 << 61 }

  private init(significand: Double, exponent: Int) { (self.significand, self.exponent) = (significand, exponent) }

  /// factor · 2^exponent with a significand below 2, for a factor that is no subnormal number.
  @inline(__always)
  private init(normalizing factor: Double, timesTwoTo exponent: Int) {
    let own = factor.exponentBitPattern
    if own == 0 || own == 0x7FF {
      self.init(significand: factor, exponent: own == 0 ? Self.exponentOfZero : exponent)
    } else {
      let significand = Double(bitPattern: factor.bitPattern & (1 << 52 - 1) | 1023 << 52)
      self.init(significand: significand, exponent: exponent &+ Int(own) &- 1023)
    }
  }

  /// eˣ. Below −2⁴⁰ it is 0, above 2⁴⁰ infinite.
  init(exp x: Double) {
    guard abs(x) < 0x1p40 else {
      self = x < 0 ? .zero : WideNumber(significand: x > 0 ? .infinity : .nan, exponent: 0)
      return
    }
    // Adding and taking away 1.5 · 2⁵² rounds to a whole number.
    let power = (x * 1.4426950408889634 + 0x1.8p52) - 0x1.8p52
    // ln 2 in two parts, of which the first times a whole number of up to 20 bits is exact.
    let rest = x - power * 0x1.62e42feep-1 - power * 0x1.a39ef35793c76p-33
    self.init(normalizing: ReproducibleMath.exp(rest), timesTwoTo: Int(power))
  }

  /// The natural logarithm: −∞ for 0.
  var log: Double { ReproducibleMath.log(significand) + Double(exponent) * 0.6931471805599453 }

  var isZero: Bool { significand == 0 }

  @inline(__always)
  static func + (a: WideNumber, b: WideNumber) -> WideNumber {
    let top = max(a.exponent, b.exponent)
    let sum = a.significand * twoTo(a.exponent &- top) + b.significand * twoTo(b.exponent &- top)
    return WideNumber(significand: sum, exponent: top)
  }

  @inline(__always)
  static func * (a: WideNumber, b: WideNumber) -> WideNumber {
    WideNumber(normalizing: a.significand * b.significand, timesTwoTo: a.exponent &+ b.exponent)
  }

  /// The quotient, which must not be far above 1; 0 where it is too small for a `Double`.
  @inline(__always)
  static func / (a: WideNumber, b: WideNumber) -> Double {
    a.significand / b.significand * twoTo(a.exponent &- b.exponent)
  }

  /// This number + a · b.
  @inline(__always)
  func adding(_ a: WideNumber, times b: WideNumber) -> WideNumber {
    self + WideNumber(significand: a.significand * b.significand, exponent: a.exponent &+ b.exponent)
  }

  /// 2^power, for a power that is not far above 0; 0 where it is too small for a normal number.
  @inline(__always)
  private static func twoTo(_ power: Int) -> Double {
    Double(bitPattern: UInt64(truncatingIfNeeded: max(power &+ 1023, 0)) &<< 52)
  }
}

extension WideNumber: Comparable {
  private var normalized: WideNumber { WideNumber(normalizing: significand, timesTwoTo: exponent) }

  static func == (a: WideNumber, b: WideNumber) -> Bool {
    let (a, b) = (a.normalized, b.normalized)
    return a.exponent == b.exponent && a.significand == b.significand
  }

  static func < (a: WideNumber, b: WideNumber) -> Bool {
    let (a, b) = (a.normalized, b.normalized)
    return a.exponent == b.exponent ? a.significand < b.significand : a.exponent < b.exponent
  }
}
