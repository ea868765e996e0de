import TensorCore

/// The header of a safetensors file, with every check that does not need the data.
///
/// The checks come in this order: the file holds a length; the length is within the limit and the file; the header
/// starts with `{`, is UTF-8, is an object of the format, and has no name twice. Then for every tensor, in the order of the
/// data: the type is known, the size of the shape does not overflow, the size equals the span of the offsets, and the
/// tensor begins where the previous one ended. The first begins at 0 and the last ends at the end of the file.
struct SafetensorsHeader {
  typealias Problem = SafetensorsError.Problem

  struct Entry {
    var name: String
    var dtype: StoredTensor.DType
    var shape: [Int]
    /// The range of its bytes in the file.
    var range: Range<Int>
  }

  static let lengthLimit = 100_000_000
  static let metadataName = "__metadata__"

  /// The tensors in the order of their data.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  /// The metadata's `checksum` with its position in the file.
  private(set) var checksum: JSONScanner.Text?

  init(of file: MappedFile) throws(Problem) {
    guard file.count >= 8 else { throw .tooShort(size: file.count) }
    let length = LittleEndianBytes.decode(file[0..<8], as: UInt64.self)[0]
    guard length <= UInt64(Self.lengthLimit) else { throw .headerTooLong(length: length) }
    let end = 8 + Int(length)
    guard end <= file.count else { throw .headerCutShort(end: end, size: file.count) }
    let text = file[8..<end]
    guard text.first == UInt8(ascii: "{") else { throw .headerNotObject }
    if let offset = text.firstInvalidUTF8 { throw .headerNotUTF8(offset: 8 + offset) }

    let found = try scan(text)
    entries.reserveCapacity(found.count)
    for entry in found { entries.append(try entry.checked(dataStart: end, fileSize: file.count)) }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try checkCoverage(from: end, fileSize: file.count)
  }

  private mutating func scan(_ text: [UInt8]) throws(Problem) -> [ScannedEntry] {
    var scanner = JSONScanner(text, origin: 8)
    var found: [ScannedEntry] = []
    var metadata: [String: String] = [:]
    var checksum: JSONScanner.Text?
    try scanner.object { (scanner: inout JSONScanner, name: String) throws(Problem) in
      guard name == Self.metadataName else {
        found.append(try ScannedEntry(name: name, from: &scanner))
        return
      }
      try scanner.object { (scanner: inout JSONScanner, key: String) throws(Problem) in
        let value = try scanner.text()
        metadata[key] = value.value
        if key == FileSeal.checksumKey { checksum = value }
      }
    }
    try scanner.end()
    self.metadata = metadata
    self.checksum = checksum
    return found
  }

  private func checkCoverage(from start: Int, fileSize: Int) throws(Problem) {
    var end = start
    for entry in entries {
      let begin = entry.range.lowerBound
      guard begin >= end else { throw .overlap(tensor: entry.name, begin: begin, previousEnd: end) }
      guard begin == end else { throw .hole(tensor: entry.name, begin: begin, previousEnd: end) }
      end = entry.range.upperBound
      guard end <= fileSize else { throw .cutShort(tensor: entry.name, end: end, size: fileSize) }
    }
    guard end == fileSize else { throw .trailingBytes(offset: end, count: fileSize - end) }
  }
}

/// A tensor as described by the header, not validated yet.
private struct ScannedEntry {
  typealias Problem = SafetensorsError.Problem

  var name: String
  var dtype: String
  var shape: [Int]
  var offsets: [Int]

  init(name: String, from scanner: inout JSONScanner) throws(Problem) {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object { (scanner: inout JSONScanner, field: String) throws(Problem) in
      switch field {
      case "dtype": dtype = try scanner.text().value
      case "shape": shape = try scanner.integers()
      case "data_offsets": offsets = try scanner.integers()
      default: throw .unknownField(field, tensor: name)
      }
    }
    guard let dtype else { throw .missingField("dtype", tensor: name) }
    guard let shape else { throw .missingField("shape", tensor: name) }
    guard let offsets, offsets.count == 2 else { throw .missingField("pair of data_offsets", tensor: name) }
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.offsets = offsets
  }

  func checked(dataStart: Int, fileSize: Int) throws(Problem) -> SafetensorsHeader.Entry {
    guard let dtype = StoredTensor.DType(rawValue: dtype) else { throw .unknownDType(self.dtype, tensor: name) }
    guard let bits = dtype.bitCount(ofShape: shape) else { throw .shapeTooLarge(tensor: name) }
    guard bits % 8 == 0 else { throw .partialByte(tensor: name) }
    let size = bits / 8
    let (begin, end) = (offsets[0], offsets[1])
    guard begin <= end else { throw .offsetsReversed(tensor: name, begin: begin, end: end) }
    guard end - begin == size else { throw .sizeMismatch(tensor: name, needed: size, given: end - begin) }
    // A hostile header may give offsets near Int.max: the sum must not trap.
    let (fileEnd, overflow) = dataStart.addingReportingOverflow(end)
    guard !overflow else { throw .cutShort(tensor: name, end: end, size: fileSize) }
    return SafetensorsHeader.Entry(
      name: name, dtype: dtype, shape: shape, range: fileEnd - size..<fileEnd)
  }
}

extension [UInt8] {
  /// The index of the first byte that is not valid UTF-8.
  fileprivate var firstInvalidUTF8: Int? {
    var parser = Unicode.UTF8.ForwardParser()
    var rest = makeIterator()
    var offset = 0
    while true {
      switch parser.parseScalar(from: &rest) {
      case .valid(let scalar): offset += scalar.count
      case .emptyInput: return nil
      case .error: return offset
      }
    }
  }
}
