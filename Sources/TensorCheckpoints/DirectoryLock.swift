import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An advisory lock on a directory, held from its creation to the end of the object's life, or of the process, however
/// that ends: the kernel releases it.
///
/// Keep it in a stored property, or in `withExtendedLifetime`: a local variable may die after its last use.
/// The lock is on the file `run.lock` in the directory, which is created when it is missing and stays.
public final class DirectoryLock: Sendable {
  public static let fileName = "run.lock"

  private let descriptor: Int32

  /// Throws `FileError`, whose `kind` is `busy`, and whose `path` the directory, where another object or process holds the
  /// lock.
  public init(_ directory: String) throws(FileError) {
    let path = "\(directory)/\(Self.fileName)"
    // Not passed on to child processes, which would hold the lock beyond this one.
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, action: "open", code: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else { throw FileError(path: path, action: "lock", code: code) }
      throw FileError(
        path: directory, action: "lock", code: code,
        explanation: "in use by another run; wait until it ends, or choose another --out")
    }
  }

  deinit {
    close(descriptor)
  }
}
