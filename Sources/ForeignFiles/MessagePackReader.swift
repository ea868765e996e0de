import TensorCheckpoints
import TensorCore

/// A reader of MessagePack (msgpack.org, specification of 2017) with flax's arrays. It takes time and memory in proportion to
/// the file, whatever that says.
struct MessagePackReader {
  typealias Problem = MessagePackError.Problem

  /// Values of a file: those of some ten thousand tensors and their names.
  static let valueLimit = 1 << 18
  /// Maps and arrays around a value.
  static let depthLimit = 64

  private let file: MappedFile
  private var offset = 0
  /// Where the value, or the array of flax, that is being read ends.
  private var end: Int
  private var values = 0
  /// Bytes of texts, and of other values beside arrays, that may still be copied.
  private var plainBytesLeft = CheckpointLimits.texts
  private var budget: CopyBudget

  static func value(of file: MappedFile) throws(Problem) -> MessagePackValue {
    var reader = MessagePackReader(file)
    let value = try reader.value(depth: 0)
    guard reader.offset == file.count else { throw .trailingBytes(offset: reader.offset) }
    return value
  }

  private init(_ file: MappedFile) {
    self.file = file
    end = file.count
    budget = CopyBudget(for: file)
  }

  // MARK: Bytes

  private mutating func range(_ count: Int) throws(Problem) -> Range<Int> {
    guard count <= end - offset else { throw .cutShort(offset: offset) }
    defer { offset += count }
    return offset..<offset + count
  }

  private mutating func number(_ width: Int) throws(Problem) -> UInt64 {
    file[try range(width)].reduce(0) { $0 << 8 | UInt64($1) }
  }

  private mutating func count(_ width: Int) throws(Problem) -> Int { Int(truncatingIfNeeded: try number(width)) }

  private mutating func plainBytes(_ count: Int) throws(Problem) -> [UInt8] {
    let range = try range(count)
    plainBytesLeft -= count
    guard plainBytesLeft >= 0 else { throw .tooManyValues(offset: range.lowerBound) }
    return file[range]
  }

  private mutating func text(_ count: Int) throws(Problem) -> MessagePackValue {
    let start = offset
    guard let text = String(validating: try plainBytes(count), as: UTF8.self) else {
      throw .textNotUTF8(offset: start)
    }
    return .string(text)
  }

  // MARK: Values

  private mutating func value(depth: Int) throws(Problem) -> MessagePackValue {
    values += 1
    guard values <= Self.valueLimit else { throw .tooManyValues(offset: offset) }
    let start = offset
    let code = UInt8(try number(1))
    switch code {
    case 0x00...0x7F: return .int(Int(code))
    case 0xE0...0xFF: return .int(Int(Int8(bitPattern: code)))
    case 0x80...0x8F: return try map(Int(code & 15), depth: depth)
    case 0x90...0x9F: return try array(Int(code & 15), depth: depth)
    case 0xA0...0xBF: return try text(Int(code & 31))
    case 0xC0: return .none
    case 0xC2, 0xC3: return .bool(code == 0xC3)
    case 0xC4...0xC6: return .bytes(try plainBytes(try count(1 << Int(code - 0xC4))))
    case 0xC7...0xC9: return try other(try count(1 << Int(code - 0xC7)))
    case 0xCA: return .float(Double(Float(bitPattern: UInt32(try number(4)))))
    case 0xCB: return .float(Double(bitPattern: try number(8)))
    case 0xCC...0xCF:
      guard let number = Int(exactly: try number(1 << Int(code - 0xCC))) else { throw .integerTooLarge(offset: start) }
      return .int(number)
    case 0xD0: return .int(Int(Int8(truncatingIfNeeded: try number(1))))
    case 0xD1: return .int(Int(Int16(truncatingIfNeeded: try number(2))))
    case 0xD2: return .int(Int(Int32(truncatingIfNeeded: try number(4))))
    case 0xD3: return .int(Int(truncatingIfNeeded: try number(8)))
    case 0xD4...0xD8: return try other(1 << Int(code - 0xD4))
    case 0xD9...0xDB: return try text(try count(1 << Int(code - 0xD9)))
    case 0xDC, 0xDD: return try array(try count(code == 0xDC ? 2 : 4), depth: depth)
    case 0xDE, 0xDF: return try map(try count(code == 0xDE ? 2 : 4), depth: depth)
    default: throw .unknownCode(code, offset: start)
    }
  }

  private func requireDepth(_ depth: Int) throws(Problem) {
    guard depth < Self.depthLimit else { throw .nestedTooDeeply(offset: offset) }
  }

