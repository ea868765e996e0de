import TensorCheckpoints
import TensorCore

/// A MessagePack file such as flax's `to_bytes` and `msgpack_serialize` write, and `from_bytes` and `msgpack_restore` read.
public struct MessagePackFile: Sendable {
  /// The path by which the file was opened, or to which it is to be written.
  public let path: String
  public let root: MessagePackValue

  /// Reads a file. Arrays stay in it and are not copied, but for those that are stored in parts.
  ///
  /// - Throws: `MessagePackError` when it is malformed.
  public init(_ file: MappedFile) throws(MessagePackError) {
    path = file.path
    do throws(MessagePackError.Problem) { root = try MessagePackReader.value(of: file) } catch {
      throw MessagePackError(file: file.path, problem: error)
    }
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, and the errors of `init(_:)`.
  public init(contentsOf path: String) throws { try self.init(MappedFile(path)) }

  /// A file with this content, to be written to `path`.
  public init(_ root: MessagePackValue, to path: String) { (self.root, self.path) = (root, path) }

  /// A file of tensors whose names are paths with `/`, such as `params/Dense_0/kernel`: maps within maps, in the order in
  /// which their names are given.
  ///
  /// - Throws: `MessagePackError` when a name is empty, too long, or stands for two things, or flax has no such type of
  ///   elements.
  public init(
    _ tensors: [(name: String, tensor: StoredTensor)], to path: String
  ) throws(MessagePackError) {
    var tree = Branch()
    for (name, tensor) in tensors {
      func error(_ problem: MessagePackError.Problem) -> MessagePackError {
        MessagePackError(file: path, problem: problem)
      }
      guard FlaxArray.names[tensor.dtype] != nil, tensor.shape.count <= CheckpointLimits.rank else {
        throw error(
          .notWritten("an array of type \(tensor.dtype.rawValue) and \(tensor.shape.count) dimensions", name: name))
      }
      let parts = name.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard !parts.contains(""), parts.count < MessagePackReader.depthLimit, name.utf8.count <= CheckpointLimits.name,
        !parts.contains(FlaxArray.chunkMark)
      else { throw error(.notWritten("an array of this name", name: name)) }
      guard tree.insert(.tensor(tensor), at: parts[...]) else { throw error(.duplicateName(name)) }
    }
    self.init(tree.value, to: path)
  }

  /// All arrays, or those under a key of the root, by their paths, such as `params/Dense_0/kernel`: keys, and numbers of
  /// elements of arrays, joined by `/`. Other values, such as the number of a step, are left out.
  ///
  /// - Parameter key: a key of the root, such as `params`. It is no part of the names.
  /// - Throws: `MessagePackError` when there is no array, a name stands twice, or a key is no text.
  public func tensors(under key: String? = nil) throws(MessagePackError) -> NamedTensors {
    do throws(MessagePackError.Problem) {
      guard let start = key == nil ? root : root[key ?? ""] else { throw .missing(key ?? "") }
      var tensors = NamedTensors()
      try add(start, named: "", to: &tensors)
      guard !tensors.names.isEmpty else { throw .noTensors }
      return tensors
    } catch { throw MessagePackError(file: path, problem: error) }
  }

  private func add(
    _ value: MessagePackValue, named name: String, to tensors: inout NamedTensors
  ) throws(MessagePackError.Problem) {
    func path(_ part: String) -> String { name.isEmpty ? part : "\(name)/\(part)" }
    switch value {
    case .tensor(let tensor):
      guard tensors.takeRoom(for: name) else { throw .tooManyTensors }
      guard tensors.append(tensor, named: name) else { throw .duplicateName(name) }
    case .array(let elements):
      for (number, element) in elements.enumerated() { try add(element, named: path("\(number)"), to: &tensors) }
    case .map(let entries):
      for entry in entries {
        guard case .string(let key) = entry.key else { throw .keyIsNoText(under: name) }
        guard name.utf8.count + key.utf8.count <= CheckpointLimits.name else { throw .tooManyTensors }
        try add(entry.value, named: path(key), to: &tensors)
      }
    default: break
    }
  }

  /// Writes the file, replacing an old one whole or not at all.
  ///
  /// - Throws: `FileError` when it cannot be written; the old file then stays.
  public func write() throws(FileError) { try AtomicFile.write([serialized()], to: path) }

  /// The bytes of the file.
  ///
  /// - Precondition: each text, array, map and sequence of bytes has less than 2³² parts, and flax has the types of tensors.
  public func serialized() -> [UInt8] { serialized(chunkSize: FlaxArray.chunkSize) }

  /// - Parameter chunkSize: bytes above which an array is stored in parts.
  package func serialized(chunkSize: Int) -> [UInt8] {
    var writer = MessagePackWriter(chunkSize: chunkSize)
    writer.add(root)
    return writer.bytes
  }
}

/// A map that is being filled.
private struct Branch {
  private enum Part {
    case branch(Branch)
    case leaf(MessagePackValue)
  }

  private var names: [String] = []
  private var parts: [String: Part] = [:]

  /// False where something stands at the path, or a tensor on the way.
  mutating func insert(_ leaf: MessagePackValue, at path: ArraySlice<String>) -> Bool {
    guard let name = path.first else { return false }
    let part = parts.removeValue(forKey: name)
    if part == nil { names.append(name) }
    switch (part, path.count) {
    case (nil, 1): parts[name] = .leaf(leaf)
    case (nil, _), (.branch?, 2...):
      var branch = Branch()
      if case .branch(let old)? = part { branch = old }
      guard branch.insert(leaf, at: path.dropFirst()) else { return false }
      parts[name] = .branch(branch)
    default: return false
    }
    return true
  }

  var value: MessagePackValue {
    .map(
      names.compactMap { name in
        switch parts[name] {
        case .leaf(let value)?: MessagePackValue.Entry(key: .string(name), value: value)
        case .branch(let branch)?: MessagePackValue.Entry(key: .string(name), value: branch.value)
        case nil: nil
        }
      })
  }
}
