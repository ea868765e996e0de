import Foundation

/// Numbers formatted for people. Every function accepts any value, and gives `?` for one that is not finite.
package enum Readable {
  /// Seconds as `0s`, `45s`, `1m 23s`, `2h 05m`, `3d 04h`.
  package static func time(seconds: Double) -> String {
    guard seconds.isFinite, seconds < 1e9 else { return "?" }
    let total = Int(max(0, seconds).rounded())
    let (minutes, hours, days) = (total / 60, total / 3600, total / 86400)
    return switch total {
    case ..<60: "\(total)s"
    case ..<3600: "\(minutes)m \(padded(total % 60))s"
    case ..<86400: "\(hours)h \(padded(minutes % 60))m"
    default: "\(days)d \(padded(hours % 24))h"
    }
  }

  /// A count to two or three digits: `853`, `8.5k`, `185k`, `1.2M`.
  package static func count(_ value: Double) -> String {
    guard value.isFinite else { return "?" }
    var (scaled, units) = (value, ["", "k", "M", "G", "T"][...])
    // 999.5 would be printed as four digits.
    while abs(scaled) >= 999.5, units.count > 1 {
      scaled /= 1000
      units = units.dropFirst()
    }
    let isWhole = units.startIndex == 0 || abs(scaled) >= 9.95
    return fixed(scaled, digits: isWhole ? 0 : 1) + units[units.startIndex]
  }

  /// A number with a fixed number of digits after the point.
  package static func fixed(_ value: Double, digits: Int) -> String {
    value.isFinite ? String(format: "%.\(digits)f", value) : "?"
  }

  private static func padded(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
