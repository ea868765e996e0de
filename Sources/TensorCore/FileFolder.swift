/// Folder of a file that names other files, of which only those within the folder are read.
package struct FileFolder: Sendable {
  /// Path by which the folder was given, with a slash at its end; empty for the current one.
  private let prefix: String

  /// Folder of the file at `path`.
  package init(of path: String) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    prefix = slash.map { String(path[...$0]) } ?? ""
  }

  /// Absolute path, without symbolic links, of the file at a path relative to the folder.
  ///
  /// - Returns: nil where it leads out of the folder: an absolute path, one with `..`, or by way of a symbolic link.
  /// - Throws: `FileError` where there is no such file.
  package func path(of location: String) throws(FileError) -> String? {
    // Bytes, as the system sees them: a slash and an accent are one character.
    let names = location.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    let isWithin = names.allSatisfy { !$0.isEmpty && !$0.contains(0) && !$0.elementsEqual("..".utf8) }
    guard isWithin else { return nil }
    let folder = try resolved(prefix.isEmpty ? "." : prefix)
    let file = try resolved(prefix + location)
    return file.utf8.starts(with: (folder == "/" ? folder : folder + "/").utf8) ? file : nil
  }

  private func resolved(_ path: String) throws(FileError) -> String {
    try naming(path, "open") { () throws(SystemError) in try SystemFiles().resolved(path) }
  }
}
