import TensorCore

/// A file that is not a usable checkpoint: the file, the offset or tensor, and the reason, in one line.
public struct SafetensorsError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened.
  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file): \(problem)" }

  /// Every way in which a file can be malformed or unusable. Offsets are in bytes from the start of the file.
  public enum Problem: Error, Equatable {
    // Problems found before the header is read.
    case tooShort(size: Int)
    case headerTooLong(length: UInt64)
    case headerCutShort(end: Int, size: Int)
    case headerNotObject
    case headerNotUTF8(offset: Int)

    // Problems of the header's text.
    case malformedHeader(offset: Int, expected: String)
    case notAnInteger(offset: Int)
    case integerTooLarge(offset: Int)
    case duplicateName(String, offset: Int)
    case unknownField(String, tensor: String)
    case missingField(String, tensor: String)

    // Headers that ask for more than `CheckpointLimits`.
    case textTooLong(offset: Int, limit: Int)
    case tooManyTensors(offset: Int)
    case tooManyDimensions(tensor: String)
    case tooMuchMetadata(offset: Int)

    // Problems of the tensors that the header describes.
    case unknownDType(String, tensor: String)
    case shapeTooLarge(tensor: String)
    case partialByte(tensor: String)
    case offsetsReversed(tensor: String, begin: Int, end: Int)
    case sizeMismatch(tensor: String, needed: Int, given: Int)
    case overlap(tensor: String, begin: Int, previousEnd: Int)
    case hole(tensor: String, begin: Int, previousEnd: Int)
    case cutShort(tensor: String, end: Int, size: Int)
    case trailingBytes(offset: Int, count: Int)

    // Problems of the format version and the checksum.
    case versionWithoutChecksum
    case checksumWithoutVersion
    case unknownVersion(String)
    case malformedChecksum(offset: Int)
    case checksumMismatch

    // Problems of a tensor that a reader asks for.
    case notFinite(tensor: String, index: Int)
    case missingTensor(String)
    case unknownTensor(String)
    case wrongDType(tensor: String, found: StoredTensor.DType, wanted: StoredTensor.DType)
    case wrongShape(tensor: String, found: [Int], wanted: [Int])
    case tooLargeForFloat(tensor: String, index: Int)
  }
}

extension SafetensorsError {
  /// Whether the file begins like a text.
  package var isOfText: Bool { if case .headerTooLong(let length) = problem { length.looksLikeText } else { false } }
}

extension SafetensorsError {
  /// Whether the file begins like one of another package: an archive (PyTorch, Keras, NumPy), a pickle (PyTorch), or HDF5 (Keras).
  package var isOfOtherPackage: Bool {
    guard case .headerTooLong(let length) = problem else { return false }
    let start = withUnsafeBytes(of: length.littleEndian, Array.init)
    return [[0x50, 0x4B, 3, 4], [0x80, 2], [0x89, 0x48, 0x44, 0x46]].contains { start.starts(with: $0) }
  }
}

