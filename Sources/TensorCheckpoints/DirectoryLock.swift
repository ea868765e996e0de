import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An advisory lock on a directory, held until the object is released or the process ends. The operating system releases
/// the lock of a process that is killed.
///
/// Keep the object in a stored property: a local variable may be released after its last use. The lock is on the file
/// `run.lock` in the directory, which is created when missing and never removed.
public final class DirectoryLock: Sendable {
  public static let fileName = "run.lock"

  private let descriptor: Int32

  /// Takes the lock without waiting.
  ///
  /// - Throws: `FileError`; its `kind` is `busy` and its `path` the directory when another object or process holds the
  ///   lock.
  public init(_ directory: String) throws(FileError) {
    let path = "\(directory)/\(Self.fileName)"
    // O_CLOEXEC: a child process would otherwise keep the lock after this process has ended.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, action: "open", code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(path: path, action: "lock", code: code) }
      throw FileError(
        path: directory, action: "lock", code: code,
        explanation: "in use by another run")
    }
  }

  deinit {
    close(descriptor)
  }
}
