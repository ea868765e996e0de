#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Kind of an entry of the file system; links are followed.
package enum FileKind: Sendable {
  case file, directory, other

  /// The kind of what `path` names; nil where nothing can be found there.
  package init?(at path: String) {
    var status = stat()
    guard withSystemPath(path, { stat($0, &status) }) == 0 else { return nil }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file
    case S_IFDIR: self = .directory
    default: self = .other
    }
  }
}

/// Names in the directory at `path`, in no order, without `.` and `..`; those that are not UTF-8 too, as `SystemText`.
package func directoryNames(_ path: String) throws(FileError) -> [String] {
  guard let stream = withSystemPath(path, { opendir($0) }) else {
    throw FileError(path: path, action: "open", code: errno)
  }
  defer { closedir(stream) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(stream) else { break }
    let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \dirent.d_name)!
    names.append(SystemText.text(start.assumingMemoryBound(to: CChar.self)))
  }
  guard errno == 0 else { throw FileError(path: path, action: "read", code: errno) }
  return names.filter { $0 != "." && $0 != ".." }
}
