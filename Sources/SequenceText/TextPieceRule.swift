/// Rule by which a text is cut into pieces, of which no token of words or subwords spans two.
///
/// A piece is the first that fits of:
/// 1. an apostrophe with `s`, `t`, `re`, `ve`, `m`, `ll` or `d`;
/// 2. letters, numbers, or other characters that are no white space (punctuation, symbols, marks, controls), as many of one class
///    as follow each other, with one space before them where there is one;
/// 3. white space: all that follows each other, but the last character where something else comes after it.
///
/// A piece that would be longer than `longest` ends there. Joined, the pieces are the text, to the byte. Classes are those of
/// Unicode: general category L for letters, N for numbers, the property White_Space. A byte that is not part of well-formed UTF-8 is
/// of the others. It is the rule of GPT-2 (Radford et al., 2019, "Language Models are Unsupervised Multitask Learners"), which
/// `tokenizer.json` files name `ByteLevel`; there it is the
/// expression `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
public enum TextPieceRule {
  /// Most bytes of a piece, but for the rest of a character: it bounds the memory for a text that is one word.
  public static let longest = 1 << 21

  /// Ranges of the pieces of a text, in order. None is empty.
  ///
  /// - Complexity: O(`text.count`).
  public static func pieces(of text: [UInt8]) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    forEachPiece(in: text, 0..<text.count, isEnd: true) { ranges.append($0) }
    return ranges
  }

  /// Calls `body` with the pieces of `bytes[range]`, in order, as far as they are certain, and returns where the first begins that
  /// is not: what comes after may belong to it. At the end of a text all are certain.
  @inline(__always)
  @discardableResult
  static func forEachPiece(
    in bytes: [UInt8], _ range: Range<Int>, isEnd: Bool, _ body: (Range<Int>) -> Void
  ) -> Int {
    var start = range.lowerBound
    while start < range.upperBound, let end = endOfPiece(in: bytes, start..<range.upperBound, isEnd: isEnd) {
      body(start..<end)
      start = end
    }
    return start
  }

  /// Whether a piece ends before a byte whatever stands before and after the four bytes around it: between a line feed and what follows,
  /// where there is surely no other white space, or between a letter and a space with a letter after it. Swift Characters end there too.
  package static func certainlyEnds(at index: Int, in bytes: [UInt8]) -> Bool {
    func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
    let (last, next) = (bytes[index - 1], bytes[index])
    if last == UInt8(ascii: "\n") { return index > 1 && endsNoSpace(bytes[index - 2]) && beginsNoSpace(next) }
    return isLetter(last) && next == UInt8(ascii: " ") && index + 1 < bytes.count && isLetter(bytes[index + 1])
  }

  /// Whether white space surely begins with other bytes: it is ASCII, or begins with C2, E1, E2 or E3.
  private static func beginsNoSpace(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x7E, 0xC3...0xDF, 0xE4...0xF4: true
    default: false
    }
  }

  /// Whether white space surely ends with other bytes: it is ASCII, U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F,
  /// U+205F or U+3000.
  private static func endsNoSpace(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x21...0x7E, 0x8B...0x9E, 0xA1...0xA7, 0xAA...0xAE, 0xB0...0xBF: true
    default: false
    }
  }

  /// Class of a scalar, by which runs are told apart.
  private enum Class: UInt8 {
    case other, letter, number, space
  }

  /// The end of the piece that begins a range which is not empty; nil where it is not certain.
  @inline(__always)
  private static func endOfPiece(in bytes: [UInt8], _ range: Range<Int>, isEnd: Bool) -> Int? {
    let (start, limit) = (range.lowerBound, range.upperBound)
    let first = bytes[start]
    if first == UInt8(ascii: "'") {
      switch lengthOfContraction(in: bytes, range) {
      case 0: break
      case let length? where length > 0: return start + length
      default: if !isEnd { return nil }
      }
    }
    guard var (kind, end) = scalar(in: bytes, range, isEnd: isEnd) else { return nil }
    if first == UInt8(ascii: " "), end < limit {
      guard let (next, endOfNext) = scalar(in: bytes, end..<limit, isEnd: isEnd) else { return nil }
      if next != .space { (kind, end) = (next, endOfNext) }
    }
    var lastStart = start
    while end < limit {
      if end - start >= longest { return end }
      guard let (next, endOfNext) = scalar(in: bytes, end..<limit, isEnd: isEnd) else { return nil }
      if next != kind {
        // A piece of one character is there also where something else follows.
        return kind == .space && lastStart > start ? lastStart : end
      }
      (lastStart, end) = (end, endOfNext)
    }
    return isEnd ? end : nil
  }

  /// Length of the contraction that begins with an apostrophe; 0 without one, and nil where bytes are missing to tell.
  private static func lengthOfContraction(in bytes: [UInt8], _ range: Range<Int>) -> Int? {
    guard range.count > 1 else { return nil }
    let second: UInt8
    switch bytes[range.lowerBound + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): second = UInt8(ascii: "e")
    case UInt8(ascii: "l"): second = UInt8(ascii: "l")
    default: return 0
    }
    guard range.count > 2 else { return nil }
    return bytes[range.lowerBound + 2] == second ? 3 : 0
  }

  /// Class and end of the scalar, or of the ill-formed byte, that begins a range; nil where bytes are missing to tell.
  @inline(__always)
  private static func scalar(in bytes: [UInt8], _ range: Range<Int>, isEnd: Bool) -> (Class, end: Int)? {
    let first = bytes[range.lowerBound]
    return first < 0x80
      ? (asciiClass(first), range.lowerBound + 1) : longScalar(in: bytes, range, isEnd: isEnd)
  }

  @inline(__always)
  private static func asciiClass(_ byte: UInt8) -> Class {
    if (byte | 0x20) &- UInt8(ascii: "a") < 26 { return .letter }
    if byte &- UInt8(ascii: "0") < 10 { return .number }
    return byte == 0x20 || byte &- 0x09 < 5 ? .space : .other
  }

  private static func longScalar(in bytes: [UInt8], _ range: Range<Int>, isEnd: Bool) -> (Class, end: Int)? {
    let start = range.lowerBound
    guard var state = UTF8Constraint.State.boundary.next(bytes[start]) else { return (.other, start + 1) }
    var value = UInt32(bytes[start]) & (bytes[start] < 0xE0 ? 0x1F : bytes[start] < 0xF0 ? 0x0F : 0x07)
    var end = start + 1
    while state != .boundary {
      guard end < range.upperBound else { return isEnd ? (.other, start + 1) : nil }
      guard let next = state.next(bytes[end]) else { return (.other, start + 1) }
      value = value << 6 | UInt32(bytes[end] & 0x3F)
      (state, end) = (next, end + 1)
    }
    return (value < 0x10000 ? basicClasses[Int(value)] : unicodeClass(value), end)
  }

  /// Classes of the scalars below U+10000. Looking one up in Unicode's tables takes many times as long.
  private static let basicClasses: [Class] = (0..<0x10000).map(unicodeClass)

  private static func unicodeClass(_ value: UInt32) -> Class {
    guard let properties = Unicode.Scalar(value)?.properties else { return .other }
    if properties.isWhitespace { return .space }
    return switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: .other
    }
  }
}
