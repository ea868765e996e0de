import TensorCheckpoints
import TensorCore

/// The text before the data of an array: a Python dictionary of type, order and shape (NumPy Enhancement Proposal 1).
struct NumPyHeader {
  typealias Problem = NumPyError.Problem

  static let lengthLimit = 1 << 16
  private static let magic = [0x93] + Array("NUMPY".utf8)

  let dtype: StoredTensor.DType
  let isBigEndian: Bool
  /// Whether the first index varies fastest.
  let isColumnMajor: Bool
  let shape: [Int]
  /// Offset of the data.
  let end: Int

  init(of contents: StoredBytes) throws(Problem) {
    let start = contents[0..<min(12, contents.count)].array
    guard start.starts(with: Self.magic) else { throw .notAnArray }
    guard let version = start.number(at: 6, width: 1) else { throw .cutShort(end: 8, size: contents.count) }
    guard 1...3 ~= version else { throw .unknownVersion(version) }
    let width = version == 1 ? 2 : 4
    guard let length = start.number(at: 8, width: width) else {
      throw .cutShort(end: 8 + width, size: contents.count)
    }
    guard length <= Self.lengthLimit else { throw .headerTooLong(length: length) }
    end = 8 + width + length
    guard end <= contents.count else { throw .cutShort(end: end, size: contents.count) }
    var literal = PythonLiteral(contents[8 + width..<end].array, at: 8 + width)
    var (type, order, sizes): (String?, Bool?, [Int]?)
    try literal.dictionary { literal, key throws(Problem) in
      switch key {
      case "descr" where type == nil: type = try literal.typeName()
      case "fortran_order" where order == nil: order = try literal.truth()
      case "shape" where sizes == nil: sizes = try literal.tuple(atMost: CheckpointLimits.rank)
      default: throw literal.malformed("descr, fortran_order and shape, once each")
      }
    }
    guard let type, let order, let sizes else { throw literal.malformed("descr, fortran_order and shape") }
    (dtype, isBigEndian) = try Self.elements(of: type)
    (isColumnMajor, shape) = (order, sizes)
  }

  private static func elements(of type: String) throws(Problem) -> (StoredTensor.DType, isBigEndian: Bool) {
    let kinds: [String: StoredTensor.DType] = [
      "f2": .f16, "f4": .f32, "f8": .f64, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64, "u1": .u8, "u2": .u16,
      "u4": .u32, "u8": .u64, "b1": .bool,
    ]
    let kind = type.dropFirst()
    if kind.first == "O" { throw .objects }
    guard let order = type.first, let dtype = kinds[String(kind)],
      order == "<" || order == ">" || order == "|" && dtype.bitCount == 8
    else { throw .unknownType(type) }
    return (dtype, order == ">")
  }
}

/// Text of the few Python values that a header has.
private struct PythonLiteral {
  typealias Problem = NumPyError.Problem

  private let text: [UInt8]
  private let start: Int
  private var place = 0

  /// - Parameter start: offset of the text, for messages.
  init(_ text: [UInt8], at start: Int) { (self.text, self.start) = (text, start) }

  func malformed(_ expected: String) -> Problem { .malformedHeader(offset: start + place, expected: expected) }

  /// The next byte that is not white space; nil at the end.
  private mutating func next() -> UInt8? {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
    return place < text.count ? text[place] : nil
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next() == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  /// A dictionary, up to the end of the text; `value` reads what stands after a key.
  mutating func dictionary(_ value: (inout Self, String) throws(Problem) -> Void) throws(Problem) {
    guard take("{") else { throw malformed("\"{\"") }
    while !take("}") {
      let key = try string()
      guard take(":") else { throw malformed("\":\"") }
      try value(&self, key)
      if !take(",") && next() != UInt8(ascii: "}") { throw malformed("\",\" or \"}\"") }
    }
    guard next() == nil else { throw malformed("the end") }
  }

  private mutating func string() throws(Problem) -> String {
    guard let quote = next(), quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      throw malformed("a string")
    }
    let rest = text[(place + 1)...]
    guard let end = rest.firstIndex(of: quote), let string = String(validating: rest[..<end], as: UTF8.self) else {
      throw malformed("a string in UTF-8 and its end")
    }
    place = end + 1
    return string
  }

  mutating func typeName() throws(Problem) -> String {
    if next() == UInt8(ascii: "[") { throw .structured }
    return try string()
  }

  mutating func truth() throws(Problem) -> Bool {
    _ = next()
    for (word, value) in [("True", true), ("False", false)] where text[place...].starts(with: word.utf8) {
      place += word.utf8.count
      return value
    }
    throw malformed("True or False")
  }

  /// A tuple of non-negative whole numbers: `()`, `(3,)`, `(3, 4)`.
  mutating func tuple(atMost limit: Int) throws(Problem) -> [Int] {
    guard take("(") else { throw malformed("\"(\"") }
    var (numbers, hasComma) = ([Int](), false)
    while !take(")") {
      guard numbers.isEmpty || hasComma else { throw malformed("\",\" or \")\"") }
      _ = next()
      let digits = text[place...].prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
      guard !digits.isEmpty, digits.count == 1 || digits.first != UInt8(ascii: "0") else {
        throw malformed("a non-negative whole number")
      }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw .shapeTooLarge }
      guard numbers.count < limit else { throw .tooManyDimensions }
      numbers.append(number)
      place += digits.count
      hasComma = take(",")
    }
    guard numbers.count != 1 || hasComma else { throw malformed("a tuple") }
    return numbers
  }
}
