import TensorCheckpoints
import TensorCore

/// An HDF5 file, or an object in it, that is not usable: the file, the object, and the reason, in one line.
public struct HDF5Error: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened.
  public let file: String
  /// The path of a group or dataset; nil for the file as a whole.
  public let object: String?
  public let problem: Problem

  public init(file: String, object: String?, problem: Problem) {
    self.file = file
    self.object = object
    self.problem = problem
  }

  public var description: String { "\(file): \(object.map { "\($0.quotedName): " } ?? "")\(problem)" }

  /// Every way in which a file can be malformed or unusable. Offsets are in bytes from the start of the file.
  public enum Problem: Error, Equatable {
    // Problems of the structures that a file is made of, each called by its name.
    case notHDF5
    case cutShort(end: Int, size: Int)
    case outOfBounds(String, offset: Int)
    case malformed(String, offset: Int)
    case unknownVersion(Int, of: String, offset: Int)
    case wrongChecksum(String, offset: Int)
    case tooMuch(String)

    // Features of the format that are not read.
    /// A form that h5py writes where it is asked to.
    case notRead(String)
    /// A type that is none of numbers or texts here.
    case typeNotRead(String)
    /// Something that stands in another file or dataset.
    case notInFile(String)
    case unknownFilter(Int)

    // Problems of an object.
    case missing
    case danglingLink
    case noGroup
    case noDataset
    case textNotUTF8
    case nestedTooDeeply
    case shapeTooLarge
    case wrongSize(needed: Int, given: Int)
    case damagedChunk(String)
    case noNumbers
    case tooManyTensors
    case tooMuchMemory

    // Problems of what is to be written.
    case duplicateName
    case notWritten(String)
  }
}

extension HDF5Error.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notHDF5: "not an HDF5 file: these begin with \\x89HDF"
    case .cutShort(let end, let size): "it is cut short: it ends at byte \(size), and should have \(end)"
    case .outOfBounds(let what, let offset): "byte \(offset): \(what) leaves the file"
    case .malformed(let what, let offset): "byte \(offset): \(what) is malformed"
    case .unknownVersion(let version, let what, let offset):
      "byte \(offset): version \(version) of \(what) is unknown"
    case .wrongChecksum(let what, let offset): "byte \(offset): \(what) does not match its checksum: it is damaged"
    case .tooMuch(let what): "more \(what) than are allowed, or parts of the file that overlap"
    case .notRead(let what): "it has \(what), which is not read; copy the file with h5py and its defaults"
    case .typeNotRead(let what): "it has \(what), which are not read; save integers, floating-point numbers or texts"
    case .notInFile(let what): "it has \(what), which is not read; save what stands there in this file"
    case .unknownFilter(let number):
      "its data went through filter \(number)\(HDF5Filter.names[number].map { " (\($0))" } ?? ""), which is not read; "
        + "save them with gzip or without compression"
    case .missing: "there is no such group or dataset"
    case .danglingLink: "this link leads nowhere, or from link to link"
    case .noGroup: "it is a dataset, and no group"
    case .noDataset: "it is a group, and no dataset"
    case .textNotUTF8: "a text that is not UTF-8"
    case .nestedTooDeeply: "groups within more than \(HDF5Object.depthLimit) others, or in themselves"
    case .shapeTooLarge: "its shape is too large, or has more than \(CheckpointLimits.rank) dimensions"
    case .wrongSize(let needed, let given):
      "its shape needs \(counted(needed, "byte")) of data, it has \(given)"
    case .damagedChunk(let why): "a chunk of its data is damaged: \(why)"
    case .noNumbers: "it holds texts or nothing, and no numbers"
    case .tooManyTensors: "more datasets, or longer names, than are allowed (\(CheckpointLimits.tensors) datasets)"
    case .tooMuchMemory:
      "copies of the data \(CopyBudget.isExceeded); save them without compression"
    case .duplicateName: "the name stands twice"
    case .notWritten(let what): "\(what) cannot be written"
    }
  }
}