  private mutating func array(_ count: Int, depth: Int) throws(Problem) -> MessagePackValue {
    try requireDepth(depth)
    guard count <= end - offset else { throw .cutShort(offset: offset) }
    var elements: [MessagePackValue] = []
    for _ in 0..<count { elements.append(try value(depth: depth + 1)) }
    return .array(elements)
  }

  private mutating func map(_ count: Int, depth: Int) throws(Problem) -> MessagePackValue {
    try requireDepth(depth)
    let start = offset
    guard count <= (end - offset) / 2 else { throw .cutShort(offset: offset) }
    var entries: [MessagePackValue.Entry] = []
    for _ in 0..<count {
      let key = try value(depth: depth + 1)
      entries.append(MessagePackValue.Entry(key: key, value: try value(depth: depth + 1)))
    }
    let map = MessagePackValue.map(entries)
    return map[FlaxArray.chunkMark] == nil ? map : .tensor(try joined(map, at: start))
  }

  private mutating func other(_ count: Int) throws(Problem) -> MessagePackValue {
    let kind = Int(Int8(truncatingIfNeeded: try number(1)))
    guard kind == FlaxArray.kind || kind == FlaxArray.scalarKind else {
      return .other(kind: kind, try plainBytes(count))
    }
    let range = try range(count)
    let after = (offset, end)
    (offset, end) = (range.lowerBound, range.upperBound)
    defer { (offset, end) = after }
    return .tensor(try tensor())
  }

  // MARK: Arrays of flax

  /// An array of three: shape, name of the type, and bytes, which stay in the file.
  private mutating func tensor() throws(Problem) -> StoredTensor {
    let start = offset
    guard try number(1) == 0x93, case .array(let sizes) = try value(depth: Self.depthLimit - 1),
      case .string(let name) = try value(depth: Self.depthLimit)
    else { throw .malformedArray(offset: start, expected: "its shape, type and bytes") }
    var shape: [Int] = []
    for size in sizes {
      guard case .int(let size) = size, size >= 0 else {
        throw .malformedArray(offset: start, expected: "sizes that are whole numbers")
      }
      shape.append(size)
    }
    guard let dtype = FlaxArray.types[name] else { throw .unknownType(name, offset: start) }
    guard shape.count <= CheckpointLimits.rank, let bits = dtype.bitCount(ofShape: shape) else {
      throw .shapeTooLarge(offset: start)
    }
    let code = try number(1)
    guard 0xC4...0xC6 ~= code else { throw .malformedArray(offset: start, expected: "its bytes") }
    let data = try range(try count(1 << Int(code - 0xC4)))
    guard data.count == bits / 8 else { throw .wrongSize(offset: start, needed: bits / 8, given: data.count) }
    guard offset == end else { throw .malformedArray(offset: start, expected: "its end") }
    return StoredTensor(dtype: dtype, shape: shape, contents: .mapped(file, data))
  }

  /// The array that flax stored in parts: a map of its shape and the parts, both by number.
  private mutating func joined(_ map: MessagePackValue, at start: Int) throws(Problem) -> StoredTensor {
    var (shape, dtype, parts) = ([Int](), StoredTensor.DType?.none, [StoredBytes]())
    guard case .map(let sizes)? = map["shape"], case .map(let chunks)? = map["chunks"] else {
      throw .malformedArray(offset: start, expected: "a shape and parts")
    }
    for (number, size) in sizes.enumerated() {
      guard size.key == .string("\(number)"), case .int(let size) = size.value, size >= 0 else {
        throw .malformedArray(offset: start, expected: "sizes by their numbers")
      }
      shape.append(size)
    }
    for (number, chunk) in chunks.enumerated() {
      guard chunk.key == .string("\(number)"), case .tensor(let chunk) = chunk.value,
        chunk.dtype == dtype ?? chunk.dtype
      else { throw .malformedArray(offset: start, expected: "parts of one type by their numbers") }
      guard budget.take(chunk.contents.count) else { throw .tooMuchMemory(offset: start) }
      dtype = chunk.dtype
      parts.append(chunk.contents)
    }
    guard let dtype else { throw .malformedArray(offset: start, expected: "parts") }
    guard shape.count <= CheckpointLimits.rank, let bits = dtype.bitCount(ofShape: shape) else {
      throw .shapeTooLarge(offset: start)
    }
    let size = parts.reduce(0) { $0 + $1.count }
    guard size == bits / 8 else { throw .wrongSize(offset: start, needed: bits / 8, given: size) }
    return StoredTensor(dtype: dtype, shape: shape, contents: .joining(parts))
  }
}
