import TensorCore

/// The fields of a protobuf message, read in place from a file in their order.
///
/// Groups, which protobuf has given up, are refused.
struct ProtobufFields {
  typealias Problem = ONNXError.Problem

  private let file: MappedFile
  private var rest: Range<Int>

  /// - Parameter range: the bytes of the message.
  init(_ file: MappedFile, _ range: Range<Int>) { (self.file, rest) = (file, range) }

  /// The next field; nil at the end of the message.
  mutating func next() throws(Problem) -> ProtobufField? {
    guard let start = rest.first else { return nil }
    let key = try varint("a field")
    guard let number = Int(exactly: key >> 3), number > 0 else { throw .malformed(offset: start, expected: "a field") }
    let content: ProtobufField.Content =
      switch key & 7 {
      case 0: .varint(try varint("an integer"))
      case 1: .fixed(try take(8))
      case 2: .bytes(try take(Int(clamping: try varint("a length"))))
      case 5: .fixed(try take(4))
      default: throw .malformed(offset: start, expected: "a field")
      }
    return ProtobufField(number: number, offset: start, content: content, file: file)
  }

  private mutating func varint(_ expected: String) throws(Problem) -> UInt64 {
    guard let (value, end) = file.varint(in: rest) else {
      throw .malformed(offset: rest.lowerBound, expected: expected)
    }
    rest = end..<rest.upperBound
    return value
  }

  private mutating func take(_ count: Int) throws(Problem) -> Range<Int> {
    guard count <= rest.count else { throw .cutShort(offset: rest.lowerBound, needed: count, left: rest.count) }
    defer { rest = rest.lowerBound + count..<rest.upperBound }
    return rest.lowerBound..<rest.lowerBound + count
  }
}

/// A field of a protobuf message. Reading it as another kind than it has is an error.
struct ProtobufField {
  typealias Problem = ONNXError.Problem

  enum Content {
    case varint(UInt64)
    /// Four or eight bytes.
    case fixed(Range<Int>)
    case bytes(Range<Int>)
  }

  let number: Int
  /// Offset of the field in the file.
  let offset: Int
  let content: Content
  let file: MappedFile

  /// The bytes of a message, a text or packed numbers.
  func bytes(_ expected: String) throws(Problem) -> Range<Int> {
    guard case .bytes(let range) = content else { throw malformed(expected) }
    return range
  }

  func message() throws(Problem) -> ProtobufFields { ProtobufFields(file, try bytes("a message")) }

  func text() throws(Problem) -> String {
    guard let text = String(validating: file[try bytes("a text")], as: UTF8.self) else {
      throw .textNotUTF8(offset: offset)
    }
    return text
  }

  func integer() throws(Problem) -> Int {
    guard case .varint(let value) = content else { throw malformed("an integer") }
    return Int(Int64(bitPattern: value))
  }

  func float() throws(Problem) -> Float {
    guard case .fixed(let range) = content, range.count == 4 else { throw malformed("a number of 4 bytes") }
    return LittleEndianBytes.decode(file[range])[0]
  }

  /// Integers of a repeated field, of which a field holds one, or all when they are packed.
  func integers() throws(Problem) -> [Int] {
    guard case .bytes(let range) = content else { return [try integer()] }
    guard let numbers = file.varints(in: range, as: Int.self) else { throw malformed("packed integers") }
    return numbers
  }

  /// Numbers of a repeated field, of which a field holds one, or all when they are packed.
  func floats() throws(Problem) -> [Float] {
    guard case .bytes(let range) = content else { return [try float()] }
    guard range.count.isMultiple(of: 4) else { throw malformed("packed numbers of 4 bytes") }
    return LittleEndianBytes.decode(file[range])
  }

  /// Bytes of the field's content, which no list that is made of it has more elements than.
  var size: Int {
    switch content {
    case .varint: 1
    case .fixed(let range), .bytes(let range): range.count
    }
  }

  func malformed(_ expected: String) -> Problem { .malformed(offset: offset, expected: expected) }
}
