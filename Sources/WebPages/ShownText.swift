import LanguageModels
import TensorCore

/// Beginning of a text that a page shows: whole lines, as many as fit, or the beginning of a first line that is too long.
struct ShownText {
  /// Pieces of each line.
  let lines: [Range<Int>]
  /// Number of pieces.
  let pieces: Int
  private let text: TextPieces

  /// - Parameter limit: most pieces.
  init(_ text: TextPieces, atMost limit: Int) {
    let whole = Array(text.lines.prefix { $0.upperBound <= limit })
    lines = whole.isEmpty ? text.lines.prefix(1).map { $0.clamped(to: 0..<limit) } : whole
    pieces = lines.last?.upperBound ?? 0
    self.text = text
  }

  /// How many lines of the text are left out, in whole or in part.
  var linesLeftOut: Int { text.lines.count { $0.upperBound > pieces } }

  var note: Markup {
    linesLeftOut == 0
      ? "" : "<p class=\"soft\">The first \(pieces) of \(text.bytes.count) symbols.</p>\n"
  }

  /// Data of `ReadingScript`.
  var data: [(name: String, value: JSONText)] {
    [
      ("pieces", .array(text.bytes[..<pieces].map { .string(String(decoding: $0, as: UTF8.self)) })),
      ("lines", .array(lines.map { .integer($0.lowerBound) })),
      ("numbers", .array(text.lineNumbers.prefix(lines.count).map { .integer($0) })),
    ]
  }
}
