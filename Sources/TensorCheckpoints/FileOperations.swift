import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The operating-system calls that replacing a file takes, so that a test can make any of them fail.
///
/// Each throws the call's `errno`.
package protocol FileOperations {
  /// Creates a file that does not exist yet, for writing, with the permissions the user gives new files.
  func create(_ path: String) throws(SystemError) -> Int32
  /// Opens a directory.
  func openDirectory(_ path: String) throws(SystemError) -> Int32
  /// Writes some of `bytes` and returns how many: at least one, at most all.
  func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) -> Int
  /// Returns when what was written is on the disk.
  func sync(_ descriptor: Int32) throws(SystemError)
  func closeDescriptor(_ descriptor: Int32) throws(SystemError)
  func move(_ path: String, to newPath: String) throws(SystemError)
  func remove(_ path: String) throws(SystemError)
}

package struct SystemError: Error, Equatable {
  package var code: Int32

  package init(code: Int32) {
    self.code = code
  }
}

/// The calls themselves.
package struct SystemFileOperations: FileOperations {
  package init() {}

  package func create(_ path: String) throws(SystemError) -> Int32 {
    // The kernel takes the user's mask from the mode.
    try result { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
  }

  package func openDirectory(_ path: String) throws(SystemError) -> Int32 {
    try result { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
  }

  package func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) -> Int {
    try result { bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } }
  }

  package func sync(_ descriptor: Int32) throws(SystemError) {
    _ = try result { fsync(descriptor) }
  }

  package func closeDescriptor(_ descriptor: Int32) throws(SystemError) {
    // Not repeated when interrupted: the descriptor is gone by then.
    guard close(descriptor) == 0 || errno == EINTR else { throw SystemError(code: errno) }
  }

  package func move(_ path: String, to newPath: String) throws(SystemError) {
    _ = try result { rename(path, newPath) }
  }

  package func remove(_ path: String) throws(SystemError) {
    _ = try result { unlink(path) }
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
