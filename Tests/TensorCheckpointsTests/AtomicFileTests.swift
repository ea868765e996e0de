import CharrnnTestSupport
import Foundation
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct AtomicFileTests {
  private let old: [UInt8] = [1, 2, 3]
  private let new: [[UInt8]] = [[4, 5, 6, 7], [], [8, 9]]
  private var newBytes: [UInt8] { Array(new.joined()) }

  @Test func whatIsNoFileIsNotReplacedAndOfALinkTheFileThatItLeadsToIs() throws {
    let directory = try ScratchDirectory()
    #expect(mkfifo(directory.path(of: "pipe"), 0o600) == 0)
    let pipe = #expect(throws: FileError.self) { try AtomicFile.write(new, to: directory.path(of: "pipe")) }
    #expect(pipe?.description.hasSuffix("pipe: cannot replace: not a regular file; give a file") ?? false)
    #expect(mkdir(directory.path(of: "folder"), 0o700) == 0)
    let folder = #expect(throws: FileError.self) { try AtomicFile.write(new, to: directory.path(of: "folder")) }
    #expect(folder?.description.hasSuffix("folder: cannot replace: is a directory; give a file") ?? false)

    try directory.write(old, to: "file")
    #expect(symlink("file", directory.path(of: "link")) == 0)
    try AtomicFile.write(new, to: directory.path(of: "link"))
    #expect(try directory.bytes(of: "file") == newBytes)
    #expect(try directory.names == ["file", "folder", "link", "pipe"])
    var status = stat()
    #expect(lstat(directory.path(of: "link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
  }

  @Test func theChunksBecomeTheContent() throws {
    let directory = try ScratchDirectory()
    for chunks in [new, [], [[]], [old]] {
      try AtomicFile.write(chunks, to: directory.path(of: "file"))
      #expect(try directory.bytes(of: "file") == Array(chunks.joined()))
      #expect(try directory.names == ["file"])
    }
  }

  @Test func theDataAreOnTheDiskBeforeTheNameIsAndTheNameAtTheEnd() throws {
    let directory = try ScratchDirectory()
    let files = FaultyFiles()
    try AtomicFile.write(new, to: directory.path(of: "file"), using: files)
    #expect(
      files.calls == [
        "status", "remove", "create", "write", "write", "sync", "close", "move", "openDirectory", "sync", "close",
      ])
  }

  @Test(arguments: [true, false]) func whateverFailsTheFileIsTheOldOrTheNewOne(exists: Bool) throws {
    for fault in [FaultyFiles.Fault.once(ENOSPC), .killed, .short] {
      var call = 1
      while true {
        let directory = try ScratchDirectory()
        if exists { try directory.write(old, to: "file") }
        let files = FaultyFiles(fault, at: call)
        var failed = false
        do {
          try AtomicFile.write(new, to: directory.path(of: "file"), using: files)
        } catch {
          failed = true
        }
        let found = try directory.names.contains("file") ? directory.bytes(of: "file") : nil
        #expect(found == (!files.targets.isEmpty ? newBytes : exists ? old : nil), "\(fault) at \(call)")
        if !failed { #expect(found == newBytes) }
        // A killed process cannot clean up.
        if case .killed = fault {
        } else {
          #expect(try directory.names == (found == nil ? [] : ["file"]), "\(fault) at \(call)")
        }
        if call > files.calls.count { break }
        call += 1
      }
      #expect(call > 10)
    }
  }

  /// Unless it is the disk that fails while the files get their names.
  @Test func ofSeveralFilesAllAreReplacedOrNone() throws {
    var call = 1
    while true {
      let directory = try ScratchDirectory()
      try directory.write(old, to: "one")
      let files = FaultyFiles(.once(ENOSPC), at: call)
      try? AtomicFile.write(
        ["one", "two"].map { (directory.path(of: $0), new.map(StoredBytes.array)) }, using: files)
      if call > files.calls.count { break }
      let isMove = files.calls[call - 1] == "move"
      if files.targets.isEmpty {
        #expect(try directory.names == ["one"], "\(call)")
        #expect(try directory.bytes(of: "one") == old, "\(call)")
      } else {
        #expect(try directory.names == (isMove ? ["one"] : ["one", "two"]), "\(call)")
        #expect(try directory.bytes(of: "one") == newBytes, "\(call)")
      }
      call += 1
    }
    #expect(call > 15)
  }

  @Test func whatAKilledProcessLeftDoesNotStandInTheWay() throws {
    let directory = try ScratchDirectory()
    try directory.write(old, to: ".file.\(getpid()).tmp")
    try AtomicFile.write(new, to: directory.path(of: "file"))
    #expect(try directory.names == ["file"])
    #expect(try directory.bytes(of: "file") == newBytes)
  }

  @Test func whatKilledProcessesLeftOfTheNamedFilesIsRemovedAndNothingElse() throws {
    let directory = try ScratchDirectory()
    let names = ["file", "last.safetensors", ".hidden", "a b"]
    var left: Set<String> = []
    for name in names {
      // Killed while it wrote the last piece.
      let files = FaultyFiles(.killed, at: 5)
      #expect(throws: FileError.self) {
        try AtomicFile.write(new, to: directory.path(of: name), using: files)
      }
      left.insert(".\(name).\(getpid()).tmp")
      try directory.write(old, to: ".\(name).4194304.tmp")
    }
    #expect(try left.isSubset(of: directory.names))
    let others = [
      "file", "file.1.tmp", ".1.tmp", ".file.tmp", ".file.x1.tmp", ".file..tmp", ".file.1.tmp2", ".file.1",
      ".notes.1.tmp", ".file.notes.1.tmp",
    ]
    for name in others { try directory.write(old, to: name) }
    AtomicFile.removeAbandoned(of: names, in: directory.path)
    #expect(try directory.names == others.sorted())
    AtomicFile.removeAbandoned(of: names, in: directory.path(of: "none"))
  }

  @Test func theFileHasThePermissionsOfAnyNewFile() throws {
    let directory = try ScratchDirectory()
    let descriptor = open(directory.path(of: "plain"), O_WRONLY | O_CREAT, 0o666)
    close(descriptor)
    try AtomicFile.write(new, to: directory.path(of: "file"))
    func permissions(_ name: String) throws -> Int? {
      try FileManager.default.attributesOfItem(atPath: directory.path(of: name))[.posixPermissions] as? Int
    }
    #expect(try permissions("file") == permissions("plain"))
  }

  @Test func aPlaceThatCannotBeWrittenIsNamed() throws {
    let directory = try ScratchDirectory()
    let missing = directory.path(of: "none/file")
    let error = #expect(throws: FileError.self) { try AtomicFile.write(new, to: missing) }
    #expect(error?.description == "\(missing): cannot create: no such file or directory; check the path")
    // A directory is not replaced by a file.
    let replaced = #expect(throws: FileError.self) { try AtomicFile.write(new, to: directory.path) }
    #expect(replaced?.kind == .notAFile)
  }
}

@Suite struct DirectoryLockTests {
  @Test func aLockedDirectoryCannotBeLockedAgain() throws {
    let directory = try ScratchDirectory()
    let lock = try DirectoryLock(directory.path)
    let error = #expect(throws: FileError.self) { try DirectoryLock(directory.path) }
    #expect(error?.kind == .busy)
    #expect(
      error?.description
        == "\(directory.path): in use by another run")
    withExtendedLifetime(lock) {}
  }

  @Test func aReleasedLockCanBeTakenAgain() throws {
    let directory = try ScratchDirectory()
    for _ in 0..<3 {
      let lock = try DirectoryLock(directory.path)
      withExtendedLifetime(lock) {}
    }
  }

  @Test func aMissingDirectoryCannotBeLocked() throws {
    let directory = try ScratchDirectory()
    let error = #expect(throws: FileError.self) { try DirectoryLock(directory.path(of: "none")) }
    #expect(error?.kind == .missing)
  }
}
