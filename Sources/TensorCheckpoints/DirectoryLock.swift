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
/// Keep the object in a stored property, or use `whileHeld`: a local variable may be released after its last use. The lock is
/// on the file `run.lock` in the directory, which is created when missing and never removed.
public final class DirectoryLock: Sendable {
  public static let fileName = "run.lock"

  private let path: String
  private let descriptor: Int32
  private let files: any FileOperations

  /// Takes the lock without waiting.
  ///
  /// - Throws: `FileError`; its `kind` is `busy` and its `path` the directory when another object or process holds the
  ///   lock.
  public convenience init(_ directory: String) throws(FileError) { try self.init(directory, using: SystemFiles()) }

  package init(_ directory: String, using files: any FileOperations) throws(FileError) {
    let path = "\(directory)/\(Self.fileName)"
    let descriptor = try naming(path, "open") { () throws(SystemError) in try files.openForUpdating(path) }
    do throws(SystemError) { try files.lock(descriptor) } catch {
      try? files.closeDescriptor(descriptor)
      guard error.code == EWOULDBLOCK else { throw FileError(path: path, action: "lock", code: error.code) }
      throw FileError(path: directory, action: "lock", code: error.code, explanation: "in use by another run")
    }
    (self.path, self.descriptor, self.files) = (path, descriptor, files)
  }

  /// Whether another file stands in the place of the one that it locks: the directory was removed or renamed, and another run
  /// has taken its name.
  public var isReplaced: Bool {
    guard let held = try? files.status(of: descriptor).identity, let found = try? files.status(of: path).identity else {
      return false
    }
    return found != held
  }

  /// Does something that needs the lock to be held.
  public func whileHeld<Value>(_ body: () throws -> Value) rethrows -> Value { try body() }

  deinit { try? files.closeDescriptor(descriptor) }
}
