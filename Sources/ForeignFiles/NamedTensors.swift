import TensorCheckpoints
import TensorCore

/// Tensors by name, in the order of the file that they were read from.
public struct NamedTensors: Sendable, Equatable {
  /// The names in the order of the file.
  public private(set) var names: [String] = []
  /// The tensors by name. Names are compared as Swift compares strings, by canonical equivalence.
  public private(set) var tensors: [String: StoredTensor] = [:]
  private var nameCost = 0

  init() {}

  /// Tensors in a given order.
  ///
  /// - Precondition: names are unique and within `CheckpointLimits`.
  public init(_ tensors: [(name: String, tensor: StoredTensor)]) {
    for (name, tensor) in tensors {
      require(takeRoom(for: name), "NamedTensors: more or longer names than CheckpointLimits allows")
      require(append(tensor, named: name), "NamedTensors: the name \(name.quotedName) stands twice")
    }
  }

  /// The tensor of this name; nil where there is none.
  public subscript(name: String) -> StoredTensor? { tensors[name] }

  /// Whether a further tensor of this name stays within `CheckpointLimits`; it is counted from now on.
  mutating func takeRoom(for name: String) -> Bool {
    nameCost += CheckpointLimits.cost(ofName: name)
    return names.count < CheckpointLimits.tensors && name.utf8.count <= CheckpointLimits.name
      && nameCost <= CheckpointLimits.allNames
  }

  /// Adds a tensor. False where there is one of this name.
  mutating func append(_ tensor: StoredTensor, named name: String) -> Bool {
    names.append(name)
    return tensors.updateValue(tensor, forKey: name) == nil
  }
}

/// Memory for what cannot stay in its file, as it is compressed, transposed or big-endian: the file's size and
/// `CheckpointLimits.copies`.
struct CopyBudget {
  /// Words about copies that are refused.
  static let isExceeded = "would take more memory than the file's size and \(CheckpointLimits.copies >> 20) MiB"

  private var left: Int

  init(for file: MappedFile) { self.init(forFileOf: file.count) }

  init(forFileOf size: Int) { left = size + CheckpointLimits.copies }

  /// Whether there is room for `count` bytes more, which are soon given back.
  func hasRoom(for count: Int) -> Bool { count <= left }

  /// Whether there is room for `count` bytes more, which are counted from now on.
  mutating func take(_ count: Int) -> Bool {
    guard hasRoom(for: count) else { return false }
    left -= count
    return true
  }
}
