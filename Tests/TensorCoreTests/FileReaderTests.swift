import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

@Suite struct FileReaderTests {
  /// A file of these bytes, removed with the value.
  private struct TemporaryFile {
    private let scratch: ScratchDirectory
    var path: String { scratch.path(of: "file") }

    init(_ bytes: [UInt8]) throws {
      scratch = try ScratchDirectory()
      try scratch.write(bytes, to: "file")
    }

    func cut(to size: UInt64) throws {
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try file.truncate(atOffset: size)
      try file.close()
    }
  }

  private let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }

  @Test(arguments: [1, 2, 4095, 9999, 10_000, 10_001, 1 << 20])
  func thePiecesOfAFileAreItsBytes(size: Int) throws {
    let file = try TemporaryFile(bytes)
    let reader = try FileReader(file.path)
    #expect(reader.size == bytes.count)
    var read: [UInt8] = []
    while case let piece = try reader.next(size), !piece.isEmpty {
      #expect(piece.count == min(size, bytes.count - read.count))
      read += piece
    }
    #expect(read == bytes)
    #expect(try reader.next(size).isEmpty)
  }

  @Test func theRestIsWhatWasNotReadYet() throws {
    let file = try TemporaryFile(bytes)
    let reader = try FileReader(file.path)
    #expect(try reader.next(10) == Array(bytes.prefix(10)))
    #expect(try reader.rest() == Array(bytes.dropFirst(10)))
    #expect(try reader.rest().isEmpty)
  }

  @Test func afterTheEndOfAPipeNothingIsRead() throws {
    let scratch = try ScratchDirectory()
    let path = scratch.path(of: "pipe")
    try #require(mkfifo(path, 0o600) == 0)
    Thread.detachNewThread {
      let writer = FileHandle(forWritingAtPath: path)
      writer?.write(Data("one".utf8))
      try? writer?.close()
    }
    let reader = try FileReader(path)
    #expect(try reader.next(10) == Array("one".utf8))
    let second = try #require(FileHandle(forWritingAtPath: path))
    second.write(Data("two".utf8))
    try second.close()
    #expect(try reader.next(10).isEmpty && reader.rest().isEmpty)
  }

  @Test(arguments: [0, 1, 5000, 6000, 9999])
  func aFileThatBecameShorterIsAnErrorThatSaysSo(size: Int) throws {
    let file = try TemporaryFile(bytes)
    let reader = try FileReader(file.path)
    #expect(try reader.next(5000).count == 5000)
    try file.cut(to: UInt64(size))
    let error = #expect(throws: FileError.self) { try reader.rest() }
    #expect(error?.kind == .inputOutput)
    let sizes = "from 10000 bytes to \(max(size, 5000)) or fewer"
    #expect(
      error?.description
        == "\(file.path): became shorter while it was read (\(sizes)); start again when nothing writes to it")
  }

  @Test func whatIsAddedToAFileAfterItWasOpenedIsLeftOut() throws {
    let file = try TemporaryFile(bytes)
    let reader = try FileReader(file.path)
    try file.cut(to: 20_000)
    #expect(try reader.rest() == bytes)
  }

  @Test func aPipeIsReadInFullPiecesToItsEnd() throws {
    let pipe = Pipe()
    let reader = try FileReader("/dev/fd/\(pipe.fileHandleForReading.fileDescriptor)")
    #expect(reader.size == nil)
    for part in [bytes[..<3], bytes[3..<100]] { try pipe.fileHandleForWriting.write(contentsOf: Data(part)) }
    try pipe.fileHandleForWriting.close()
    #expect(try reader.next(50) == Array(bytes[..<50]))
    #expect(try reader.next(60) == Array(bytes[50..<100]))
    #expect(try reader.next(50).isEmpty)
  }

  @Test func whatIsNoFileIsRefusedByKind() throws {
    let file = try TemporaryFile(bytes)
    let directory = FileManager.default.temporaryDirectory.path
    let cases: [(String, FileError.Kind)] = [(file.path + "-none", .missing), (directory, .notAFile)]
    for (path, kind) in cases {
      let error = #expect(throws: FileError.self) { try FileReader(path) }
      #expect(error?.kind == kind)
      #expect(error?.path == path)
    }
  }

  @Test func anErrorIsOneLineWhateverThePathHolds() {
    let error = FileError(path: "a\nb\u{1B}[1m.csv", action: "open", code: ENOENT)
    #expect(error.description == "a\\nb\\u{1B}[1m.csv: cannot open: no such file or directory; check the path")
  }
}
