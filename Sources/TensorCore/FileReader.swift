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
  let isPipe: Bool
  let descriptor: Int32
  private let files: any FileOperations
  private let isOwner: Bool
  private var position = 0
  /// Where reading ends; nil for the end of the file.
  private var end: Int?
  /// At a terminal, reading again after the end would wait for another one.
  private var isAtEnd = false

  /// Opens the file or pipe at `path`.
  ///
  /// - Parameter waitsForWriter: whether to wait for a program to open the other end of a pipe; if not, a pipe without one is
  ///   empty.
  /// - Throws: `FileError`: its `kind` tells a missing file, a directory or device, and missing permission apart.
  package init(
    _ path: String, using files: any FileOperations = SystemFiles(), waitsForWriter: Bool = true
  ) throws(FileError) {
    let descriptor = try naming(path, "open") { () throws(SystemError) in
      try waitsForWriter ? files.openForReading(path) : files.openWithoutWaiting(path)
    }
    let status: FileStatus
    do { status = try Self.readableStatus(of: descriptor, path: path, files) } catch {
      try? files.closeDescriptor(descriptor)
      throw error
    }
    isPipe = status.kind == .pipe
    size = isPipe || status.size == 0 ? nil : status.size
    self.path = path
    self.descriptor = descriptor
    self.files = files
    isOwner = true
  }

  private init(standardInput path: String) {
    self.path = path
    (size, isPipe) = (nil, false)
    descriptor = STDIN_FILENO
    files = SystemFiles()
    isOwner = false
  }

  deinit { if isOwner { try? files.closeDescriptor(descriptor) } }

  /// Standard input from its current position to its end: a file, a pipe, a terminal or a device.
  package static var standardInput: FileReader { FileReader(standardInput: "standard input") }

  /// Reads no bytes before `range` and none after it, of a file whose size is known.
  package func keep(_ range: Range<Int>) throws(FileError) {
    guard range.upperBound <= size ?? 0 else {
      throw FileError(
        path: path, action: "read", code: EIO,
        explanation: "became shorter while it was read (to \(size ?? 0) bytes); start again when nothing writes to it")
    }
    try naming(path, "read") { () throws(SystemError) in try files.seek(descriptor, to: range.lowerBound) }
    (position, end) = (range.lowerBound, range.upperBound)
  }

  /// The next `count` bytes; fewer at the end, and none after it.
  package func next(_ count: Int) throws(FileError) -> [UInt8] {
    if isAtEnd { return [] }
    let wanted = min(count, (end ?? size).map { $0 - position } ?? count)
    var (code, isAtEnd): (Int32, Bool) = (0, false)
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
      while filled < wanted && !isAtEnd && code == 0 {
        let rest = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[filled..<wanted])
        do throws(SystemError) {
          let part = try files.readSome(into: rest, from: descriptor)
          filled += part
          isAtEnd = part == 0
        } catch {
          if error.code == EAGAIN { waitUntilReadable() } else { code = error.code }
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
    if let end = end ?? size { contents.reserveCapacity(end - position) }
    while true {
      let part = try next(1 << 20)
      if part.isEmpty { return contents }
      contents += part
    }
  }

  /// Waits for a pipe or terminal that another process made non-blocking.
  private func waitUntilReadable() {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    _ = poll(&request, 1, -1)
  }

  private static func readableStatus(
    of descriptor: Int32, path: String, _ files: any FileOperations
  ) throws(FileError) -> FileStatus {
    let status = try naming(path, "read") { () throws(SystemError) in try files.status(of: descriptor) }
    switch status.kind {
    case .file, .pipe: return status
    case .directory: throw FileError(path: path, action: "read", code: EISDIR)
    // A device may never end, or may wait for a terminal.
    case .other: throw FileError(path: path, action: "read", code: ENODEV)
    }
  }
}
