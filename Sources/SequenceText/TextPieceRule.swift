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

  /// Whether a piece ends before a byte, and a Swift Character with it, whatever stands before and after the bytes that are given: before
  /// white space that is the last before something else, or between two ASCII characters of different classes.
  package static func certainlyEnds(at index: Int, in bytes: [UInt8]) -> Bool {
    guard let next = scalar(in: bytes, index..<bytes.count, isEnd: false) else { return false }
    let last = bytes[index - 1]
    if next.0 == .space {
      // With what follows a space is one piece; other white space is one by itself.
      guard next.end < bytes.count, let after = scalar(in: bytes, next.end..<bytes.count, isEnd: false) else {
        return false
      }
      let isPair = last == UInt8(ascii: "\r") && bytes[index] == UInt8(ascii: "\n")
      return after.0 != .space && !isPair && joinsNothing(bytes[..<index])
    }
    // An apostrophe and letters may be one piece.
    guard last < 0x80, bytes[index] < 0x80, last != UInt8(ascii: "'") else { return false }
    return asciiClass(last) != .space && asciiClass(last) != next.0
  }

  /// Whether what follows some bytes surely begins a Character, unless it is a mark: the last scalar is ASCII, or of a script in which none
  /// joins the next (those that do begin at U+0600; GB9b of Unicode Standard Annex 29).
  private static func joinsNothing(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.suffix(4).last(where: { $0 & 0xC0 != 0x80 }) else { return false }
    return first < 0x80 || (0xC3...0xD7).contains(first) || (0xE3...0xE9).contains(first)
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
