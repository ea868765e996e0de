import Foundation
import TensorCore

/// Kind of the times in a column: numbers, or dates in seconds since 1970-01-01T00:00:00Z.
enum SeriesClock: Sendable {
  case numbers
  case dates

  /// The time in a field: a number, or a date of the forms that `SeriesData` lists.
  static func read(
    _ bytes: [UInt8], _ field: Range<Int>
  ) throws(CSVError.Problem) -> (time: Double, clock: SeriesClock) {
    let range = trimmed(bytes, field)
    if range.isEmpty { throw .missingValue }
    if let time = secondsSince1970(bytes[range]) { return (time, .dates) }
    do throws(CSVError.Problem) { return (try decimalNumber(in: bytes, range), .numbers) } catch {
      throw .notATime(String(decoding: bytes[range], as: UTF8.self))
    }
  }

  /// Whether a field could be a number or a date without hyphens: eight digits such as 20240131.
  static func isCompactDate(_ bytes: [UInt8], _ field: Range<Int>) -> Bool {
    let digits = bytes[trimmed(bytes, field)]
    guard digits.has(form: "00000000"), digits.first != UInt8(ascii: "0") else { return false }
    var date = Array(digits)
    for position in [6, 4] { date.insert(UInt8(ascii: "-"), at: position) }
    return secondsSince1970(date[...]) != nil
  }

  /// The time as a number, or in ISO 8601: a day where it is midnight in UTC.
  func text(_ time: Double) -> String { texts([time])[0] }

  /// Times in one form: numbers, or in ISO 8601, which are days where all are midnights in UTC.
  ///
  /// - Parameter known: another time of the same series, which shows no day where it is none.
  func texts(_ times: [Double], beside known: Double? = nil) -> [String] {
    if self == .numbers { return times.map { time in Int(exactly: time).map { "\($0)" } ?? "\(time)" } }
    let hasFractions = times.contains { $0 != $0.rounded() }
    let areDays = (times + [known].compactMap { $0 }).allSatisfy {
      // Beyond the calendar there are no hours.
      $0 == .greatestFiniteMagnitude || $0.remainder(dividingBy: 86_400) == 0
    }
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: hasFractions)
    return times.map { time in
      let text = Date(timeIntervalSince1970: min(time, .greatestFiniteMagnitude)).formatted(style)
      return areDays ? String(text.prefix { $0 != "T" }) : text
    }
  }
}

/// 1582-10-15, the first day of the Gregorian calendar, before which Foundation counts by the Julian one.
private let firstTime = -12_219_292_800.0

/// Seconds of a date or a date-time; nil where the text is no such thing, or names a day or an hour that is not.
private func secondsSince1970(_ text: ArraySlice<UInt8>) -> Double? {
  let date = text.prefix(10)
  guard date.has(form: "0000-00-00") else { return nil }
  var (clock, fraction, offset) = ("00:00:00", 0.0, 0.0)
  if let separator = text.dropFirst(10).first {
    guard separator == UInt8(ascii: "T") || separator == UInt8(ascii: " ") else { return nil }
    let rest = text.dropFirst(11)
    let zone = rest.firstIndex { "Z+-".utf8.contains($0) } ?? rest.endIndex
    guard let time = timeOfDay(rest[..<zone]), let found = zoneOffset(rest[zone...]) else { return nil }
    (clock, fraction, offset) = (time.clock, time.fraction, found)
  }
  let canonical = "\(String(decoding: date, as: UTF8.self))T\(clock)Z"
  // Foundation reads February 30 as March 1: only what it writes back alike is a date.
  guard let instant = try? Date(canonical, strategy: .iso8601), instant.formatted(.iso8601) == canonical else {
    return nil
  }
  let time = instant.timeIntervalSince1970 + fraction - offset
  return time >= firstTime ? time : nil
}

/// `hh:mm` or `hh:mm:ss`, the latter with any fraction of a second.
private func timeOfDay(_ text: ArraySlice<UInt8>) -> (clock: String, fraction: Double)? {
  if text.has(form: "00:00") { return (String(decoding: text, as: UTF8.self) + ":00", 0) }
  guard text.prefix(8).has(form: "00:00:00") else { return nil }
  let fraction = text.dropFirst(8)
  let digits = fraction.dropFirst()
  guard fraction.isEmpty || (fraction.first == UInt8(ascii: ".") && !digits.isEmpty && digits.allSatisfy(isDigit))
  else {
    return nil
  }
  let clock = String(decoding: text.prefix(8), as: UTF8.self)
  return (clock, Double("0.\(String(decoding: digits, as: UTF8.self))0")!)
}

/// Seconds east of Greenwich of nothing, `Z`, or `+hh:mm`.
private func zoneOffset(_ text: ArraySlice<UInt8>) -> Double? {
  if text.isEmpty || text.elementsEqual("Z".utf8) { return 0 }
  guard text.dropFirst().has(form: "00:00"), text.first != UInt8(ascii: "Z") else { return nil }
  let digits = text.map { Int($0) - 0x30 }
  let (hours, minutes) = (digits[1] * 10 + digits[2], digits[4] * 10 + digits[5])
  guard hours < 24, minutes < 60 else { return nil }
  return Double((text.first == UInt8(ascii: "-") ? -60 : 60) * (hours * 60 + minutes))
}

private func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

extension ArraySlice<UInt8> {
  /// Whether the bytes are those of the form, in which 0 stands for any digit.
  fileprivate func has(form: String) -> Bool {
    count == form.utf8.count
      && zip(self, form.utf8).allSatisfy { $1 == UInt8(ascii: "0") ? isDigit($0) : $0 == $1 }
  }
}
