#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// System calls on files. All that the package does with checkpoints, run directories and texts goes through it (but not what
/// it writes to standard output), so that a test can make any call fail, write less than it was given, or be the last one of
/// the process.
///
/// Each call throws its `errno`, and is repeated when a signal interrupted it. Paths and names are `SystemText`.
package protocol FileOperations: Sendable {
  /// Status of the file at `path`; a symbolic link is followed.
  func status(of path: String) throws(SystemError) -> FileStatus
  /// Status of an open file.
  func status(of descriptor: Int32) throws(SystemError) -> FileStatus
  /// Whether there is a symbolic link at `path`, wherever it leads.
  func isLink(_ path: String) throws(SystemError) -> Bool
  /// Path of the file that a symbolic link at `path` leads to in the end; `path` where there is no link.
  func destination(of path: String) throws(SystemError) -> String
  func openForReading(_ path: String) throws(SystemError) -> Int32
  /// Opens a file for reading at once: a pipe without a writer is at its end, where the other call waits for a writer.
  func openWithoutWaiting(_ path: String) throws(SystemError) -> Int32
  /// Opens a file for writing in place, and makes an empty one where there is none.
  func openForUpdating(_ path: String) throws(SystemError) -> Int32
  /// Creates a file for writing, with the permissions of any new file. Fails when the file exists.
  func create(_ path: String) throws(SystemError) -> Int32
  /// Opens a directory, to sync it.
  func openDirectory(_ path: String) throws(SystemError) -> Int32
  func makeDirectory(_ path: String) throws(SystemError)
  /// Names in a directory, in no order, without `.` and `..`.
  func names(in path: String) throws(SystemError) -> [String]
  /// Reads into the start of `buffer` and returns how many bytes came: 0 at the end of the file.
  func readSome(into buffer: UnsafeMutableRawBufferPointer, from descriptor: Int32) throws(SystemError) -> Int
  /// Lets the next read begin at a place of the file.
  func seek(_ descriptor: Int32, to offset: Int) throws(SystemError)
  /// Maps a whole file, read-only.
  func map(_ descriptor: Int32, count: Int) throws(SystemError) -> UnsafeRawBufferPointer
  /// Writes a prefix of `bytes` and returns its length.
  ///
  /// - Parameter offset: place in the file; nil for where the last write ended.
  func writeSome(_ bytes: ArraySlice<UInt8>, to descriptor: Int32, at offset: Int?) throws(SystemError) -> Int
  /// Takes room on the disk for the first `count` bytes of a file.
  func allocate(_ count: Int, for descriptor: Int32) throws(SystemError)
  /// Takes the advisory lock on a file without waiting.
  func lock(_ descriptor: Int32) throws(SystemError)
  /// Waits until everything written to the descriptor is on the disk.
  func sync(_ descriptor: Int32) throws(SystemError)
  func closeDescriptor(_ descriptor: Int32) throws(SystemError)
  /// Gives a file a second name.
  func link(_ path: String, as newPath: String) throws(SystemError)
  func move(_ path: String, to newPath: String) throws(SystemError)
  func remove(_ path: String) throws(SystemError)
  /// Removes a directory that holds nothing.
  func removeDirectory(_ path: String) throws(SystemError)
}

/// Kind and size of a file, when it changed, and which file it is.
package struct FileStatus: Sendable {
  package enum Kind: Sendable { case file, directory, pipe, other }

  package let kind: Kind
  /// In bytes.
  package let size: Int
  /// Seconds since 1970 of the last change of the content.
  package let modified: Double
  package let identity: Identity

  /// Numbers that a file has under each of its names, and no other file.
  package struct Identity: Sendable, Hashable {
    let device, inode: UInt64
  }
}

package struct SystemError: Error, Equatable {
  package var code: Int32

  package init(code: Int32) { self.code = code }
}

extension FileOperations {
  /// Writes all bytes, in as many calls as it takes.
  ///
  /// - Parameter offset: place of the first byte in the file; nil for where the last write ended.
  package func writeAll(_ bytes: [UInt8], to descriptor: Int32, at offset: Int? = nil) throws(SystemError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = try writeSome(rest, to: descriptor, at: offset.map { $0 + rest.startIndex })
      // Without this check, a call that writes 0 bytes without an error would repeat for ever.
      guard written > 0 else { throw SystemError(code: EIO) }
      rest = rest.dropFirst(written)
    }
  }

  /// Status of the file at `path`; nil where there is none.
  ///
  /// - Throws: `FileError` when the system cannot tell.
  package func statusIfAny(of path: String) throws(FileError) -> FileStatus? {
    do throws(SystemError) { return try status(of: path) } catch {
      if error.code == ENOENT || error.code == ENOTDIR { return nil }
      throw FileError(path: path, action: "look at", code: error.code)
    }
  }
}

/// Runs system calls; their failure is a `FileError` about `path`, completing "cannot `action`".
package func naming<Value>(
  _ path: String, _ action: String, _ calls: () throws(SystemError) -> Value
) throws(FileError) -> Value {
  do throws(SystemError) { return try calls() } catch {
    throw FileError(path: path, action: action, code: error.code)
  }
}
