import TensorCheckpoints
import TensorCore

/// A writer of HDF5 files: groups within groups, tensors in them, and attributes of both, as h5py and Keras read them.
///
/// The bytes depend on the content and the order in which tensors are added: names are sorted, and there are no times. Data are
/// little-endian and contiguous; texts are of any length, in UTF-8.
public struct HDF5Writer: Sendable {
  /// A group, or a dataset where it has a tensor.
  private struct Node {
    var children: [String: Int] = [:]
    var attributes: [(name: String, value: HDF5Value)] = []
    var tensor: StoredTensor?
  }

  /// The path of the file, for errors.
  public let path: String
  /// The root is the first one; each stands after the group that it is in.
  private var nodes = [Node()]

  /// A file with nothing in it, to be written to `path`.
  public init(to path: String) { self.path = path }

  private func error(_ problem: HDF5Error.Problem, at object: String) -> HDF5Error {
    HDF5Error(file: path, object: object, problem: problem)
  }

  /// Adds a group, and the groups that it is in.
  ///
  /// - Throws: `HDF5Error` when the path is too long, or a part of it is a tensor.
  public mutating func addGroup(_ path: String) throws(HDF5Error) { _ = try node(path) }

  /// Adds a tensor at a path such as `layers/lstm/cell/vars/0`, and the groups that it is in. Keras's bfloat16 is written as
  /// Keras writes it, in two bytes of no type.
  ///
  /// - Throws: `HDF5Error` when something stands there, the path is too long, a part of it is a tensor, or HDF5 has no such
  ///   type of elements.
  public mutating func add(_ tensor: StoredTensor, at path: String) throws(HDF5Error) {
    guard HDF5Encoding.type(of: tensor.dtype) != nil else {
      throw error(.notWritten("elements of type \(tensor.dtype.rawValue)"), at: path)
    }
    guard tensor.shape.count <= CheckpointLimits.rank else { throw error(.shapeTooLarge, at: path) }
    let count = nodes.count
    let number = try node(path)
    guard number == nodes.count - 1, number >= count else { throw error(.duplicateName, at: path) }
    nodes[number].tensor = tensor
    if tensor.dtype == .bf16 { try setAttribute("dtype", to: .text("bfloat16"), of: path) }
  }

  /// Sets an attribute of a group, which is added where it is missing, or of a tensor.
  ///
  /// - Throws: `HDF5Error` when it has more than 64 kB (a text of any length counts 16 bytes), or cannot be written.
  public mutating func setAttribute(
    _ name: String, to value: HDF5Value, of path: String = "/"
  ) throws(HDF5Error) {
    if case .numbers(let tensor) = value {
      guard HDF5Encoding.type(of: tensor.dtype) != nil, tensor.dtype != .bf16 else {
        throw error(.notWritten("an attribute of type \(tensor.dtype.rawValue)"), at: path)
      }
      guard tensor.shape.count <= CheckpointLimits.rank else { throw error(.shapeTooLarge, at: path) }
    }
    guard !name.isEmpty, !name.utf8.contains(0), name.utf8.count <= CheckpointLimits.name,
      value.storedSize <= HDF5Encoding.messageLimit - 1024
    else { throw error(.notWritten("an attribute of this name or size"), at: path) }
    let number = try node(path)
    nodes[number].attributes.removeAll { $0.name == name }
    nodes[number].attributes.append((name, value))
  }

  /// The node at a path, which is added where it is missing.
  private mutating func node(_ path: String) throws(HDF5Error) -> Int {
    var number = 0
    let names = path.split(separator: "/").map(String.init)
    guard path.utf8.count <= CheckpointLimits.name, names.count <= HDF5Object.depthLimit, !path.utf8.contains(0),
      !names.contains(".")
    else { throw error(.notWritten("a path such as this"), at: path) }
    for name in names {
      guard nodes[number].tensor == nil else { throw error(.noGroup, at: path) }
      if let child = nodes[number].children[name] {
        number = child
      } else {
        nodes.append(Node())
        nodes[number].children[name] = nodes.count - 1
        number = nodes.count - 1
      }
    }
    return number
  }

  /// Writes the file, replacing an old one whole or not at all.
  ///
  /// - Throws: `FileError` when it cannot be written; the old file then stays.
  public func write() throws(FileError) { try AtomicFile.write([serialized()], to: path) }

  /// The bytes of the file.
  public func serialized() -> [UInt8] {
    var file = HDF5Encoding(texts: nodes.flatMap { $0.attributes.flatMap(\.value.allTexts) })
    var addresses = [Int](repeating: 0, count: nodes.count)
    for number in nodes.indices.reversed() {
      let node = nodes[number]
      var messages: [UInt8] = []
      if let tensor = node.tensor {
        messages += file.dataset(tensor)
      } else {
        messages += HDF5Encoding.groupMessages
        for (name, child) in node.children.sorted(by: { $0.key.precedesByBytes($1.key) }) {
          messages += HDF5Encoding.link(name, to: addresses[child])
        }
      }
      for (name, value) in node.attributes.sorted(by: { $0.name.precedesByBytes($1.name) }) {
        messages += file.attribute(name, value)
      }
      addresses[number] = file.addHeader(messages)
    }
    return file.finish(root: addresses[0])
  }
}

extension HDF5Value {
  fileprivate var allTexts: [String] {
    switch self {
    case .text(let text): [text]
    case .texts(let texts): texts
    case .numbers, .empty: []
    }
  }

  /// Bytes that it takes in the header of an object.
  fileprivate var storedSize: Int {
    switch self {
    case .text: 16
    case .texts(let texts): 16 * texts.count
    case .numbers(let tensor): tensor.contents.count
    case .empty: 0
    }
  }
}
