#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file or directory that cannot be used: what could not be done, on what, and why.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// Kinds of failure that callers distinguish; all others are input/output errors.
  public enum Kind: Sendable, Equatable {
    /// There is no such file or directory, and with such a path there can be none.
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
  /// The action that failed, as a verb that completes "cannot …": `open`, `write`, `rename`.
  public let action: String
  /// The operating system's `errno`.
  public let code: Int32
  /// Text that replaces the action and the system's reason in the description; nil when those say enough.
  public let explanation: String?

  public init(path: String, action: String, code: Int32, explanation: String? = nil) {
    self.path = path
    self.action = action
    self.code = code
    self.explanation = explanation
  }

  public var kind: Kind {
    switch code {
    case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP: .missing
    case EISDIR, ENODEV: .notAFile
    case EACCES, EPERM, EROFS: .denied
    case EWOULDBLOCK: .busy
    default: .inputOutput
    }
  }

  /// One line: where, what, why and, where that is plain, what to do. Of a very long path the end.
  public var description: String {
    let length = path.unicodeScalars.count
    let place =
      (length <= Self.longestPath ? "" : "…") + String(path.unicodeScalars.suffix(Self.longestPath)).printable()
    if let explanation { return "\(place): \(explanation)" }
    let reason =
      switch code {
      case EISDIR: "is a directory"
      case ENODEV: "not a regular file"
      default: String(cString: strerror(code)).lowercasedFirst
      }
    return "\(place): cannot \(action): \(reason)\(remedy.map { "; \($0)" } ?? "")"
  }

  private static let longestPath = 200

  private var remedy: String? {
    switch code {
    case EACCES, EPERM: "check its permissions"
    case EROFS: "choose another place"
    case ENOSPC, EDQUOT: "free some space"
    default:
      switch kind {
      case .missing: "check the path"
      case .notAFile: "give a file"
      default: nil
      }
    }
  }
}

extension String {
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
