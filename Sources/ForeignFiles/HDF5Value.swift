import TensorCheckpoints
import TensorCore

/// Content of an attribute or a dataset.
public enum HDF5Value: Sendable, Equatable {
  case text(String)
  /// An array of texts, in row-major order, whatever its shape.
  case texts([String])
  case numbers(StoredTensor)
  /// A value without an element, h5py's `Empty`.
  case empty
}

extension HDF5Scan {
  /// Bytes of the texts of one value.
  private static let textLimit = CheckpointLimits.texts

  /// The value that stored elements stand for.
  mutating func value(
    _ contents: StoredBytes, type: HDF5Type, shape: HDF5Shape, budget: inout CopyBudget
  ) throws(Problem) -> HDF5Value {
    if shape.isNull { return .empty }
    let texts: [String]
    switch type {
    case .number(let dtype, let isBigEndian):
      let width = dtype.bitCount / 8
      var contents = contents
      if isBigEndian && width > 1 {
        guard budget.take(contents.count) else { throw .tooMuchMemory }
        contents = .array(contents.byteSwapped(width: width))
      }
      return .numbers(StoredTensor(dtype: dtype, shape: shape.sizes, contents: contents))
    case .text(let size, let padding):
      guard contents.count <= Self.textLimit else { throw .tooMuch("bytes of texts") }
      texts = try Self.texts(contents.array, size: size, padding: padding)
    case .textElsewhere:
      guard contents.count <= Self.textLimit else { throw .tooMuch("bytes of texts") }
      texts = try textsElsewhere(contents.array)
    case .opaquePair: throw .typeNotRead("opaque bytes")
    }
    return shape.sizes.isEmpty && texts.count == 1 ? .text(texts[0]) : .texts(texts)
  }

  private static func texts(_ bytes: [UInt8], size: Int, padding: Int) throws(Problem) -> [String] {
    var texts: [String] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      var text = bytes[start..<start + size]
      switch padding {
      case 0: text = text.prefix { $0 != 0 }
      case 1: while text.last == 0 { text.removeLast() }
      default: while text.last == 0x20 { text.removeLast() }
      }
      // A text that had to be mended is another one.
      let decoded = String(decoding: text, as: UTF8.self)
      guard decoded.utf8.elementsEqual(text) else { throw .textNotUTF8 }
      texts.append(decoded)
    }
    return texts
  }

  /// The texts that lengths and places in collections stand for.
  private mutating func textsElsewhere(_ bytes: [UInt8]) throws(Problem) -> [String] {
    var fields = HDF5Fields(bytes, at: 0, name: "a text")
    var (texts, total) = ([String](), 0)
    var collections: [Int: [Int: Range<Int>]] = [:]
    for _ in 0..<bytes.count / 16 {
      let (length, address, index) = (try fields.number(4), try fields.address(), try fields.number(4))
      guard length > 0 else {
        texts.append("")
        continue
      }
      guard let address else { throw fields.malformed() }
      if collections[address] == nil { collections[address] = try collection(at: address) }
      guard let range = collections[address]?[index], range.count >= length else {
        throw .malformed("a text", offset: address)
      }
      total += length
      guard total <= Self.textLimit else { throw .tooMuch("bytes of texts") }
      guard let contents = source.contents(at: range.lowerBound, count: length),
        let text = String(validating: contents.array.prefix { $0 != 0 }, as: UTF8.self)
      else { throw .textNotUTF8 }
      texts.append(text)
    }
    return texts
  }

  /// Addresses of the texts in a collection, by their numbers.
  private mutating func collection(at address: Int) throws(Problem) -> [Int: Range<Int>] {
    var head = try fields(at: address, count: 16, "a collection of texts")
    try head.signature("GCOL")
    try head.skip(4)
    let size = try head.number(8)
    guard size >= 16 else { throw head.malformed() }
    var fields = try fields(at: address + 16, count: size - 16, "a collection of texts")
    var ranges: [Int: Range<Int>] = [:]
    while fields.left >= 16 {
      let index = try fields.number(2)
      guard index != 0 else { break }
      try fields.skip(6)
      let count = try fields.number(8)
      let start = fields.offset + fields.place
      guard count <= fields.left else { throw fields.malformed() }
      ranges[index] = start..<start + count
      try fields.skip(min((count + 7) / 8 * 8, fields.left))
    }
    return ranges
  }
}

/// A name in the header of an object and its value.
struct HDF5Attribute {
  let name: String
  private let type: HDF5Fields
  private let shape: HDF5Fields
  private let data: HDF5Fields
  private let isShared: Bool

  init(_ fields: inout HDF5Fields) throws(HDF5Error.Problem) {
    let (version, flags) = (try fields.number(1), try fields.number(1))
    guard 1...3 ~= version else { throw fields.unknown(version: version) }
    let (nameSize, typeSize, shapeSize) = (try fields.number(2), try fields.number(2), try fields.number(2))
    if version == 3 { try fields.skip(1) }
    func padded(_ size: Int) -> Int { version == 1 ? (size + 7) / 8 * 8 : size }
    func part(_ fields: inout HDF5Fields, _ size: Int, _ what: String) throws(HDF5Error.Problem) -> HDF5Fields {
      let start = fields.offset + fields.place
      return HDF5Fields(Array(try fields.take(size)), at: start, name: what)
    }
    name = try fields.text(nameSize)
    try fields.skip(padded(nameSize) - nameSize)
    type = try part(&fields, padded(typeSize), "the type of an attribute")
    shape = try part(&fields, padded(shapeSize), "the shape of an attribute")
    data = try part(&fields, fields.left, "an attribute")
    isShared = version > 1 && flags & 3 != 0
  }

  func value(in scan: inout HDF5Scan) throws(HDF5Error.Problem) -> HDF5Value {
    guard !isShared else { throw .notRead("an attribute whose type stands in another object") }
    var (type, shape) = (self.type, self.shape)
    let (element, sizes) = (try HDF5Type(&type), try HDF5Shape(&shape))
    let count = try sizes.byteCount(of: element)
    guard count <= data.bytes.count else { throw .wrongSize(needed: count, given: data.bytes.count) }
    var budget = scan.source.copies
    return try scan.value(.array(Array(data.bytes.prefix(count))), type: element, shape: sizes, budget: &budget)
  }
}
