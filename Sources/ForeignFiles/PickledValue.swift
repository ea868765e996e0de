import TensorCheckpoints

/// A value in a PyTorch file: the tree of dictionaries, lists, numbers, texts and tensors that `torch.save` was given.
///
/// An `OrderedDict` is a dictionary, a `torch.Size` a tuple, and a `torch.device` or `torch.dtype` its text, such as
/// `cuda:0` or `torch.float32`.
public enum PickledValue: Sendable, Equatable {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([PickledValue])
  case tuple([PickledValue])
  /// Keys and values in the order in which they were set; where a key stands twice, the last one counts.
  case dictionary([Entry])
  indirect case tensor(PickledTensor)

  /// A key of a dictionary and its value.
  public struct Entry: Sendable, Equatable {
    public let key: PickledValue
    public let value: PickledValue
  }

  /// The value of a key that is a text; nil where there is none, and of what is no dictionary.
  public subscript(key: String) -> PickledValue? {
    guard case .dictionary(let entries) = self else { return nil }
    return entries.last { $0.key == .string(key) }?.value
  }
}

/// A tensor as a PyTorch file describes it: a view of a storage, which has a file of its own in the archive.
public struct PickledTensor: Sendable, Equatable {
  public let dtype: StoredTensor.DType
  public let shape: [Int]
  /// Steps between neighbours along each axis, in elements.
  public let strides: [Int]
  /// Position of the first element in the storage, in elements.
  public let offset: Int
  /// The name of the storage. Tensors of one name share their memory.
  public let storage: String
  /// Elements of the storage.
  public let storageCount: Int
}
