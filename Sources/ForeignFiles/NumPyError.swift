import TensorCheckpoints
import TensorCore

/// A `.npy` or `.npz` file that is not a usable array: the file, the array, and the reason, in one line.
public struct NumPyError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened.
  public let file: String
  /// The array in an archive; nil for a file that is an array.
  public let array: String?
  public let problem: Problem

  public init(file: String, array: String?, problem: Problem) {
    self.file = file
    self.array = array
    self.problem = problem
  }

  public var description: String { "\(file): \(array.map { "array \($0.quotedName): " } ?? "")\(problem)" }

  /// Every way in which an array can be malformed or unusable. Offsets are in bytes from the start of the array.
  public enum Problem: Error, Equatable {
    case notAnArray
    case unknownVersion(Int)
    case headerTooLong(length: Int)
    case cutShort(end: Int, size: Int)
    case malformedHeader(offset: Int, expected: String)
    case objects
    case structured
    case unknownType(String)
    case tooManyDimensions
    case shapeTooLarge
    case wrongSize(needed: Int, given: Int)

    // Problems of an archive.
    case tooManyArrays
    case tooMuchMemory
  }
}

extension NumPyError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notAnArray: "not a NumPy array: these begin with \\x93NUMPY, and are named .npy in an archive"
    case .unknownVersion(let version): "version \(version) of the format is unknown; 1, 2 and 3 are read"
    case .headerTooLong(let length):
      "a header of \(length) bytes; at most \(NumPyHeader.lengthLimit) are allowed"
    case .cutShort(let end, let size): "it is cut short: it ends at byte \(size), its header needs bytes up to \(end)"
    case .malformedHeader(let offset, let expected): "byte \(offset): malformed header, expected \(expected)"
    case .objects: "it holds Python objects, which are not read; save it as numbers"
    case .structured: "it holds records of several fields, which are not read; save each field as an array"
    case .unknownType(let type):
      "its type \(type.quotedName) is not read; f2, f4, f8, i1 to i8, u1 to u8 and b1 are"
    case .tooManyDimensions: "it has more than \(CheckpointLimits.rank) dimensions"
    case .shapeTooLarge: "the product of its shape is too large"
    case .wrongSize(let needed, let given):
      "its shape needs \(counted(needed, "byte")) of data, \(given) \(given == 1 ? "follows" : "follow") the header"
    case .tooManyArrays: "more arrays, or longer names, than are allowed (\(CheckpointLimits.tensors) arrays)"
    case .tooMuchMemory:
      "copies of the arrays \(CopyBudget.isExceeded); save them with numpy.savez, without "
        + "compression"
    }
  }
}
