import TensorCheckpoints
import TensorCore

/// A file that is not a usable ONNX model: the file, the node, tensor or offset, and the reason, in one line.
public struct ONNXError: Error, Equatable, CustomStringConvertible {
  /// The path by which the file was opened; "model" for a model that was made.
  public let file: String
  public let problem: Problem

  public init(file: String, problem: Problem) { (self.file, self.problem) = (file, problem) }

  public var description: String { "\(file): \(problem)" }

  /// Every way in which a model can be malformed or unusable. Offsets are in bytes from the start of the file.
  public enum Problem: Error, Equatable {
    // Problems of the message.
    case malformed(offset: Int, expected: String)
    case cutShort(offset: Int, needed: Int, left: Int)
    case textNotUTF8(offset: Int)
    case nestedTooDeeply(offset: Int)
    case tooMuchDescription(offset: Int)
    case noGraph
    case standsTwice(String)

    // Parts that are not read.
    case function(String)
    case sparseTensor(String)
    case attributeKind(String, node: String)

    // Problems of a tensor.
    case dataFileOfNoFile(location: String, tensor: String)
    case dataFileElsewhere(location: String, tensor: String)
    case dataFile(FileError, tensor: String)
    case dataFileTooShort(location: String, size: Int, tensor: String, end: Int)
    case externalField(String, tensor: String)
    case unknownType(tensor: String, number: Int)
    case tooManyDimensions(tensor: String)
    case shapeTooLarge(tensor: String)
    case wrongSize(tensor: String, needed: Int, given: Int)
    case malformedData(tensor: String)
    case severalData(tensor: String)
    case tooManyTensors
    case tooMuchMemory(value: String)

    // Problems of a recurrent node.
    case wrongAttribute(String, node: String)
    case missingInput(String, node: String)
    case wrongType(String, node: String, found: StoredTensor.DType)
    case wrongShape(String, node: String, found: [Int], wanted: [Int?])
    case notConstant(value: String, node: String)
    case noSuchValue(String, node: String)
    case unknownOperator(String, value: String, node: String)
    case notFoldable(String, value: String, node: String)
    case chainTooLong(node: String)

    // Problems of a model that is written.
    case tooLargeToWrite(size: Int)
  }
}

extension ONNXError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .malformed(let offset, let expected):
      "byte \(offset): not an ONNX model, or damaged: expected \(expected)"
    case .cutShort(let offset, let needed, let left):
      "byte \(offset): not an ONNX model, or cut short: \(counted(needed, "byte")) should follow, \(left) do"
    case .textNotUTF8(let offset): "byte \(offset): a text that is not UTF-8"
    case .nestedTooDeeply(let offset):
      "byte \(offset): graphs within more than \(ONNXReader.depthLimit) others"
    case .tooMuchDescription(let offset):
      "byte \(offset): more operators, names and attributes than are read (about \(ONNXReader.descriptionLimit >> 20) MiB)"
    case .noGraph: "not an ONNX model: it has no graph"
    case .standsTwice(let name): "\(name) stands twice"
    case .function(let name):
      "it has functions of its own, such as \(name.quotedName), which are not read; inline them: "
        + "onnx.inliner.inline_local_functions(model)"
    case .sparseTensor(let name): "tensor \(name.quotedName) is sparse, which is not read; save it dense"
    case .attributeKind(let name, let node):
      "node \(node.quotedName): the attribute \(name.quotedName) is of a kind that is not read"
    case .dataFileOfNoFile(let location, let tensor):
      "tensor \(tensor.quotedName) has its numbers in another file, \(location.quotedName), which is found only beside a model "
        + "that is a file: open it by its path"
    case .dataFileElsewhere(let location, let tensor):
      "tensor \(tensor.quotedName) has its numbers in the file \(location.quotedName), which is not in the model's folder and not "
        + "read; put both into one file: onnx.save(onnx.load(path), \"new.onnx\")"
    case .dataFile(let error, let tensor):
      "tensor \(tensor.quotedName) has its numbers in another file, which belongs beside the model: \(error)"
    case .dataFileTooShort(let location, let size, let tensor, let end):
      "tensor \(tensor.quotedName) ends at byte \(end) of the file \(location.quotedName), which has \(counted(size, "byte")): it is "
        + "cut short, or of another model"
    case .externalField(let name, let tensor):
      "tensor \(tensor.quotedName): its numbers are in another file, whose \(name) is missing or malformed"
    case .unknownType(let tensor, let number):
      "tensor \(tensor.quotedName) is of element type \(number), which is not read; numbers of 8 to 64 bits are"
    case .tooManyDimensions(let tensor):
      "tensor \(tensor.quotedName) has more than \(CheckpointLimits.rank) dimensions"
    case .shapeTooLarge(let tensor):
      "tensor \(tensor.quotedName): its shape is negative or too large"
    case .wrongSize(let tensor, let needed, let given):
      "tensor \(tensor.quotedName): its shape needs \(counted(needed, "byte")) of data, it has \(given)"
    case .malformedData(let tensor):
      "tensor \(tensor.quotedName): its data are not packed numbers of its type"
    case .severalData(let tensor): "tensor \(tensor.quotedName) has data twice"
    case .tooManyTensors: "more tensors, or longer names, than are allowed (\(CheckpointLimits.tensors) tensors)"
    case .tooMuchMemory(let value):
      "value \(value.quotedName): copies \(CopyBudget.isExceeded)"
    case .wrongAttribute(let name, let node):
      "node \(node.quotedName): the attribute \(name.quotedName) has a value that the operator does not take"
    case .missingInput(let input, let node): "node \(node.quotedName) has no \(input)"
    case .wrongType(let input, let node, let found):
      "node \(node.quotedName): \(input) is of type \(found.rawValue), it should be F16, BF16, F32 or F64"
    case .wrongShape(let input, let node, let found, let wanted):
      "node \(node.quotedName): \(input) is \(found), it should be [\(wanted.map { $0.map(String.init) ?? "any" }.joined(separator: ", "))]"
    case .notConstant(let value, let node):
      "node \(node.quotedName): the value \(value.quotedName) is no constant but an input of the graph"
    case .noSuchValue(let value, let node):
      "node \(node.quotedName): no operator makes the value \(value.quotedName), and it is none of the graph's"
    case .unknownOperator(let operation, let value, let node):
      "node \(node.quotedName): the value \(value.quotedName) is computed by \(operation.quotedName), which is not read"
    case .notFoldable(let operation, let value, let node):
      "node \(node.quotedName): the value \(value.quotedName) is computed by \(operation.quotedName) in a way that is not read"
    case .chainTooLong(let node):
      "node \(node.quotedName): its constants are computed in more than \(ONNXConstants.depthLimit) steps"
    case .tooLargeToWrite(let size):
      "the model would have \(counted(size, "byte")), and an ONNX file has at most \(Int32.max)"
    }
  }
}
