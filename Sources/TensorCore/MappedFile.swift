#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The bytes of a file, read-only, mapped into memory: opening costs nothing, pages are read when they are touched.
///
/// The mapping keeps the file it was made from, also when another file is renamed over its path. A file that another
/// process cuts short in place while it is mapped ends the process when the lost part is touched, as with any mapping:
/// copy out what is kept.
// The mapping is immutable for the life of the object, which is why sharing it between threads is safe.
public final class MappedFile: @unchecked Sendable {
  /// The path as it was given; errors name it.
  public let path: String
  private let bytes: UnsafeRawBufferPointer
  /// Whether the bytes are those of a file on the disk, which can be read again: neither of a pipe nor made in memory.
  package let isBacked: Bool

  /// Maps the file at `path`. A pipe that a program writes to is read to its end instead.
  ///
  /// Throws `FileError`: its `kind` tells a missing file, missing permission, and what is no file apart: a directory, a device,
  /// a pipe without a writer.
  public convenience init(_ path: String) throws(FileError) { try self.init(path, using: SystemFiles()) }

  package init(_ path: String, using files: any FileOperations) throws(FileError) {
    let reader = try FileReader(path, using: files, waitsForWriter: false)
    self.path = path
    guard let size = reader.size else {
      let contents = try reader.rest()
      if contents.isEmpty && reader.isPipe {
        throw FileError(
          path: path, action: "read", code: ENODEV, explanation: "is a pipe that nothing writes to; give a file")
      }
      bytes = Self.anonymousMapping(of: contents)
      isBacked = false
      return
    }
    defer { withExtendedLifetime(reader) {} }
    bytes = try naming(path, "map") { () throws(SystemError) in try files.map(reader.descriptor, count: size) }
    isBacked = true
  }

  /// A file that exists in memory only; errors call it `path`.
  public convenience init(copying contents: [UInt8], as path: String) {
    self.init(anonymous: Self.anonymousMapping(of: contents), as: path)
  }

  /// A file of `count` bytes that exists in memory only and that `fill` writes, zeros before; nil where that returns false.
  convenience init?(count: Int, as path: String, filling fill: (UnsafeMutableRawBufferPointer) -> Bool) {
    let bytes = Self.anonymousMapping(of: count)
    self.init(anonymous: UnsafeRawBufferPointer(bytes), as: path)
    guard fill(bytes) else { return nil }
  }

  private init(anonymous bytes: UnsafeRawBufferPointer, as path: String) {
    (self.path, self.bytes, isBacked) = (path, bytes, false)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }

  /// The size of the file in bytes.
  public var count: Int { bytes.count }

  /// Calls `body` with the whole contents. The buffer must not outlive the call.
  public func withUnsafeBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try withExtendedLifetime(self) { () throws(Failure) -> Result in try body(bytes) }
  }

  /// A copy of the bytes in `range`. Traps when the range leaves the file.
  public subscript(range: Range<Int>) -> [UInt8] {
    require(
      range.lowerBound >= 0 && range.upperBound <= count, "MappedFile: bytes \(range) of a file of \(count) bytes")
    return withUnsafeBytes { Array(UnsafeRawBufferPointer(rebasing: $0[range])) }
  }

  /// Gives back the memory of the whole pages in `range`, which were read and are not needed for now. What is touched again is
  /// read again.
  package func releasePages(in range: Range<Int>) {
    guard isBacked, let base = bytes.baseAddress else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let (start, end) = ((range.lowerBound + page - 1) / page * page, min(range.upperBound, count) / page * page)
    if start < end { madvise(UnsafeMutableRawPointer(mutating: base + start), end - start, MADV_DONTNEED) }
  }

  private static func anonymousMapping(of contents: [UInt8]) -> UnsafeRawBufferPointer {
    let bytes = anonymousMapping(of: contents.count)
    bytes.copyBytes(from: contents)
    return UnsafeRawBufferPointer(bytes)
  }

  private static func anonymousMapping(of count: Int) -> UnsafeMutableRawBufferPointer {
    guard count > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
    guard let base = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0), base != MAP_FAILED
    else { programmingError("MappedFile: no memory for \(count) bytes") }
    return UnsafeMutableRawBufferPointer(start: base, count: count)
  }
}
