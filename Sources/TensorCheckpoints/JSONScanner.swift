/// Scanner for the JSON of a safetensors header, left to right.
///
/// It accepts what the format allows and nothing else: the caller states what comes next, so that the depth of nesting is
/// bounded by the format. A name that occurs twice in an object is an error; general JSON readers keep one of the two.
struct JSONScanner {
  typealias Problem = SafetensorsError.Problem

  struct Text {
    var value: String
    /// The position of its bytes in the file, without the quotes.
    var range: Range<Int>
    var hasEscapes = false
  }

  /// The text, valid UTF-8.
  private let bytes: [UInt8]
  /// The offset of `bytes` in the file; errors report offsets from the start of the file.
  private let origin: Int
  private var position = 0

  init(_ bytes: [UInt8], origin: Int) {
    self.bytes = bytes
    self.origin = origin
  }

  /// Reads an object. Calls `member` with each name; `member` must read the value.
  ///
  /// Names are compared as Swift compares strings, by canonical equivalence.
  mutating func object(_ member: (inout JSONScanner, String) throws(Problem) -> Void) throws(Problem) {
    try require("{", or: "an object")
    guard !take("}") else { return }
    var names: Set<String> = []
    repeat {
      skipSpace()
      let start = offset
      let name = try text().value
      guard names.insert(name).inserted else { throw .duplicateName(name, offset: start) }
      try require(":", or: "\":\"")
      try member(&self, name)
    } while take(",")
    try require("}", or: "\",\" or \"}\"")
  }

  /// Reads an array of whole numbers.
  mutating func integers() throws(Problem) -> [Int] {
    var values: [Int] = []
    try array { (scanner: inout JSONScanner) throws(Problem) in values.append(try scanner.integer()) }
    return values
  }

  /// Reads an array. Calls `element` at the start of each element; `element` must read it.
  mutating func array(_ element: (inout JSONScanner) throws(Problem) -> Void) throws(Problem) {
    try require("[", or: "a list of numbers")
    guard !take("]") else { return }
    repeat { try element(&self) } while take(",")
    try require("]", or: "\",\" or \"]\"")
  }

  /// Skips a number, or a word such as `null`, without parsing it.
  mutating func word() throws(Problem) {
    let start = position
    while let byte = current, byte.isDigit || byte.isLetter || "+-.".utf8.contains(byte) { position += 1 }
    guard position > start else { throw .malformedHeader(offset: offset, expected: "a value") }
  }

  /// Reads a non-negative integer without sign, leading zeros, fraction or exponent.
  private mutating func integer() throws(Problem) -> Int {
    skipSpace()
    let start = position
    var value = 0
    while let digit = current, digit.isDigit {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
      guard !overflow, !carry else { throw .integerTooLarge(offset: origin + start) }
      value = sum
      position += 1
    }
    let hasLeadingZero = position - start > 1 && bytes[start] == UInt8(ascii: "0")
    let goesOn = current.map { ".eE".utf8.contains($0) } ?? false
    guard position > start, !hasLeadingZero, !goesOn else { throw .notAnInteger(offset: origin + start) }
    return value
  }

  /// Reads a string.
  mutating func text() throws(Problem) -> Text {
    try require("\"", or: "a string")
    let start = position
    while let byte = current, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\"), byte >= 0x20 { position += 1 }
    var content = Array(bytes[start..<position])
    var hasEscapes = false
    while let byte = current, byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw .malformedHeader(offset: offset, expected: "no bare control character") }
      position += 1
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        content.append(contentsOf: String(try escapedScalar()).utf8)
      } else {
        content.append(byte)
      }
    }
    let range = origin + start..<offset
    guard current != nil else { throw .malformedHeader(offset: offset, expected: "the end of a string") }
    position += 1
    return Text(value: String(decoding: content, as: UTF8.self), range: range, hasEscapes: hasEscapes)
  }

  /// Requires that nothing but white space follows.
  mutating func end() throws(Problem) {
    skipSpace()
    guard current == nil else { throw .malformedHeader(offset: offset, expected: "the header's end") }
  }

  /// Reads the rest of an escape, after its backslash.
  private mutating func escapedScalar() throws(Problem) -> Unicode.Scalar {
    let start = offset - 1
    guard let byte = current else { throw .malformedHeader(offset: start, expected: "an escape") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(byte)
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): break
    default: throw .malformedHeader(offset: start, expected: "an escape")
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
    throw .malformedHeader(offset: start, expected: "a pair of surrogates")
  }

  private mutating func hexadecimalUnit() throws(Problem) -> UInt32 {
    var unit: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw .malformedHeader(offset: offset, expected: "four hexadecimal digits")
      }
      unit = unit << 4 | UInt32(digit)
      position += 1
    }
    return unit
  }

  /// The offset in the file of the next byte.
  var offset: Int { origin + position }

  var current: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard current == UInt8(ascii: scalar) else { return false }
    position += 1
    return true
  }

  private mutating func require(_ scalar: Unicode.Scalar, or expected: String) throws(Problem) {
    guard take(scalar) else { throw .malformedHeader(offset: offset, expected: expected) }
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self >= UInt8(ascii: "0") && self <= UInt8(ascii: "9") }
  fileprivate var isLetter: Bool { self | 0x20 >= UInt8(ascii: "a") && self | 0x20 <= UInt8(ascii: "z") }
}
