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
  /// checked, and, unless `requireFinite` is false, that every floating-point value is finite. The tensors are copied
  /// out of the mapping.
  ///
  /// - Throws: `SafetensorsError` with the file, the offset or tensor, and the reason.
  public init(_ file: MappedFile, requireFinite: Bool = true) throws(SafetensorsError) {
    let header: SafetensorsHeader
    do {
      header = try SafetensorsHeader(of: file)
      try FileSeal.check(file, header: header)
    } catch {
      throw SafetensorsError(file: file.path, problem: error)
    }
    self.init(metadata: header.metadata, file: file.path)
    metadata[FileSeal.versionKey] = nil
    metadata[FileSeal.checksumKey] = nil
    for entry in header.entries {
      tensors[entry.name] = StoredTensor(dtype: entry.dtype, shape: entry.shape, bytes: file[entry.range])
    }
    if requireFinite { try self.requireFinite() }
  }

  /// Reads the file at `path`.
  ///
  /// - Throws: `FileError` when it cannot be read, `SafetensorsError` when it is malformed.
  public init(contentsOf path: String, requireFinite: Bool = true) throws {
    try self.init(contentsOf: path, using: SystemFiles(), requireFinite: requireFinite)
  }

  package init(contentsOf path: String, using files: any FileOperations, requireFinite: Bool = true) throws {
    let file = try MappedFile(path, using: files)
    // The tensors, and the values that a model takes from them.
    guard 2 * Double(file.count) < MemoryLimit.available else {
      throw FileError(path: path, action: "read", code: ENOMEM)
    }
    try self.init(file, requireFinite: requireFinite)
  }

  /// The metadata of the file at `path`; of the rest nothing is read or checked but the header.
  package static func metadata(ofFileAt path: String, using files: any FileOperations) throws -> [String: String] {
    do { return try SafetensorsHeader(of: MappedFile(path, using: files)).metadata } catch let problem
      as SafetensorsError.Problem
    { throw SafetensorsError(file: path, problem: problem) }
  }
}
