import Foundation
import ModelTraining
import TensorCore
import Testing

@Suite struct RunDirectoryTests {
  /// Runs `body` with a directory of its own.
  private func withDirectory(_ body: (RunDirectory) throws -> Void) throws {
    let path = FileManager.default.temporaryDirectory.path + "/run-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    try body(RunDirectory(path + "/of/a run"))
  }

  private func write(_ text: String, to path: String) throws {
    try text.write(toFile: path, atomically: false, encoding: .utf8)
  }

  @Test("A directory is made with those above it; making it again changes nothing")
  func creation() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.create()
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
      #expect(!directory.holdsRun)
    }
  }

  @Test("Where a file is in the way the error says so, in one line")
  func inTheWay() throws {
    try withDirectory { directory in
      try directory.create()
      try write("text", to: directory.path + "/file")
      let error = #expect(throws: FileError.self) { try RunDirectory(directory.path + "/file/run").create() }
      let description = error?.description ?? ""
      #expect(description.hasSuffix("/file/run: cannot create the directory: not a directory"))
    }
  }

  @Test("Metrics are cut back to a step; lines of no meaning, as a killed run leaves, go too")
  func metrics() throws {
    try withDirectory { directory in
      try directory.create()
      try directory.cutMetrics(toStep: 3)
      #expect(!FileManager.default.fileExists(atPath: directory.metrics), "none there, none made")
      for step in 1...6 { try directory.appendMetrics(#"{"event":"validation","step":\#(step)}"#) }
      try write(String(contentsOfFile: directory.metrics, encoding: .utf8) + #"{"event":"vali"#, to: directory.metrics)
      try directory.cutMetrics(toStep: 4)
      let kept = try String(contentsOfFile: directory.metrics, encoding: .utf8)
      #expect(kept == (1...4).map { #"{"event":"validation","step":\#($0)}"# + "\n" }.joined())
      try directory.appendMetrics(#"{"step":5}"#)
      #expect(try String(contentsOfFile: directory.metrics, encoding: .utf8) == kept + "{\"step\":5}\n")
    }
  }

  @Test("Clearing removes an earlier run's files and nothing else")
  func clearing() throws {
    try withDirectory { directory in
      try directory.create()
      for file in [directory.best, directory.last, directory.metrics, directory.configuration] {
        try write("{}", to: file)
      }
      try write("mine", to: directory.path + "/notes.txt")
      #expect(directory.holdsRun)
      try directory.clear()
      #expect(!directory.holdsRun)
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["notes.txt"])
    }
  }
}
