#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The system's own calls.
package struct SystemFiles: FileOperations {
  package init() {}

  package func status(of path: String) throws(SystemError) -> FileStatus {
    var status = stat()
    _ = try result { withSystemPath(path) { stat($0, &status) } }
    return FileStatus(status)
  }

  package func status(of descriptor: Int32) throws(SystemError) -> FileStatus {
    var status = stat()
    _ = try result { fstat(descriptor, &status) }
    return FileStatus(status)
  }

  package func isLink(_ path: String) throws(SystemError) -> Bool {
    var status = stat()
    _ = try result { withSystemPath(path) { lstat($0, &status) } }
    return status.st_mode & S_IFMT == S_IFLNK
  }

  package func destination(of path: String) throws(SystemError) -> String {
    try isLink(path) ? resolved(path) : path
  }

  /// Absolute path of a file or directory, without symbolic links.
  func resolved(_ path: String) throws(SystemError) -> String {
    guard let resolved = withSystemPath(path, { realpath($0, nil) }) else { throw SystemError(code: errno) }
    defer { free(resolved) }
    return SystemText.text(resolved)
  }

  // O_CLOEXEC: a child process would otherwise keep files and locks after this process has ended.
  package func openForReading(_ path: String) throws(SystemError) -> Int32 {
    try result { withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC) } }
  }

  package func openWithoutWaiting(_ path: String) throws(SystemError) -> Int32 {
    try result { withSystemPath(path) { open($0, O_RDONLY | O_NONBLOCK | O_CLOEXEC) } }
  }

  package func openForUpdating(_ path: String) throws(SystemError) -> Int32 {
    try result { withSystemPath(path) { open($0, O_RDWR | O_CREAT | O_CLOEXEC, 0o666) } }
  }

  package func create(_ path: String) throws(SystemError) -> Int32 {
    // The system applies the user's umask to the mode.
    try result { withSystemPath(path) { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) } }
  }

  package func openDirectory(_ path: String) throws(SystemError) -> Int32 {
    try result { withSystemPath(path) { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } }
  }

  package func makeDirectory(_ path: String) throws(SystemError) {
    _ = try result { withSystemPath(path) { mkdir($0, 0o777) } }
  }

  package func names(in path: String) throws(SystemError) -> [String] {
    guard let directory = withSystemPath(path, { opendir($0) }) else { throw SystemError(code: errno) }
    defer { closedir(directory) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(directory) {
      let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \dirent.d_name)!
      let name = SystemText.text(start.assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    if errno != 0 { throw SystemError(code: errno) }
    return names
  }

  package func readSome(
    into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32
  ) throws(SystemError) -> Int {
    try result { read(descriptor, buffer.baseAddress, buffer.count) }
  }

  package func seek(_ descriptor: Int32, to offset: Int) throws(SystemError) {
    _ = try result { Int(lseek(descriptor, off_t(offset), SEEK_SET)) }
  }

  package func map(_ descriptor: Int32, count: Int) throws(SystemError) -> UnsafeRawBufferPointer {
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw SystemError(code: errno)
    }
    return UnsafeRawBufferPointer(start: base, count: count)
  }

  package func writeSome(
    _ bytes: ArraySlice<UInt8>, to descriptor: Int32, at offset: Int?
  ) throws(SystemError) -> Int {
    try result {
      bytes.withUnsafeBytes { buffer in
        offset.map { pwrite(descriptor, buffer.baseAddress, buffer.count, off_t($0)) }
          ?? write(descriptor, buffer.baseAddress, buffer.count)
      }
    }
  }

  package func allocate(_ count: Int, for descriptor: Int32) throws(SystemError) {
    #if os(Linux)
      // It returns the code instead of setting `errno`.
      while true {
        let code = posix_fallocate(descriptor, 0, off_t(count))
        if code == 0 { return }
        if code != EINTR { throw SystemError(code: code) }
      }
    #endif
  }

  package func lock(_ descriptor: Int32) throws(SystemError) { _ = try result { flock(descriptor, LOCK_EX | LOCK_NB) } }

  package func sync(_ descriptor: Int32) throws(SystemError) { _ = try result { fsync(descriptor) } }

  package func closeDescriptor(_ descriptor: Int32) throws(SystemError) {
    // An interrupted close is not repeated: the descriptor is already closed.
    guard close(descriptor) == 0 || errno == EINTR else { throw SystemError(code: errno) }
  }

  package func move(_ path: String, to newPath: String) throws(SystemError) {
    _ = try result { withSystemPath(path) { path in withSystemPath(newPath) { rename(path, $0) } } }
  }

  package func link(_ path: String, as newPath: String) throws(SystemError) {
    _ = try result { withSystemPath(path) { path in withSystemPath(newPath) { Self.systemLink(path, $0) } } }
  }

  private static func systemLink(_ path: UnsafePointer<CChar>, _ newPath: UnsafePointer<CChar>) -> Int32 {
    #if canImport(Darwin)
      Darwin.link(path, newPath)
    #elseif canImport(Musl)
      Musl.link(path, newPath)
    #else
      Glibc.link(path, newPath)
    #endif
  }

  package func remove(_ path: String) throws(SystemError) { _ = try result { withSystemPath(path) { unlink($0) } } }

  package func removeDirectory(_ path: String) throws(SystemError) {
    _ = try result { withSystemPath(path) { rmdir($0) } }
  }

  /// Repeats a call that a signal interrupted.
  private func result<Value: SignedInteger>(_ call: () -> Value) throws(SystemError) -> Value {
    while true {
      let value = call()
      if value >= 0 { return value }
      if errno != EINTR { throw SystemError(code: errno) }
    }
  }
}

extension FileStatus {
  fileprivate init(_ status: stat) {
    kind =
      switch status.st_mode & S_IFMT {
      case S_IFREG: .file
      case S_IFDIR: .directory
      case S_IFIFO, S_IFSOCK: .pipe
      default: .other
      }
    size = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    identity = Identity(
      device: UInt64(truncatingIfNeeded: status.st_dev), inode: UInt64(truncatingIfNeeded: status.st_ino))
  }
}
