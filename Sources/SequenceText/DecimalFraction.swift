import TensorCore

/// A fraction written in decimal digits, held exactly: `0.05` is five hundredths, which no binary fraction is.
public struct DecimalFraction: Sendable, Hashable, LosslessStringConvertible {
  /// The value times 10^`places`.
  let digits: Int
  /// Decimal places, 0 to 18, the last digit not zero.
  let places: Int

  /// Reads ASCII digits with at most one point, such as `0.05`, `.05` or `0`: no sign, no exponent, at most 18 decimal
  /// places. Anything else, or a number too large for 63 bits of digits, is nil.
  public init?(_ text: String) {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let decimals = parts.count == 2 ? parts[1] : ""
    let significant = decimals.prefix(
      upTo: decimals.lastIndex { $0 != "0" }.map(decimals.index(after:)) ?? decimals.startIndex)
    let all = parts[0] + significant
    guard parts[0].count + decimals.count > 0, (parts[0] + decimals).utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      significant.count <= 18, let digits = Int("0" + all)
    else { return nil }
    self.init(digits: digits, places: significant.count)
  }

  /// `hundredths` / 100; not negative.
  public init(hundredths: Int) {
    guard hundredths >= 0 else { programmingError("DecimalFraction: \(hundredths) hundredths") }
    var (digits, places) = (hundredths, 2)
    while places > 0, digits % 10 == 0 {
      digits /= 10
      places -= 1
    }
    self.init(digits: digits, places: places)
  }

  private init(digits: Int, places: Int) {
    self.digits = digits
    self.places = places
  }

  /// The shortest text that reads as the same value, such as `0.05`.
  public var description: String {
    guard places > 0 else { return String(digits) }
    let text = String(digits)
    let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
    return padded.dropLast(places) + "." + padded.suffix(places)
  }

  /// Whether the value is below 1.
  package var isProper: Bool { digits < powerOfTen(places) }
}

/// 10^`exponent` for 0 to 18.
func powerOfTen(_ exponent: Int) -> Int { (0..<exponent).reduce(1) { power, _ in power * 10 } }
