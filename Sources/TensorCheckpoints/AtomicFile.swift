import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Replacement of whole files: after a crash at any moment there is the old file or the new one.
public enum AtomicFile {
  /// Replaces the content of the file at `path` by `chunks`, one after the other.
  ///
  /// The chunks are written to a temporary file in the same directory and synced; the temporary is renamed to `path`,
  /// and the directory is synced. A kill or a power loss at any moment leaves the old file or the new one. A reader that
  /// has the old file mapped keeps it. The file gets the permissions of any new file. A symbolic link at `path` is
  /// followed: the file that it leads to is replaced; a link that leads nowhere is replaced itself. A path may have one writer at a time.
  ///
  /// - Throws: `FileError` when a call fails, or when `path` is a directory, a pipe or a device. The old file is then
  ///   still there and the temporary is removed, except when syncing the directory failed: the new file is then in place.
  public static func write(_ chunks: [[UInt8]], to path: String) throws(FileError) {
    try write(chunks, to: path, using: SystemFiles())
  }

  package static func write(
    _ chunks: [[UInt8]], to path: String, using files: any FileOperations
  ) throws(FileError) {
    try write(chunks.map { StoredBytes.array($0) }, to: path, using: files)
  }

  /// - Parameter chunks: bytes, of which those of a mapped file are copied a piece at a time.
  static func write(_ chunks: [StoredBytes], to path: String, using files: any FileOperations) throws(FileError) {
    try write([(path, chunks)], using: files)
  }

  /// Replaces the contents of several files: of all, or of none where one cannot be written.
  ///
  /// All temporaries are written and synced before the first is renamed; the rest is as for `write(_:to:)`. A kill, a power loss or
  /// an error of the disk between two renames leaves some files old and others new, each of them whole.
  ///
  /// - Precondition: no two paths lead to one file.
  /// - Throws: `FileError`, as `write(_:to:)`.
  public static func write(_ contents: [(path: String, bytes: [UInt8])]) throws(FileError) {
    try write(contents.map { ($0.path, [.array($0.bytes)]) }, using: SystemFiles())
  }

  package static func write(
    _ contents: [(path: String, chunks: [StoredBytes])], using files: any FileOperations
  ) throws(FileError) {
    var written: [(temporary: String, path: String)] = []
    var directories: [String] = []
    do throws(FileError) {
      for (path, chunks) in contents {
        let path = try fileToReplace(at: path, files)
        let (directory, name) = split(path)
        require(!written.contains { $0.path == path }, "AtomicFile: two contents for the file \(path)")
        let temporary = "\(directory)/\(temporaryName(for: name, process: getpid()))"
        // A killed process may have left a temporary of this name: the system reuses process numbers.
        try? files.remove(temporary)
        written.append((temporary, path))
        if !directories.contains(directory) { directories.append(directory) }
        try create(temporary, holding: chunks, for: path, using: files)
      }
      for (temporary, path) in written {
        try naming(path, "replace") { () throws(SystemError) in try files.move(temporary, to: path) }
      }
    } catch {
      for (temporary, _) in written { try? files.remove(temporary) }
      throw error
    }
    for directory in directories {
      try naming(directory, "sync") { () throws(SystemError) in try syncDirectory(directory, using: files) }
    }
  }

  /// The path, with a symbolic link at its end resolved.
  private static func fileToReplace(at path: String, _ files: any FileOperations) throws(FileError) -> String {
    guard let kind = try files.statusIfAny(of: path)?.kind else { return path }
    if kind != .file { throw FileError(path: path, action: "replace", code: kind == .directory ? EISDIR : ENODEV) }
    return try naming(path, "replace") { () throws(SystemError) in try files.destination(of: path) }
  }

  private static func create(
    _ temporary: String, holding chunks: [StoredBytes], for path: String, using files: any FileOperations
  ) throws(FileError) {
    let descriptor = try naming(path, "create") { () throws(SystemError) in try files.create(temporary) }
    do throws(FileError) {
      try naming(path, "write") { () throws(SystemError) in
        for chunk in chunks {
          try chunk.forEachPiece { piece throws(SystemError) in try files.writeAll(piece, to: descriptor) }
        }
        try files.sync(descriptor)
      }
    } catch {
      try? files.closeDescriptor(descriptor)
      throw error
    }
    try naming(path, "write") { () throws(SystemError) in try files.closeDescriptor(descriptor) }
  }

  /// Waits until the names in a directory are on the disk.
  package static func syncDirectory(_ directory: String, using files: any FileOperations) throws(SystemError) {
    let descriptor = try files.openDirectory(directory)
    do throws(SystemError) {
      try files.sync(descriptor)
    } catch {
      try? files.closeDescriptor(descriptor)
      // Some file systems cannot sync a directory.
      if error.code == EINVAL || error.code == ENOTSUP { return }
      throw error
    }
    try files.closeDescriptor(descriptor)
  }

  /// The directory and the file name of `path`.
  private static func split(_ path: String) -> (directory: String, name: String) {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
    let directory = path[..<slash]
    return (directory.isEmpty ? "/" : String(directory), String(path[path.utf8.index(after: slash)...]))
  }
}
