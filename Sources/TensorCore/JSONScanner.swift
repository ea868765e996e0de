/// Scanner for JSON from an untrusted file, left to right, in place: nothing is copied but the strings that are asked for.
///
/// The caller states what comes next and how long it may be, so that the depth of nesting and the memory are bounded by the
/// caller's format, not by the text. A name that occurs twice in an object is an error; general JSON readers keep one of the
/// two. Methods throw `JSONProblem`, and whatever the caller's functions throw.
package struct JSONScanner {
  package struct Text {
    package var value: String
    /// The position of its bytes in the file, without the quotes.
    package var range: Range<Int>
    package var hasEscapes = false
  }

  /// The text, valid UTF-8.
  private let bytes: UnsafeRawBufferPointer
  /// The offset of `bytes` in the file; errors report offsets from the start of the file.
  private let origin: Int
  private var position = 0
  /// Whether names of different bytes may stand in one object though they are canonically equivalent, for readers that keep them
  /// apart; a dictionary by `String` does not.
  package var distinguishesEquivalentNames = false

  private init(_ bytes: UnsafeRawBufferPointer, origin: Int) { (self.bytes, self.origin) = (bytes, origin) }

  /// Calls `body` with a scanner of the bytes of `file` in `range`, which must be valid UTF-8.
  package static func scan<Result>(
    _ file: MappedFile, in range: Range<Int>, _ body: (inout JSONScanner) throws -> Result
  ) throws -> Result {
    try file.withUnsafeBytes { bytes in
      var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: bytes[range]), origin: range.lowerBound)
      return try body(&scanner)
    }
  }

  /// Calls `body` with a scanner of `text`; offsets count from its start.
  package static func scan<Result>(_ text: String, _ body: (inout JSONScanner) throws -> Result) throws -> Result {
    var text = text
    return try text.withUTF8 { bytes in
      var scanner = JSONScanner(UnsafeRawBufferPointer(bytes), origin: 0)
      return try body(&scanner)
    }
  }

  /// Reads an object. Calls `member` with each name; `member` must read the value.
  ///
  /// Names are compared as Swift compares strings, by canonical equivalence, unless `distinguishesEquivalentNames`.
  ///
  /// - Parameters:
  ///   - nameLimit: bytes that a name may have as it is written.
  ///   - countLimit: names that the object may have.
  package mutating func object(
    nameLimit: Int, countLimit: Int = .max, _ member: (inout JSONScanner, String) throws -> Void
  ) throws {
    try require("{", or: "an object")
    guard !take("}") else { return }
    var (names, bytes) = (Set<String>(), Set<[UInt8]>())
    repeat {
      skipSpace()
      let start = offset
      if max(names.count, bytes.count) >= countLimit {
        throw JSONProblem.tooManyElements(offset: start, limit: countLimit)
      }
      let name = try text(atMost: nameLimit).value
      let isNew =
        distinguishesEquivalentNames ? bytes.insert(Array(name.utf8)).inserted : names.insert(name).inserted
      guard isNew else { throw JSONProblem.duplicateName(name, offset: start) }
      try require(":", or: "\":\"")
      try member(&self, name)
    } while take(",")
    try require("}", or: "\",\" or \"}\"")
  }

  /// Reads an array of at most `limit` whole numbers.
  package mutating func integers(atMost limit: Int) throws -> [Int] {
    var values: [Int] = []
    try array(of: "a list of numbers", atMost: limit) { values.append(try $0.integer()) }
    return values
  }

  /// Reads an array. Calls `element` at the start of each element; `element` must read it.
  package mutating func array(
    of expected: String = "a list", atMost limit: Int = .max, _ element: (inout JSONScanner) throws -> Void
  ) throws {
    try require("[", or: expected)
    guard !take("]") else { return }
    var count = 0
    repeat {
      if count >= limit { throw JSONProblem.tooManyElements(offset: offset, limit: limit) }
      try element(&self)
      count += 1
    } while take(",")
    try require("]", or: "\",\" or \"]\"")
  }

  /// Skips a number, or a word such as `null`, without parsing it.
  mutating func word() throws {
    let start = position
    while let byte = current, byte.isDigit || byte.isLetter || "+-.".utf8.contains(byte) { position += 1 }
    guard position > start else { throw JSONProblem.malformed(offset: offset, expected: "a value") }
  }

  /// Reads `null` where it is next, and tells whether it was.
  package mutating func takeNull() -> Bool {
    skipSpace()
    guard bytes[position...].prefix(5).starts(with: "null".utf8),
      position + 4 >= bytes.count || !bytes[position + 4].isLetter && !bytes[position + 4].isDigit
    else { return false }
    position += 4
    return true
  }

  /// Reads `true` or `false`.
  package mutating func boolean() throws -> Bool {
    skipSpace()
    let start = position
    try word()
    let text = bytes[start..<position]
    if text.elementsEqual("true".utf8) { return true }
    guard text.elementsEqual("false".utf8) else {
      throw JSONProblem.malformed(offset: origin + start, expected: "true or false")
    }
    return false
  }

  /// Reads a non-negative integer without sign, leading zeros, fraction or exponent.
  package mutating func integer() throws -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let digit = current, digit.isDigit {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw JSONProblem.integerTooLarge(offset: origin + start) }
      value = sum
      position += 1
    }
    let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
    let goesOn = current.map { ".eE".utf8.contains($0) } ?? false
    guard position > start, !hasLeadingZero, !goesOn else { throw JSONProblem.notAnInteger(offset: origin + start) }
    return value
  }

  /// Reads a string of at most `limit` bytes as they are written; a longer one is refused before it is read to its end.
  package mutating func text(atMost limit: Int) throws -> Text {
    try require("\"", or: "a string")
    let start = position
    let hasEscapes = try skipToQuote(atMost: limit)
    let end = position
    let value: String
    if hasEscapes {
      value = String(decoding: try unescaped(start..<end), as: UTF8.self)
    } else {
      value = String(decoding: bytes[start..<end], as: UTF8.self)
    }
    position = end + 1
    return Text(value: value, range: origin + start..<origin + end, hasEscapes: hasEscapes)
  }

  /// Requires that nothing but white space follows.
  package mutating func end(of whole: String) throws {
    skipSpace()
    guard current == nil else { throw JSONProblem.malformed(offset: offset, expected: "the \(whole)'s end") }
  }

  /// Moves to the quote that ends a string; returns whether there is an escape before it.
  private mutating func skipToQuote(atMost limit: Int) throws -> Bool {
    let start = position
    var hasEscapes = false
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw JSONProblem.malformed(offset: offset, expected: "no bare control character") }
      guard position - start < limit else { throw JSONProblem.textTooLong(offset: origin + start - 1, limit: limit) }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
        if current == nil { break }
      }
      position += 1
    }
    guard current != nil else { throw JSONProblem.malformed(offset: offset, expected: "the end of a string") }
    return hasEscapes
  }

  private mutating func unescaped(_ range: Range<Int>) throws -> [UInt8] {
    var content: [UInt8] = []
    content.reserveCapacity(range.count)
    position = range.lowerBound
    while position < range.upperBound {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\\") {
        content.append(contentsOf: UTF8.encode(try escapedScalar())!)
      } else {
        content.append(byte)
      }
    }
    return content
  }

  /// Reads the rest of an escape, after its backslash.
  private mutating func escapedScalar() throws -> Unicode.Scalar {
    let start = offset - 1
    guard let byte = current else { throw JSONProblem.malformed(offset: start, expected: "an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw JSONProblem.malformed(offset: start, expected: "an escape")
    }
    let unit = try hexadecimalUnit()
    if let scalar = Unicode.Scalar(unit) { return scalar }
    // A code point above U+FFFF is written as a pair of surrogates.
    if UTF16.isLeadSurrogate(UInt16(unit)), current == UInt8(ascii: "\\") {
      position += 1
      if current == UInt8(ascii: "u") {
        position += 1
        let trail = try hexadecimalUnit()
        if UTF16.isTrailSurrogate(UInt16(trail)) {
          return Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (trail - 0xdc00))!
        }
      }
    }
    throw JSONProblem.malformed(offset: start, expected: "a pair of surrogates")
  }

  private mutating func hexadecimalUnit() throws -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let digit = current?.hexadecimalDigit else {
        throw JSONProblem.malformed(offset: offset, expected: "four hexadecimal digits")
      }
      unit = unit << 4 | digit
      position += 1
    }
    return unit
  }

  /// The offset in the file of the next byte.
  package var offset: Int { origin + position }

  package var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  package mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard current == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func require(_ scalar: Unicode.Scalar, or expected: String) throws {
    guard take(scalar) else { throw JSONProblem.malformed(offset: offset, expected: expected) }
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  fileprivate var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }

  fileprivate var hexadecimalDigit: UInt32? {
    if isDigit { return UInt32(self - UInt8(ascii: "0")) }
    let letter = self | 0x20
    return (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(letter) ? UInt32(letter - UInt8(ascii: "a")) + 10 : nil
  }
}
