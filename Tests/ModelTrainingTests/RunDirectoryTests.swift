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

  /// Metrics are cut back to a step; lines of no meaning, as a killed run leaves, go too.
  @Test func metricsAreCutBackToAStep() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.cutMetrics(toStep: 3)
      #expect(!FileManager.default.fileExists(atPath: directory.metrics), "none there, none made")
      try directory.appendMetrics(#"{"event":"end","step":2}"#)
      for step in 1...6 { try directory.appendMetrics(#"{"event":"validation","step":\#(step)}"#) }
      try write(String(contentsOfFile: directory.metrics, encoding: .utf8) + #"{"event":"vali"#, to: directory.metrics)
      try directory.cutMetrics(toStep: 4)
      let kept = try String(contentsOfFile: directory.metrics, encoding: .utf8)
      #expect(kept == (1...4).map { #"{"event":"validation","step":\#($0)}"# + "\n" }.joined())
      try directory.appendMetrics(#"{"step":5}"#)
      #expect(try String(contentsOfFile: directory.metrics, encoding: .utf8) == kept + "{\"step\":5}\n")
    }
  }

  /// Where there is no room for a file, that is said before anything is lost, and nothing stays behind.
  @Test func whereThereIsNoRoomForAFileThatIsSaidFirst() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.requireRoom(1 << 16)
      #if os(Linux)
        #expect(throws: FileError.self) { try directory.requireRoom(1 << 60) }
      #endif
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }
  }
}
