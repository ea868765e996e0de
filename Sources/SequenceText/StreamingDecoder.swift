/// Turns tokens, as they are generated, into pieces of text that never split a character.
///
/// The last Character stays back until what follows shows that it is complete: a combining mark, a joiner or the second
/// half of a flag may still come. The pieces, joined, are `String(decoding:as:)` of all the bytes: where tokens spell
/// bytes, an ill-formed sequence reads as U+FFFD.
public struct StreamingDecoder: Sendable {
  private let vocabulary: Vocabulary
  /// Text that was decoded but not returned: at most one Character between two calls, as long as Characters are short.
  private var held = ""
  /// Unicode scalars in `held`, and how many there must be before it is worth looking for the end of a Character: where one
  /// is as long as a text, looking after each scalar would take quadratic time.
  private var (scalars, due) = (0, 0)
  private static let usualLength = 64
  /// The bytes of a scalar that is not complete.
  private var partial: [UInt8] = []
  private var constraint = UTF8Constraint()

  public init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// Takes the next token and returns the text that is certain now, often one Character, sometimes none.
  /// Traps on an id outside the vocabulary.
  public mutating func append(_ token: Int32) -> String {
    for byte in vocabulary[token] { append(byte: byte) }
    guard scalars >= due else { return "" }
    var boundary = held.startIndex
    while boundary < held.endIndex {
      let next = held.index(after: boundary)
      if next == held.endIndex { break }
      boundary = next
    }
    let piece = String(held[..<boundary])
    held.removeSubrange(..<boundary)
    scalars -= piece.unicodeScalars.count
    due = scalars > Self.usualLength ? 2 * scalars : 0
    return piece
  }

  /// Returns what was held back. A scalar left incomplete reads as U+FFFD. The decoder is as new afterwards.
  public mutating func finish() -> String {
    repairPartial()
    defer { (held, scalars, due) = ("", 0, 0) }
    return held
  }

  private mutating func append(byte: UInt8) {
    if !constraint.append(byte) {
      repairPartial()
      guard constraint.append(byte) else {
        hold("\u{FFFD}")
        return
      }
    }
    partial.append(byte)
    if constraint.isAtBoundary {
      hold(String(decoding: partial, as: UTF8.self).unicodeScalars.first!)
      partial.removeAll(keepingCapacity: true)
    }
  }

  private mutating func repairPartial() {
    if !partial.isEmpty { hold("\u{FFFD}") }
    partial.removeAll(keepingCapacity: true)
    constraint = UTF8Constraint()
  }

  private mutating func hold(_ scalar: Unicode.Scalar) {
    held.unicodeScalars.append(scalar)
    scalars += 1
  }
}
