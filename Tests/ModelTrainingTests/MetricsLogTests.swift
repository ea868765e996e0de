import CharrnnTestSupport
import Foundation
import ModelTraining
import TensorCore
import Testing

@Suite struct MetricsLogTests {
  private let scratch: ScratchDirectory
  private let directory: RunDirectory
  private let header = #"{"event":"start","run":"x","step":0}"# + "\n"

  init() throws {
    scratch = try ScratchDirectory()
    directory = RunDirectory(scratch.path)
  }

  private func line(_ step: Int, rollbacks: Int? = nil, event: String = "validation") -> String {
    let count = rollbacks.map { #","rollbacks":\#($0)"# } ?? ""
    return #"{"event":"\#(event)"\#(count),"step":\#(step)}"#
  }

  private var content: String { get throws { try String(contentsOfFile: directory.metrics, encoding: .utf8) } }

  /// A run that is taken up where it ended must not end once more in the log.
  @Test func theValidationOfTheStepThatTheLogIsTakenUpAtIsKnown() throws {
    var log = try MetricsLog(directory, run: "x", resumedAt: nil)
    #expect(log.closing == nil)
    for step in 1...3 { try log.append(line(step)) }
    try log.append(line(4, rollbacks: 1, event: "end"))
    func closing(_ step: Int, rollbacks: Int = 0, run: String = "x") throws -> (line: String, isThere: Bool)? {
      let bytes = try content
      defer { try? bytes.write(toFile: directory.metrics, atomically: false, encoding: .utf8) }
      return try MetricsLog(directory, run: run, resumedAt: .init(step: step, rollbacks: rollbacks)).closing
    }
    #expect(try closing(4, rollbacks: 1)! == (line(4, rollbacks: 1, event: "end"), false))
    #expect(try closing(3)! == (line(3), true))
    #expect(try closing(4) == nil && closing(3, rollbacks: 1) == nil && closing(3, run: "y") == nil)
  }

  /// The log of a run begins with a line that names it, and holds its lines up to the step that it goes on from.
  @Test func theLogIsCutBackToAStep() throws {
    var log = try MetricsLog(directory, run: "x", resumedAt: nil)
    #expect(try content == header)
    try log.append(line(2, event: "end"))
    for step in 1...6 { try log.append(line(step)) }
    try (content + #"{"event":"vali"#).write(toFile: directory.metrics, atomically: false, encoding: .utf8)
    log = try MetricsLog(directory, run: "x", resumedAt: .init(step: 4, rollbacks: 0))
    let kept = header + (1...4).map { line($0) + "\n" }.joined()
    #expect(try content == kept)
    try log.append(line(5))
    #expect(try content == kept + line(5) + "\n")
  }

  /// After a rollback steps are done again; lines of the first time stay.
  @Test func aRollbackComesAfterEveryStepBeforeIt() throws {
    var log = try MetricsLog(directory, run: "x", resumedAt: nil)
    let lines = [line(10), line(20), line(0, rollbacks: 1, event: "rolled_back"), line(10, rollbacks: 1)]
    for line in lines + [line(20, rollbacks: 1), line(0, rollbacks: 2)] { try log.append(line) }
    _ = try MetricsLog(directory, run: "x", resumedAt: .init(step: 10, rollbacks: 1))
    #expect(try content == header + lines.map { $0 + "\n" }.joined())
  }

  @Test func linesOfAnotherRunAreNotTakenUp() throws {
    for (earlier, run) in [("y", "x"), ("y", nil)] as [(String?, String?)] {
      try? FileManager.default.removeItem(atPath: directory.metrics)
      var other = try MetricsLog(directory, run: earlier, resumedAt: nil)
      try other.append(line(1))
      _ = try MetricsLog(directory, run: run, resumedAt: .init(step: 9, rollbacks: 0))
      #expect(try content == (run == nil ? "" : header))
    }
  }

  /// A resumed run whose log has lost its first line keeps the others, and has it again; a run that begins keeps none.
  @Test func aLogWithoutItsFirstLineIsKeptByTheRunThatGoesOn() throws {
    let lines = (1...3).map { line($0) + "\n" }.joined()
    try lines.write(toFile: directory.metrics, atomically: false, encoding: .utf8)
    _ = try MetricsLog(directory, run: "x", resumedAt: .init(step: 9, rollbacks: 0))
    #expect(try content == header + lines)
    _ = try MetricsLog(directory, run: "x", resumedAt: nil)
    #expect(try content == header)
  }

  /// Lines are on the disk before what depends on them is saved; lines that are there already are not waited for again.
  @Test func linesAreSyncedOnce() throws {
    let files = FaultyFiles()
    var log = try MetricsLog(RunDirectory(directory.path, using: files), run: "x", resumedAt: nil)
    let before = files.calls.count { $0 == "sync" }
    try log.append(line(1))
    #expect(files.calls.count { $0 == "sync" } == before)
    for _ in 1...2 { try log.sync() }
    #expect(files.calls.count { $0 == "sync" } == before + 1)
  }

  /// A run begun by a version without identities keeps its lines, and gets no first line.
  @Test func theLogOfARunWithoutIdentityIsKept() throws {
    var log = try MetricsLog(directory, run: nil, resumedAt: nil)
    #expect(!FileManager.default.fileExists(atPath: directory.metrics), "none there, none made")
    try log.append(line(1))
    _ = try MetricsLog(directory, run: nil, resumedAt: .init(step: 1, rollbacks: 0))
    #expect(try content == line(1) + "\n")
  }

  /// Whatever call fails, a line is whole on the disk, or is written with the next.
  @Test func noLineIsLostOrCutWhateverFails() throws {
    let lines = (1...4).map { line($0) }
    let healthy = FaultyFiles()
    _ = try MetricsLog(RunDirectory(directory.path, using: healthy), run: "x", resumedAt: nil)
    let first = healthy.calls.count + 1
    for fault in [FaultyFiles.Fault.once(ENOSPC), .once(EIO), .once(EMFILE), .short] {
      for call in first...first + 20 {
        try? FileManager.default.removeItem(atPath: directory.metrics)
        let files = FaultyFiles(fault, at: call)
        var log = try MetricsLog(RunDirectory(directory.path, using: files), run: "x", resumedAt: nil)
        for line in lines { try? log.append(line) }
        try log.flush()
        #expect(try content == header + lines.map { $0 + "\n" }.joined(), "\(fault) at \(call)")
      }
    }
  }
}
