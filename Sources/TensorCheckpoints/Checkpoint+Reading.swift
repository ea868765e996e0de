import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension Checkpoint {
  /// Reads a safetensors file, with or without a format version and checksum.
  ///
  /// The whole header is checked before memory is allocated for the tensors. Then the version and the checksum are
  /// checked, and, unless `requireFinite` is false, that every floating-point value is finite, in the order of the data.
  /// The tensors keep the file mapped and are not copied.
  ///
  /// - Throws: `SafetensorsError` with the file, the offset or tensor, and the reason.
  public init(_ file: MappedFile, requireFinite: Bool = true) throws(SafetensorsError) {
    try self.init(file, requireFinite: requireFinite, seal: .required)
  }

  /// Reads a file that another program changed and left the format version and the checksum in, or one of them.
  ///
  /// - Throws: `SafetensorsError`, and `FileError` when the file cannot be read.
  package static func unsealed(contentsOf path: String) throws -> Checkpoint {
    try Checkpoint(MappedFile(path), requireFinite: true, seal: .ignored)
  }

  private init(_ file: MappedFile, requireFinite: Bool, seal: FileSeal.Policy) throws(SafetensorsError) {
    let header: SafetensorsHeader
    let isSealed: Bool
    do {
      header = try SafetensorsHeader(of: file)
      isSealed = try FileSeal.check(file, header: header, seal)
    } catch {
      throw SafetensorsError(file: file.path, problem: error)
    }
    self.init(metadata: header.metadata, file: file.path)
    self.isSealed = isSealed
    metadata[FileSeal.versionKey] = nil
    metadata[FileSeal.checksumKey] = nil
    for entry in header.entries {
      tensors[entry.name] = StoredTensor(
        dtype: entry.dtype, shape: entry.shape, contents: .mapped(file, entry.range))
    }
    guard requireFinite else { return }
    for entry in header.entries {
      guard let index = tensors[entry.name]?.firstNonFinite() else { continue }
      throw SafetensorsError(file: file.path, problem: .notFinite(tensor: entry.name, index: index))
    }
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, `SafetensorsError` when it is malformed.
  public init(contentsOf path: String, requireFinite: Bool = true) throws {
    try self.init(contentsOf: path, using: SystemFiles(), requireFinite: requireFinite)
  }

  package init(contentsOf path: String, using files: any FileOperations, requireFinite: Bool = true) throws {
    let file = try MappedFile(path, using: files)
    // The values that a model takes; the tensors themselves stay in the file.
    guard Double(file.count) < MemoryLimit.available else {
      throw FileError(path: path, action: "read", code: ENOMEM)
    }
    try self.init(file, requireFinite: requireFinite)
  }

  /// The metadata of the file at `path`, as `Checkpoint.metadata`; of the rest nothing is read or checked but the header.
  package static func metadata(ofFileAt path: String, using files: any FileOperations) throws -> [String: String] {
    do {
      let metadata = try SafetensorsHeader(of: MappedFile(path, using: files)).metadata
      return metadata.filter { ![FileSeal.versionKey, FileSeal.checksumKey].contains($0.key) }
    } catch let problem as SafetensorsError.Problem { throw SafetensorsError(file: path, problem: problem) }
  }
}