extension SafetensorsError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .tooShort(let size):
      "not a safetensors file: it has \(size) bytes, the header's length alone takes 8"
    case .headerTooLong(let length) where length.looksLikeText:
      "not a safetensors file: it begins like a text"
    case .headerTooLong(let length):
      "not a safetensors file: a header of \(length) bytes, at most \(SafetensorsHeader.lengthLimit) are allowed"
    case .headerCutShort(let end, let size):
      "the file is cut short: it ends at byte \(size), the header needs bytes up to \(end)"
    case .headerNotObject:
      "not a safetensors file: the header at byte 8 does not start with \"{\""
    case .headerNotUTF8(let offset):
      "byte \(offset): the header is not UTF-8"
    case .malformedHeader(let offset, let expected):
      "byte \(offset): malformed header, expected \(expected)"
    case .notAnInteger(let offset):
      "byte \(offset): malformed header, expected a non-negative whole number"
    case .integerTooLarge(let offset):
      "byte \(offset): the number is too large"
    case .duplicateName(let name, let offset):
      "byte \(offset): the name \(name.quotedName) stands twice"
    case .unknownField(let field, let tensor):
      "tensor \(tensor.quotedName) has an unknown field \(field.quotedName)"
    case .missingField(let field, let tensor):
      "tensor \(tensor.quotedName) has no \(field)"
    case .textTooLong(let offset, let limit):
      "byte \(offset): a text of more than \(limit) bytes where a name is expected"
    case .tooManyTensors(let offset):
      "byte \(offset): more tensors, or longer names, than are allowed (\(CheckpointLimits.tensors) tensors, whose names "
        + "have \(CheckpointLimits.allNames) bytes)"
    case .tooManyDimensions(let tensor):
      "tensor \(tensor.quotedName) has more than \(CheckpointLimits.rank) dimensions"
    case .tooMuchMetadata(let offset):
      "byte \(offset): more metadata than is allowed (\(CheckpointLimits.metadataEntries) entries of "
        + "\(CheckpointLimits.metadata) bytes in all)"
    case .unknownDType(let dtype, let tensor):
      "tensor \(tensor.quotedName) has the unknown type \(dtype.quotedName)"
    case .shapeTooLarge(let tensor):
      "tensor \(tensor.quotedName): the product of its shape is too large"
    case .partialByte(let tensor):
      "tensor \(tensor.quotedName) does not end on a whole byte"
    case .offsetsReversed(let tensor, let begin, let end):
      "tensor \(tensor.quotedName) ends before it begins: data offsets \(begin) and \(end)"
    case .sizeMismatch(let tensor, let needed, let given):
      "tensor \(tensor.quotedName): its shape needs \(needed) bytes, its data offsets span \(given)"
    case .overlap(let tensor, let begin, let previousEnd):
      "tensor \(tensor.quotedName) overlaps another: it begins at byte \(begin), the one before ends at \(previousEnd)"
    case .hole(let tensor, let begin, let previousEnd):
      "tensor \(tensor.quotedName) leaves a hole: it begins at byte \(begin), the data before end at \(previousEnd)"
    case .cutShort(let tensor, let end, let size):
      "the file is cut short: it ends at byte \(size), tensor \(tensor.quotedName) needs bytes up to \(end)"
    case .trailingBytes(let offset, let count):
      "\(count) bytes after the last tensor, from byte \(offset) on"
    case .versionWithoutChecksum:
      "the header has a format_version but no checksum: another program dropped one of them; drop both, or neither"
    case .checksumWithoutVersion:
      "the header has a checksum but no format_version: another program dropped one of them; drop both, or neither"
    case .unknownVersion(let version):
      "format version \(version.quotedName) is unknown: written by a newer program?"
    case .malformedChecksum(let offset):
      "byte \(offset): the checksum is not 64 lowercase hexadecimal digits"
    case .checksumMismatch:
      "its content does not match its checksum: the file is damaged, or another program changed it and kept the metadata "
        + "format_version and checksum, which it should drop"
    case .notFinite(let tensor, let index):
      "tensor \(tensor.quotedName): element \(index) is not a finite number"
    case .missingTensor(let name):
      "there is no tensor \(name.quotedName)"
    case .unknownTensor(let name):
      "tensor \(name.quotedName) belongs to no parameter of the model"
    case .wrongDType(let tensor, let found, let wanted):
      "tensor \(tensor.quotedName) holds \(found.rawValue), \(wanted.rawValue) is needed"
    case .wrongShape(let tensor, let found, let wanted):
      "tensor \(tensor.quotedName) has shape \(found), \(wanted) is needed"
    case .tooLargeForFloat(let tensor, let index):
      "tensor \(tensor.quotedName): element \(index) is too large for single precision"
    }
  }
}

extension SafetensorsError.Problem {
  init(_ problem: JSONProblem) {
    self =
      switch problem {
      case .malformed(let offset, let expected): .malformedHeader(offset: offset, expected: expected)
      case .notAnInteger(let offset): .notAnInteger(offset: offset)
      case .integerTooLarge(let offset): .integerTooLarge(offset: offset)
      case .duplicateName(let name, let offset): .duplicateName(name, offset: offset)
      case .textTooLong(let offset, let limit): .textTooLong(offset: offset, limit: limit)
      case .tooManyElements(let offset, let limit):
        .malformedHeader(offset: offset, expected: "at most \(limit) elements")
      }
  }
}

extension UInt64 {
  /// Whether its bytes are UTF-8 without control characters but tabs and line ends: the start of a text, read as a length. The
  /// last character may be cut.
  fileprivate var looksLikeText: Bool {
    var text = String(decoding: withUnsafeBytes(of: littleEndian, Array.init), as: UTF8.self).unicodeScalars
    if text.last == "\u{FFFD}" { text.removeLast() }
    return text.allSatisfy { $0 != "\u{FFFD}" && ($0.value >= 32 || (9...13).contains($0.value)) }
  }
}
