import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The system calls that replace a file, as a protocol, so that a test can make any of them fail.
///
/// Each throws the call's `errno`.
package protocol FileOperations {
  /// Creates a file for writing, with the permissions of any new file. Fails when the file exists.
  func create(_ path: String) throws(SystemError) -> Int32
  /// Opens a directory, to sync it.
  func openDirectory(_ path: String) throws(SystemError) -> Int32
  /// Writes a prefix of `bytes` and returns its length, at least 1.
  func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) throws(SystemError) -> Int
  /// Waits until everything written to the descriptor is on the disk.
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

/// The real system calls.
package struct SystemFileOperations: FileOperations {
  package init() {}

  package func create(_ path: String) throws(SystemError) -> Int32 {
    // The system applies the user's umask to the mode.
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
    // An interrupted close is not repeated: the descriptor is already closed.
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
