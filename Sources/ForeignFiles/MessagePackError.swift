import TensorCheckpoints
import TensorCore

/// A MessagePack file that is not usable: the file, the offset or array, and the reason, in one line.
public struct MessagePackError: Error, Equatable, CustomStringConvertible {
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
    // Problems of values.
    case cutShort(offset: Int)
    case unknownCode(UInt8, offset: Int)
    case trailingBytes(offset: Int)
    case textNotUTF8(offset: Int)
    case integerTooLarge(offset: Int)
    case nestedTooDeeply(offset: Int)
    case tooManyValues(offset: Int)

    // Problems of arrays as flax stores them.
    case malformedArray(offset: Int, expected: String)
    case unknownType(String, offset: Int)
    case shapeTooLarge(offset: Int)
    case wrongSize(offset: Int, needed: Int, given: Int)
    case tooMuchMemory(offset: Int)

    // Problems of the tree of arrays.
    case noTensors
    case missing(String)
    case keyIsNoText(under: String)
    case duplicateName(String)
    case tooManyTensors
    case notWritten(String, name: String)
  }
}

extension MessagePackError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cutShort(let offset): "byte \(offset): it is cut short"
    case .unknownCode(let code, let offset): "byte \(offset): no value begins with \(code)"
    case .trailingBytes(let offset): "byte \(offset): bytes after the end of the value"
    case .textNotUTF8(let offset): "byte \(offset): a text that is not UTF-8"
    case .integerTooLarge(let offset): "byte \(offset): an integer of more than 63 bits"
    case .nestedTooDeeply(let offset):
      "byte \(offset): values within more than \(MessagePackReader.depthLimit) others"
    case .tooManyValues(let offset):
      "byte \(offset): more than \(MessagePackReader.valueLimit) values, or \(CheckpointLimits.texts >> 20) MiB of texts and bytes beside arrays"
    case .malformedArray(let offset, let expected): "byte \(offset): malformed array, expected \(expected)"
    case .unknownType(let name, let offset):
      "byte \(offset): elements of type \(name.quotedName) are not read; save them as float32"
    case .shapeTooLarge(let offset):
      "byte \(offset): the shape of an array is too large, or has more than \(CheckpointLimits.rank) dimensions"
    case .wrongSize(let offset, let needed, let given):
      "byte \(offset): the shape of an array needs \(counted(needed, "byte")), it has \(given)"
    case .tooMuchMemory(let offset):
      "byte \(offset): copies of the arrays \(CopyBudget.isExceeded)"
    case .noTensors: "there is no array in it; save flax.serialization.to_bytes(params)"
    case .missing(let key): "there is no \(key.quotedName) in it"
    case .keyIsNoText(let name): "a key in \(name.quotedName) is no text"
    case .duplicateName(let name): "the name \(name.quotedName) stands twice, or both for an array and for others in it"
    case .tooManyTensors: "more arrays, or longer names, than are allowed (\(CheckpointLimits.tensors) arrays)"
    case .notWritten(let what, let name): "\(name.quotedName): \(what) cannot be written"
    }
  }
}
