import TensorCore

extension AtomicFile {
  /// Removes the temporary files that killed processes left in `directory` when they replaced files of these names; each may
  /// be as large as a whole file. Files that cannot be removed stay.
  ///
  /// Call it only while nothing else can write there, for instance while holding a `DirectoryLock`: a temporary file in
  /// use has the same kind of name.
  public static func removeAbandoned(of names: [String], in directory: String) {
    removeAbandoned(of: names, in: directory, using: SystemFiles())
  }

  package static func removeAbandoned(of names: [String], in directory: String, using files: any FileOperations) {
    let found = (try? files.names(in: directory)) ?? []
    for temporary in found where names.contains(where: { isTemporary(temporary, of: $0) }) {
      try? files.remove("\(directory)/\(temporary)")
    }
  }

  static func temporaryName(for name: String, process: Int32) -> String { ".\(name).\(process).tmp" }

  private static func isTemporary(_ temporary: String, of name: String) -> Bool {
    let (start, end) = (".\(name).", ".tmp")
    guard temporary.hasPrefix(start), temporary.hasSuffix(end), temporary.count > start.count + end.count else {
      return false
    }
    return temporary.dropFirst(start.count).dropLast(end.count).allSatisfy { ("0"..."9").contains($0) }
  }
}
