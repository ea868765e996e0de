import CharrnnTestSupport
import Foundation
import ModelTraining
import TensorCore
import Testing

@Suite struct RunDirectoryTests {
  /// Runs `body` with a directory of its own.
  private func withDirectory(_ body: (RunDirectory) throws -> Void) throws {
    let scratch = try ScratchDirectory()
    try body(RunDirectory(scratch.path(of: "of/a run")))
  }

  private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  /// A directory is made with those above it; making it again changes nothing.
  @Test func aDirectoryIsMadeWithThoseAboveIt() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.create()
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
      #expect(!directory.holdsRun)
    }
  }

  @Test func whereAFileIsInTheWayTheErrorSaysSoInOneLine() throws {
    try withDirectory { directory in
      try directory.create()
      try write("text", to: directory.path + "/file")
      let error = #expect(throws: FileError.self) { try RunDirectory(directory.path + "/file/run").create() }
      let description = error?.description ?? ""
      #expect(description.hasSuffix("/file/run: cannot create the directory: not a directory; check the path"))
    }
  }

  /// Where there is no room for the files, that is said before anything is lost, and nothing stays behind.
  @Test func whereThereIsNoRoomForTheFilesThatIsSaidFirst() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.requireRoom(for: .init(last: 1 << 16, best: 1 << 15, others: 100))
      #if os(Linux)
        #expect(throws: FileError.self) {
          try directory.requireRoom(for: .init(last: 1 << 59, best: 1 << 58, others: 100))
        }
      #endif
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }
  }

  /// Room is asked for in files no larger than those to come, and what will be replaced counts as room.
  @Test func roomIsAskedForTheFilesAndTheReplacementOfTheLargest() throws {
    try withDirectory { directory in
      try directory.create()
      func probes(_ sizes: RunDirectory.Sizes) throws -> Int {
        let files = FaultyFiles()
        try RunDirectory(directory.path, using: files).requireRoom(for: sizes)
        return files.calls.count { $0 == "allocate" }
      }
      // 100 + 50 for the files and 100 for the new `last` beside the old.
      #expect(try probes(.init(last: 100, best: 50, others: 0)) == 3)
      try write(String(repeating: "x", count: 100), to: directory.last)
      try write(String(repeating: "x", count: 50), to: directory.best)
      #expect(try probes(.init(last: 100, best: 50, others: 0)) == 1)
      #expect(try probes(.init(last: 100, best: 50, others: 30)) == 2)
      // The first file of a smaller run stands beside those of the larger one.
      #expect(try probes(.init(last: 10, best: 5, others: 0)) == 1)
    }
  }

  /// States to keep need room, those that are kept already make it, and no number of them takes too many descriptors.
  @Test func keptStatesNeedRoomOnce() throws {
    try withDirectory { directory in
      try directory.create()
      func probes(kept: Int) throws -> Int {
        let files = FaultyFiles()
        try RunDirectory(directory.path, using: files).requireRoom(
          for: .init(last: 100, best: 50, kept: kept, others: 0))
        return files.calls.count { $0 == "allocate" }
      }
      #expect(try probes(kept: 3) == 6)
      #expect(try probes(kept: 10_000) == 16)
      for file in [directory.last, directory.keptPath(3), directory.keptPath(6), directory.keptPath(9)] {
        try write(String(repeating: "x", count: 100), to: file)
      }
      try write(String(repeating: "x", count: 50), to: directory.best)
      #expect(try probes(kept: 3) == 1)
      #if os(Linux)
        #expect(throws: FileError.self) { try probes(kept: .max) }
      #endif
    }
  }

  /// The states of the latest steps before `last` are kept; those of later steps are from before a rollback.
  @Test func theLatestStatesAreKept() throws {
    try withDirectory { directory in
      try directory.create()
      for step in [3, 6, 9, 1_000_000, 12] {
        try write("\(step)", to: directory.last)
        try directory.keepLast(as: directory.keptPath(step))
        try FileManager.default.removeItem(atPath: directory.last)
      }
      try directory.removeKeptStates(butLatest: 3, before: 15)
      let kept = try directory.keptStates()
      #expect(kept.map(\.step) == [6, 9, 12])
      #expect(kept.map { String($0.path.dropFirst(directory.path.count)) }.last == "/step-000012.safetensors")
      for state in kept { #expect(try String(contentsOfFile: state.path, encoding: .utf8) == "\(state.step)") }
      try write("", to: directory.path + "/step-12.safetensors")
      #expect(try directory.keptStates().count == 3, "a name of another form")
    }
  }

  /// Where a file cannot have two names, a copy is kept; where `last` is a link, what it leads to.
  @Test func aStateIsKeptWhereItCannotBeLinked() throws {
    try withDirectory { directory in
      try directory.create()
      try write("elsewhere", to: directory.path + "/elsewhere")
      try FileManager.default.createSymbolicLink(
        atPath: directory.last, withDestinationPath: directory.path + "/elsewhere")
      try directory.keepLast(as: directory.keptPath(1))
      let healthy = FaultyFiles()
      try RunDirectory(directory.path, using: healthy).keepLast(as: directory.keptPath(2))
      let link = try #require(healthy.calls.firstIndex(of: "link")) + 1
      try RunDirectory(directory.path, using: FaultyFiles(.once(EPERM), at: link)).keepLast(as: directory.keptPath(3))
      try FileManager.default.removeItem(atPath: directory.last)
      try FileManager.default.removeItem(atPath: directory.path + "/elsewhere")
      let kept = try directory.keptStates()
      #expect(kept.map(\.step) == [1, 2, 3])
      for state in kept { #expect(try String(contentsOfFile: state.path, encoding: .utf8) == "elsewhere") }
    }
  }
}
