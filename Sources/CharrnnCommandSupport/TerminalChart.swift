import Foundation

/// Curves in one chart of characters. Each curve ends with its letter.
package struct TerminalChart {
  package struct Curve {
    package let letter: Character
    package let points: [(x: Double, y: Double)]

    package init(letter: Character, points: [(x: Double, y: Double)]) { (self.letter, self.points) = (letter, points) }
  }

  private let curves: [Curve]
  private let width: Int
  private let height: Int
  private let isASCII: Bool
  private let x: (low: Double, high: Double)
  private let y: (low: Double, high: Double)

  /// - Parameters:
  ///   - width: columns of the whole chart, 20 or more.
  ///   - height: rows without the axis.
  ///   - isASCII: draws letters instead of dots, eight of which share a character.
  package init(_ curves: [Curve], width: Int, height: Int = 14, isASCII: Bool) {
    self.curves = curves.map { curve in
      Curve(letter: curve.letter, points: curve.points.filter { $0.x.isFinite && $0.y.isFinite })
    }
    (self.width, self.height, self.isASCII) = (max(width, 20) - Self.margin, height, isASCII)
    let all = self.curves.flatMap(\.points)
    x = (all.map(\.x).min() ?? 0, all.map(\.x).max() ?? 0)
    y = (all.map(\.y).min() ?? 0, all.map(\.y).max() ?? 0)
  }

  private static let margin = 9

  /// Lines of the chart, no longer than its width; none without points.
  package var lines: [String] {
    guard curves.contains(where: { !$0.points.isEmpty }) else { return [] }
    // Dots in a character: two beside each other, four below each other.
    let (across, down) = isASCII ? (1, 1) : (2, 4)
    var cells = Array(repeating: Array(repeating: UInt32(0), count: width), count: height)
    var letters = Array(repeating: [Character?](repeating: nil, count: width), count: height)
    for curve in curves {
      let dots = curve.points.map { (column($0.x, of: width * across), row($0.y, of: height * down)) }
      for (start, end) in zip(dots, dots.dropFirst() + dots.suffix(1)) {
        let count = max(abs(end.0 - start.0), abs(end.1 - start.1), 1)
        for part in 0...count {
          let share = Double(part) / Double(count)
          let (column, row) = (between(start.0, end.0, share), between(start.1, end.1, share))
          cells[row / down][column / across] |= Self.brailleDot(column % across, row % down)
          if isASCII { letters[row][column] = curve.letter }
        }
      }
      if let last = dots.last { letters[last.1 / down][last.0 / across] = curve.letter }
    }
    let rows = (0..<height).map { row in
      let text = (0..<width).map { letters[row][$0] ?? Self.braille(cells[row][$0]) }
      let label = row == 0 ? y.high : row == height - 1 ? y.low : nil
      return (padded(label.map { Readable.fixed($0, digits: 3) } ?? "") + (isASCII ? " |" : " │") + String(text))
        .replacing(/\ +$/, with: "")
    }
    let (first, last) = (Readable.fixed(x.low, digits: 0), Readable.fixed(x.high, digits: 0))
    let gap = String(repeating: " ", count: max(width - first.count - last.count, 1))
    return rows + [String(repeating: " ", count: Self.margin) + first + gap + last]
  }

  private func between(_ start: Int, _ end: Int, _ share: Double) -> Int {
    Int((Double(start) + Double(end - start) * share).rounded())
  }

  private func column(_ value: Double, of count: Int) -> Int { place(value, x, count) }
  private func row(_ value: Double, of count: Int) -> Int { count - 1 - place(value, y, count) }

  private func place(_ value: Double, _ range: (low: Double, high: Double), _ count: Int) -> Int {
    guard range.high > range.low else { return count / 2 }
    return min(Int((value - range.low) / (range.high - range.low) * Double(count - 1) + 0.5), count - 1)
  }

  private func padded(_ label: String) -> String {
    String(repeating: " ", count: max(Self.margin - 2 - label.count, 0)) + label
  }

  /// The bit of a dot in the characters from U+2800.
  private static func brailleDot(_ column: Int, _ row: Int) -> UInt32 {
    row < 3 ? 1 << UInt32(row + 3 * column) : 1 << UInt32(6 + column)
  }

  private static func braille(_ dots: UInt32) -> Character {
    dots == 0 ? " " : Character(Unicode.Scalar(0x2800 + dots)!)
  }
}

extension Terminal {
  /// Whether the locale's characters are UTF-8.
  package static func isUTF8(environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return locale.lowercased().contains(/utf-?8/)
  }
}
