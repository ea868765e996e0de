#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// An operating-system call on a file or directory that failed: which call, on what, and why.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// What a caller may want to tell apart; everything else is an input/output error.
  public enum Kind: Sendable, Equatable {
    /// There is no such file or directory.
    case missing
    /// A directory, or a device, stands where a file is needed.
    case notAFile
    /// The permissions, or a read-only file system, forbid it.
    case denied
    /// Another process holds the lock.
    case busy
    case inputOutput
  }

  /// The path as it was given.
  public let path: String
  /// What could not be done, as the end of "cannot …": `open`, `write`, `rename`.
  public let action: String
  /// The operating system's `errno`.
  public let code: Int32

  public init(path: String, action: String, code: Int32) {
    self.path = path
    self.action = action
    self.code = code
  }

  public var kind: Kind {
    switch code {
    case ENOENT, ENOTDIR: .missing
    case EISDIR, ENODEV: .notAFile
    case EACCES, EPERM, EROFS: .denied
    case EWOULDBLOCK: .busy
    default: .inputOutput
    }
  }

  public var description: String {
    let reason =
      switch code {
      case EISDIR: "is a directory"
      case ENODEV: "not a regular file"
      default: String(cString: strerror(code)).lowercasedFirst
      }
    return "\(path): cannot \(action): \(reason)"
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
