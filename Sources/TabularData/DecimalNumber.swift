import TensorCore

/// Parses the number in a range of bytes, ignoring spaces around it, and rounds it to the nearest number of the type.
@inline(__always)
func decimalNumber<Scalar: TensorScalar>(
  in bytes: [UInt8], _ field: Range<Int>
) throws(CSVError.Problem) -> Scalar {
  let range = trimmed(bytes, field)
  if range.isEmpty { throw .missingValue }
  guard let parts = DecimalParts(bytes, range) else { throw malformedNumber(bytes, range) }
  if let number: Scalar = parts.exactlyRounded() { return number }
  let text = String(decoding: bytes[range], as: UTF8.self)
  guard let number = Scalar(text) else { throw .notANumber(text) }
  if !number.isFinite { throw .tooLarge(text, type: "\(Scalar.self)") }
  return number
}

/// The range without the spaces and tabs at its ends.
func trimmed(_ bytes: [UInt8], _ range: Range<Int>) -> Range<Int> {
  func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  var (start, end) = (range.lowerBound, range.upperBound)
  while start < end, isSpace(bytes[start]) { start += 1 }
  while end > start, isSpace(bytes[end - 1]) { end -= 1 }
  return start..<end
}

private func malformedNumber(_ bytes: [UInt8], _ range: Range<Int>) -> CSVError.Problem {
  let text = String(decoding: bytes[range], as: UTF8.self)
  let word = text.drop { $0 == "+" || $0 == "-" }.lowercased()
  return ["nan", "inf", "infinity"].contains(word) ? .notFinite(text) : .notANumber(text)
}

/// A decimal number in parts: ± digits · 10^exponent.
private struct DecimalParts {
  private var isNegative = false
  private var digits: UInt64 = 0
  private var exponent = 0
  /// Whether `digits` could not hold all digits.
  private var isCut = false

  /// Parses an optional sign, digits with at most one point, and an optional exponent. Nil when the bytes are anything
  /// else.
  init?(_ bytes: [UInt8], _ range: Range<Int>) {
    var index = range.lowerBound
    let end = range.upperBound
    isNegative = Self.sign(bytes, &index, end)
    var (digitCount, hasPoint) = (0, false)
    while index < end {
      let digit = bytes[index] &- 0x30
      if digit < 10 {
        digitCount += 1
        if digits < 1_000_000_000_000_000_000 {
          digits = digits &* 10 &+ UInt64(digit)
          if hasPoint { exponent -= 1 }
        } else {
          isCut = true
        }
      } else if bytes[index] == UInt8(ascii: "."), !hasPoint {
        hasPoint = true
      } else {
        break
      }
      index += 1
    }
    if digitCount == 0 { return nil }
    if index < end, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      let isBelow = Self.sign(bytes, &index, end)
      if index == end { return nil }
      var power = 0
      while index < end, bytes[index] &- 0x30 < 10 {
        // A larger exponent changes nothing: the number is too large, or 0.
        power = min(power * 10 + Int(bytes[index] - 0x30), 1_000_000)
        index += 1
      }
      exponent += isBelow ? -power : power
    }
    if index < end { return nil }
  }

  private static func sign(_ bytes: [UInt8], _ index: inout Int, _ end: Int) -> Bool {
    guard index < end, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") else { return false }
    defer { index += 1 }
    return bytes[index] == UInt8(ascii: "-")
  }

  /// The correctly rounded number, when there are few enough digits for Clinger's fast path; nil otherwise.
  ///
  /// Digits up to 2⁵³ and powers from 10^0 to 10^22 are exact in double precision, so their product or quotient is rounded
  /// once. Conversion to single precision rounds a second time, which can be wrong only halfway between two numbers.
  ///
  /// Source: Clinger, "How to read floating point numbers accurately" (PLDI 1990).
  @inline(__always)
  func exactlyRounded<Scalar: TensorScalar>() -> Scalar? {
    guard !isCut, digits <= 1 << 53, abs(exponent) <= 22 else { return nil }
    let power = Self.powersOfTen[abs(exponent)]
    let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
    let lostBits = Double.significandBitCount - Scalar.significandBitCount
    if lostBits > 0, value != 0 {
      let lost = value.significandBitPattern & (1 << UInt64(lostBits) - 1)
      if lost == 1 << UInt64(lostBits - 1) || value < Scalar.leastNormalMagnitude.double { return nil }
    }
    let number = Scalar(isNegative ? -value : value)
    return number.isFinite ? number : nil
  }

  private static let powersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
