#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// A file or a pipe, read once from its start to its end.
///
/// A file is read up to the size that it had when it was opened: bytes added later are left out. A file that became shorter
/// is an error; a mapping would end the process instead.
package final class FileReader {
  /// The path as it was given; errors name it.
  package let path: String
  /// The size of the file when it was opened, in bytes; nil where only reading tells it: of a pipe, and of a file that
  /// says that it is empty, as those that the system makes up while they are read do.
  package let size: Int?
  let descriptor: Int32
  private let isOwner: Bool
  private var position = 0
  /// At a terminal, reading again after the end would wait for another one.
  private var isAtEnd = false

  /// Opens the file or pipe at `path`.
  ///
  /// Throws `FileError`: its `kind` tells a missing file, a directory or device, and missing permission apart.
  package init(_ path: String) throws(FileError) {
    let descriptor = withSystemPath(path) { open($0, O_RDONLY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw FileError(path: path, action: "open", code: errno) }
    do { size = try Self.size(of: descriptor, path: path) } catch {
      close(descriptor)
      throw error
    }
    self.path = path
    self.descriptor = descriptor
    isOwner = true
  }

  private init(standardInput path: String) {
    self.path = path
    size = nil
    descriptor = STDIN_FILENO
    isOwner = false
  }

  deinit { if isOwner { close(descriptor) } }

  /// Standard input from its current position to its end: a file, a pipe, a terminal or a device.
  package static var standardInput: FileReader { FileReader(standardInput: "standard input") }

  /// The next `count` bytes; fewer at the end, and none after it.
  package func next(_ count: Int) throws(FileError) -> [UInt8] {
    if isAtEnd { return [] }
    let wanted = min(count, size.map { $0 - position } ?? count)
    var (code, isAtEnd): (Int32, Bool) = (0, false)
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted {
        let part = read(descriptor, buffer.baseAddress! + filled, wanted - filled)
        if part > 0 {
          filled += part
        } else if part == 0 {
          isAtEnd = true
          return
        } else if errno == EAGAIN {
          // A pipe or terminal that another process made non-blocking.
          var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
          _ = poll(&request, 1, -1)
        } else if errno != EINTR {
          code = errno
          return
        }
      }
    }
    guard code == 0 else { throw FileError(path: path, action: "read", code: code) }
    position += bytes.count
    self.isAtEnd = isAtEnd
    if let size, bytes.count < wanted {
      throw FileError(
        path: path, action: "read", code: EIO,
        explanation: "became shorter while it was read (from \(size) bytes to \(position) or fewer); "
          + "start again when nothing writes to it")
    }
    return bytes
  }

  /// All bytes that were not read yet.
  package func rest() throws(FileError) -> [UInt8] {
    var contents: [UInt8] = []
    if let size { contents.reserveCapacity(size - position) }
    while true {
      let part = try next(1 << 20)
      if part.isEmpty { return contents }
      contents += part
    }
  }

  private static func size(of descriptor: Int32, path: String) throws(FileError) -> Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError(path: path, action: "read", code: errno) }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return status.st_size > 0 ? Int(status.st_size) : nil
    case S_IFIFO, S_IFSOCK: return nil
    case S_IFDIR: throw FileError(path: path, action: "read", code: EISDIR)
    default:
      // A device may never end, or may wait for a terminal.
      throw FileError(path: path, action: "read", code: ENODEV)
    }
  }
}
