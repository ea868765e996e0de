import TensorCore

/// The header of a safetensors file, with every check that does not need the data.
///
/// The checks come in this order: the file holds a length; the length is within the limit and the file; the header
/// starts with `{`, perhaps after white space, is UTF-8, is an object of the format within the limits below, and has no name twice. Then for every
/// tensor, in the order of the data: the type is known, the size of the shape does not overflow, the size equals the span of
/// the offsets, and the tensor begins where the previous one ended. The first begins at 0 and the last ends at the end of the
/// file.
///
/// - Complexity: O(header) time; memory for what the limits allow, about 64 MiB, whatever the header holds.
struct SafetensorsHeader {
  typealias Problem = SafetensorsError.Problem

  struct Entry {
    var name: String
    var dtype: StoredTensor.DType
    var shape: [Int]
    /// The range of its bytes in the file.
    var range: Range<Int>
  }

  static let metadataName = "__metadata__"
  static let lengthLimit = CheckpointLimits.header

  /// The tensors in the order of their data.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  /// The metadata's `checksum` with its position in the file.
  private(set) var checksum: JSONScanner.Text?
  /// See `CheckpointLimits.allNames`.
  private var nameCost = 0
  /// The position in the file of the first byte of data.
  let dataStart: Int

  init(of file: MappedFile) throws(Problem) {
    guard file.count >= 8 else { throw .tooShort(size: file.count) }
    let length = LittleEndianBytes.decode(file[0..<8], as: UInt64.self)[0]
    guard length <= UInt64(Self.lengthLimit) else { throw .headerTooLong(length: length) }
    let end = 8 + Int(length)
    guard end <= file.count else { throw .headerCutShort(end: end, size: file.count) }
    let first = file.withUnsafeBytes { $0[8..<end].first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } }
    guard first == UInt8(ascii: "{") else { throw .headerNotObject }
    if let offset = file.firstInvalidUTF8(in: 8..<end) { throw .headerNotUTF8(offset: offset) }

    dataStart = end
    do {
      try JSONScanner.scan(file, in: 8..<end) { scanner in
        try scan(&scanner, fileSize: file.count)
        try scanner.end(of: "header")
      }
    } catch let problem as JSONProblem {
      throw Problem(problem)
    } catch let problem as Problem {
      throw problem
    } catch {
      programmingError("SafetensorsHeader: \(error)")
    }
    entries.sort { ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound) }
    try checkCoverage(fileSize: file.count)
  }

  private mutating func scan(_ scanner: inout JSONScanner, fileSize: Int) throws {
    var scanned: [ScannedEntry] = []
    try scanner.object(nameLimit: CheckpointLimits.name) { scanner, name in
      guard name != Self.metadataName else {
        // MLX writes no metadata so.
        return scanner.takeNull() ? () : try scanMetadata(&scanner)
      }
      nameCost += CheckpointLimits.cost(ofName: name)
      guard scanned.count < CheckpointLimits.tensors, nameCost <= CheckpointLimits.allNames else {
        throw Problem.tooManyTensors(offset: scanner.offset)
      }
      scanned.append(try ScannedEntry(name: name, from: &scanner))
    }
    // Shapes and sizes come after all text, so that a header that is no JSON of the format is said to be that.
    entries = try scanned.map { try $0.checked(dataStart: dataStart, fileSize: fileSize) }
  }

  private mutating func scanMetadata(_ scanner: inout JSONScanner) throws {
    var size = 0
    try scanner.object(nameLimit: CheckpointLimits.name) { scanner, key in
      nameCost += CheckpointLimits.cost(ofName: key)
      guard metadata.count < CheckpointLimits.metadataEntries, nameCost <= CheckpointLimits.allNames else {
        throw Problem.tooMuchMetadata(offset: scanner.offset)
      }
      let start = scanner.offset
      let value: JSONScanner.Text
      do { value = try scanner.text(atMost: CheckpointLimits.metadata - size) } catch JSONProblem.textTooLong {
        throw Problem.tooMuchMetadata(offset: start)
      }
      size += value.range.count
      metadata[key] = value.value
      if key == FileSeal.checksumKey { checksum = value }
    }
  }

  private func checkCoverage(fileSize: Int) throws(Problem) {
    var end = dataStart
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
  var begin: Int
  var end: Int

  init(name: String, from scanner: inout JSONScanner) throws {
    var dtype: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.object(nameLimit: CheckpointLimits.name) { scanner, field in
      switch field {
      case "dtype": dtype = try scanner.text(atMost: CheckpointLimits.dtype).value
      case "shape":
        do { shape = try scanner.integers(atMost: CheckpointLimits.rank) } catch JSONProblem.tooManyElements {
          throw Problem.tooManyDimensions(tensor: name)
        }
      case "data_offsets":
        do { offsets = try scanner.integers(atMost: 2) } catch JSONProblem.tooManyElements {
          throw Problem.missingField("pair of data_offsets", tensor: name)
        }
      default: throw Problem.unknownField(field, tensor: name)
      }
    }
    guard let dtype else { throw Problem.missingField("dtype", tensor: name) }
    guard let shape else { throw Problem.missingField("shape", tensor: name) }
    guard let offsets, offsets.count == 2 else { throw Problem.missingField("pair of data_offsets", tensor: name) }
    (self.name, self.dtype, self.shape, begin, end) = (name, dtype, shape, offsets[0], offsets[1])
  }

  func checked(dataStart: Int, fileSize: Int) throws(Problem) -> SafetensorsHeader.Entry {
    guard let dtype = StoredTensor.DType(rawValue: dtype) else { throw .unknownDType(self.dtype, tensor: name) }
    guard let bits = dtype.bitCount(ofShape: shape) else { throw .shapeTooLarge(tensor: name) }
    guard bits % 8 == 0 else { throw .partialByte(tensor: name) }
    let size = bits / 8
    guard begin <= end else { throw .offsetsReversed(tensor: name, begin: begin, end: end) }
    guard end - begin == size else { throw .sizeMismatch(tensor: name, needed: size, given: end - begin) }
    // A hostile header may give offsets near Int.max: the sum must not trap.
    let (fileEnd, overflow) = dataStart.addingReportingOverflow(end)
    guard !overflow else { throw .cutShort(tensor: name, end: end, size: fileSize) }
    return SafetensorsHeader.Entry(
      name: name, dtype: dtype, shape: shape, range: fileEnd - size..<fileEnd)
  }
}
