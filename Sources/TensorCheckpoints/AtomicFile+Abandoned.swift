import TensorCore

extension AtomicFile {
  /// Removes the temporary files that killed processes left in `directory` when they replaced files of these names; each may
  /// be as large as a whole file. Files that cannot be removed stay.
  ///
  /// Call it only while nothing else can write there, for instance while holding a `DirectoryLock`: a temporary file in
  /// use has the same kind of name.
  public static func removeAbandoned(of names: [String], in directory: String) {
    removeAbandoned(in: directory, using: SystemFiles()) { names.contains($0) }
  }

  /// - Parameter isReplaced: whether the temporary of a file of this name is to go.
  package static func removeAbandoned(
    in directory: String, using files: any FileOperations, where isReplaced: (_ name: String) -> Bool
  ) {
    for temporary in (try? files.names(in: directory)) ?? [] {
      if let name = nameReplaced(by: temporary), isReplaced(name) { try? files.remove("\(directory)/\(temporary)") }
    }
  }

  static func temporaryName(for name: String, process: Int32) -> String { ".\(name).\(process).tmp" }

  /// Name of the file that a temporary was to replace; nil for a name of another form.
  private static func nameReplaced(by temporary: String) -> String? {
    guard let parts = temporary.wholeMatch(of: /\.(.+)\.[0-9]+\.tmp/) else { return nil }
    return String(parts.1)
  }
}
