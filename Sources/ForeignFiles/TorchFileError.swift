import TensorCheckpoints
import TensorCore

/// A file that is not a usable checkpoint of PyTorch: the file, the tensor or offset, and the reason, in one line.
public struct TorchFileError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened.
  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) {
    self.file = file
    self.problem = problem
  }

  public var description: String { "\(file): \(problem)" }

  /// Every way in which a checkpoint can be malformed or unusable.
  public enum Problem: Error, Equatable {
    // Problems of the file.
    case oldFormat
    case torchScript
    case noPickle
    case unknownByteOrder(String)
    case pickleTooLong(size: Int)
    /// The offset is in bytes from the start of `data.pkl`.
    case pickle(PickleProblem, offset: Int)

    // Problems of the choice of tensors.
    case noStateDict
    case severalStateDicts([String])
    case missingStateDict(String, found: [String])
    case duplicateName(String)
    case tooManyTensors

    // Problems of a tensor.
    case shapeTooLarge(tensor: String)
    case missingStorage(String, tensor: String)
    case wrongStorageSize(tensor: String, needed: Int, given: Int)
    case outsideStorage(tensor: String, end: Int, count: Int)
    case repeatedElements(tensor: String, count: Int, stored: Int)
    case tooMuchMemory(tensor: String)
  }

  /// Every way in which a pickle can be malformed, or asks for what is not read.
  public enum PickleProblem: Error, Equatable {
    case cutShort
    case unknownProtocol(Int)
    case unknownInstruction(UInt8)
    case unknownGlobal(String)
    case malformed(expected: String)
    case textNotUTF8
    case integerTooLarge
    case tooManyDimensions
    case tooManyInstructions
    case tooManyValues
    case tooMuchText
    case nestedTooDeeply
    case trailingBytes
  }
}

extension TorchFileError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .oldFormat:
      "PyTorch's format before version 1.6, which is not read; save it anew: torch.save(torch.load(path), \"new.pt\")"
    case .torchScript:
      "a TorchScript archive, which holds a program; save its numbers: "
        + "torch.save(torch.jit.load(path).state_dict(), \"new.pt\")"
    case .noPickle: "not a PyTorch file: the archive has no folder with the one file data.pkl"
    case .unknownByteOrder(let order): "the byte order \(order.quotedName) is neither little nor big"
    case .pickleTooLong(let size):
      "data.pkl has \(size) bytes; at most \(TorchCheckpoint.pickleLimit) are allowed: save the state dict alone"
    case .pickle(let problem, let offset): "byte \(offset) of data.pkl: \(problem)"
    case .noStateDict: "there is no dictionary of tensors in it; save model.state_dict()"
    case .severalStateDicts(let keys):
      "there are several dictionaries of tensors: \(keys.quotedList); choose one"
    case .missingStateDict(let key, let found):
      "there is no dictionary of tensors \(key.quotedName); there \(found.isEmpty ? "is none" : "are \(found.quotedList)")"
    case .duplicateName(let name): "the name \(name.quotedName) stands twice"
    case .tooManyTensors: "more tensors, or longer names, than are allowed (\(CheckpointLimits.tensors) tensors)"
    case .shapeTooLarge(let tensor):
      "tensor \(tensor.quotedName): its shape and strides are too large, negative or of different lengths"
    case .missingStorage(let storage, let tensor):
      "tensor \(tensor.quotedName): there is no storage \(storage.quotedName) in the archive"
    case .wrongStorageSize(let tensor, let needed, let given):
      "tensor \(tensor.quotedName): its storage should have \(counted(needed, "byte")), it has \(given)"
    case .outsideStorage(let tensor, let end, let count):
      "tensor \(tensor.quotedName) leaves its storage: it needs \(counted(end, "element")) of \(count)"
    case .repeatedElements(let tensor, let count, let stored):
      "tensor \(tensor.quotedName) repeats the elements of its storage (\(count) of \(stored)); save a copy: "
        + "tensor.contiguous()"
    case .tooMuchMemory(let tensor):
      "tensor \(tensor.quotedName): copies \(CopyBudget.isExceeded); save tensors as "
        + "tensor.contiguous(), with torch.save alone"
    }
  }
}

extension TorchFileError.PickleProblem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .cutShort: "it is cut short"
    case .unknownProtocol(let version): "protocol \(version) of pickle is unknown; 2 to 5 are read"
    case .unknownInstruction(let code): "instruction \(code) of pickle is none of those that make plain data"
    case .unknownGlobal(let name):
      "it names \(name.quotedName), which is not plain data and is not run; save model.state_dict() and plain values alone"
    case .malformed(let expected): "malformed pickle, expected \(expected)"
    case .textNotUTF8: "a text that is not UTF-8"
    case .integerTooLarge: "an integer of more than 64 bits"
    case .tooManyDimensions: "a shape or strides of more than \(CheckpointLimits.rank) dimensions"
    case .tooManyInstructions: "more than \(PickleReader.instructionLimit) instructions; save the state dict alone"
    case .tooManyValues: "more than \(PickleTree.valueLimit) values, as parts are repeated"
    case .tooMuchText: "more than \(TorchCheckpoint.pickleLimit) bytes of texts, as parts are repeated"
    case .nestedTooDeeply: "values within more than \(PickleTree.depthLimit) others, or within themselves"
    case .trailingBytes: "bytes after the end of the pickle"
    }
  }
}

extension [String] {
  /// The first few names for a message.
  fileprivate var quotedList: String {
    prefix(5).map(\.quotedName).joined(separator: ", ") + (count > 5 ? " and \(count - 5) more" : "")
  }
}
