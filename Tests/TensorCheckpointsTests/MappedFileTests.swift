import CharrnnTestSupport
import Foundation
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct MappedFileTests {
  @Test(arguments: [0, 1, 4095, 4096, 10_000])
  func aMappedFileHoldsTheBytesOfTheFile(count: Int) throws {
    let directory = try ScratchDirectory()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try directory.write(bytes, to: "file")
    let file = try MappedFile(directory.path(of: "file"))
    #expect(file.count == count)
    #expect(file[0..<count] == bytes)
    #expect(file[count / 3..<count / 2] == Array(bytes[count / 3..<count / 2]))
    #expect(file.withUnsafeBytes { Array($0) } == bytes)
    #expect(MappedFile(copying: bytes, as: "memory")[0..<count] == bytes)
  }

  @Test func aFileRenamedOverTheMappedOneLeavesTheMappingAsItWas() throws {
    let directory = try ScratchDirectory()
    try directory.write([1, 2, 3], to: "file")
    let file = try MappedFile(directory.path(of: "file"))
    try AtomicFile.write([[4, 5]], to: directory.path(of: "file"))
    #expect(file[0..<3] == [1, 2, 3])
    #expect(try MappedFile(directory.path(of: "file"))[0..<2] == [4, 5])
  }

  @Test func aPipeIsReadToItsEnd() throws {
    let pipe = Pipe()
    try pipe.fileHandleForWriting.write(contentsOf: Data([7, 8, 9]))
    try pipe.fileHandleForWriting.close()
    let file = try MappedFile("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    #expect(file[0..<file.count] == [7, 8, 9])
  }

  /// A writer of a named pipe is read from; without one there is an error at once, and nothing is waited for.
  @Test func aNamedPipeWithoutAWriterIsNotWaitedFor() throws {
    let directory = try ScratchDirectory()
    let path = directory.path(of: "pipe")
    try #require(mkfifo(path, 0o600) == 0)
    let error = #expect(throws: FileError.self) { try MappedFile(path) }
    #expect(error?.kind == .notAFile)
    #expect(error?.description == "\(path): is a pipe that nothing writes to; give a file")

    // The second reader keeps the pipe while its writer has ended already.
    let reader = open(path, O_RDONLY | O_NONBLOCK)
    defer { close(reader) }
    let writer = open(path, O_WRONLY)
    #expect(write(writer, [7, 8] as [UInt8], 2) == 2)
    close(writer)
    let file = try MappedFile(path)
    #expect(file[0..<file.count] == [7, 8])
  }

  @Test func whatIsNoFileIsRefusedByKind() throws {
    let directory = try ScratchDirectory()
    try directory.write([1], to: "file")
    let cases: [(String, FileError.Kind, String)] = [
      (directory.path(of: "none"), .missing, "cannot open: no such file or directory; check the path"),
      (directory.path(of: "file/none"), .missing, "cannot open: not a directory; check the path"),
      ("", .missing, "cannot open: no such file or directory; check the path"),
      (directory.path(of: "loop"), .missing, "cannot open: too many levels of symbolic links; check the path"),
      (directory.path, .notAFile, "cannot read: is a directory; give a file"),
      ("/dev/zero", .notAFile, "cannot read: not a regular file; give a file"),
    ]
    try FileManager.default.createSymbolicLink(
      atPath: directory.path(of: "loop"), withDestinationPath: directory.path(of: "loop"))
    for (path, kind, reason) in cases {
      let error = #expect(throws: FileError.self) { try MappedFile(path) }
      #expect(error?.kind == kind)
      #expect(error?.description == "\(path): \(reason)")
    }
  }

  @Test(arguments: ["a", "é", "e\u{301}\u{302}"]) func ofALongPathTheEndIsNamed(part: String) {
    let path = String(repeating: part, count: 3000) + "/end"
    let error = #expect(throws: FileError.self) { try MappedFile(path) }
    #expect(error?.kind == .missing)
    let description = error?.description ?? ""
    #expect(description.unicodeScalars.first == "…" && description.contains("/end: cannot open: file name too long"))
    #expect(description.unicodeScalars.count < 300)
  }

  @Test(.enabled(if: geteuid() != 0, "the superuser may read everything"))
  func aFileWithoutPermissionIsDenied() throws {
    let directory = try ScratchDirectory()
    try directory.write([1], to: "file")
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: directory.path(of: "file"))
    let error = #expect(throws: FileError.self) { try MappedFile(directory.path(of: "file")) }
    #expect(error?.kind == .denied)
  }
}
