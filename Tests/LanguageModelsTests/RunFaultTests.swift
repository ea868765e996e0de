import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Runs whose system calls on files fail: what is on the disk is the old state or the new one, and the run goes on.
@Suite struct RunFaultTests {
  private let corpus: Corpus
  private let settings = TrainingSettings.small { ($0.layers, $0.validateEvery) = (1, 2) }
  private let limits = TrainingLimits(steps: 4)
  private let reporting = TrainingReporting(sampleEvery: 0, checkpointEvery: 1, kept: 2)

  init() throws { corpus = try sampleCorpus() }

  private func train(
    in path: String, _ files: FaultyFiles, earlier: EarlierRunPolicy = .refuse, settings: TrainingSettings? = nil
  ) throws {
    let directory = RunDirectory(path, using: files)
    let checkpoint =
      try earlier == .resume && RunOwnership(of: directory).owner(of: directory.last) == .run
      ? Checkpoint(contentsOf: directory.last, using: files) : nil
    let run = try CharacterRun(
      settings: settings ?? self.settings, corpus: corpus, directory: directory, resuming: checkpoint)
    try run.claimDirectory(earlier: earlier, limits: limits)
    try run.train(limits: limits, reporting: reporting, clock: { 0 })
  }

  private struct Files: Equatable {
    let last, best: [UInt8]
    let metrics: [String]
  }

  private func files(in path: String) throws -> Files {
    let directory = RunDirectory(path)
    return Files(
      last: try bytes(of: directory.last), best: try bytes(of: directory.best),
      metrics: try comparableMetrics(of: directory))
  }

  /// Whatever call fails, the run ends with the same files, or with an error; then a resumed run ends with the same files.
  @Test func aRunWhoseCallsFailEndsWithTheSameFilesOrWithAnErrorAndThenResumes() throws {
    let scratch = try ScratchDirectory()
    let healthy = FaultyFiles()
    try train(in: scratch.path(of: "whole"), healthy)
    let whole = try files(in: scratch.path(of: "whole"))
    let faults: [FaultyFiles.Fault] = [
      .once(ENOSPC), .once(EIO), .once(EMFILE), .forGood(ENOSPC), .killed, .short,
    ]
    let calls = healthy.calls.count
    var (failures, mostKept) = (0, 0)
    for fault in faults {
      for call in stride(from: 1, through: calls, by: amount(debug: 13, release: 2)) {
        let path = scratch.path(of: "faulty")
        try? FileManager.default.removeItem(atPath: path)
        var hasFailed = false
        do { try train(in: path, FaultyFiles(fault, at: call)) } catch { hasFailed = true }
        if hasFailed {
          failures += 1
          try train(in: path, FaultyFiles(), earlier: .resume)
        }
        #expect(try files(in: path) == whole, "\(fault) at call \(call) of \(calls), failed: \(hasFailed)")
        let kept = try RunDirectory(path).keptStates()
        let steps = try kept.map { try ModelFile<Float>(contentsOf: $0.path).history?.step }
        #expect(steps == kept.map(\.step), "\(fault) at call \(call): states under the names of other steps")
        mostKept = max(mostKept, kept.count)
      }
    }
    // One more where the call that removes the oldest failed at the end.
    #expect(calls > 50 && failures > 10 && (2...3).contains(mostKept), "\(calls) calls, \(failures) failures")
  }

  /// Killed at any call while it replaces another run, a run leaves that run or itself, never a mixture.
  @Test func aRunKilledWhileItReplacesAnotherIsNeverMixedWithIt() throws {
    let scratch = try ScratchDirectory()
    var other = settings
    other.cell = .gru
    try train(in: scratch.path(of: "old"), FaultyFiles(), settings: other)
    try train(in: scratch.path(of: "new"), FaultyFiles())
    let new = try files(in: scratch.path(of: "new"))
    func copyOld() throws -> String {
      let path = scratch.path(of: "run")
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: scratch.path(of: "old"), toPath: path)
      return path
    }
    let healthy = FaultyFiles()
    try train(in: copyOld(), healthy, earlier: .replace)
    #expect(try files(in: scratch.path(of: "run")) == new)

    var seen: Set<String> = []
    for call in stride(from: 1, through: healthy.calls.count, by: sweep(debug: [3], release: [1])[0]) {
      let path = try copyOld()
      try? train(in: path, FaultyFiles(.killed, at: call), earlier: .replace)
      let directory = RunDirectory(path)
      // What the command would sample from.
      let served = try? ModelFile<Float>(contentsOf: path).history?.run
      let isReplaced = try RunOwnership(of: directory).run == CharacterRun(settings: settings, corpus: corpus).identity
      seen.insert("\(isReplaced) \(served == nil ? "none" : "some")")
      let expected = try CharacterRun(settings: isReplaced ? settings : other, corpus: corpus).identity
      #expect(served == nil && isReplaced || served == expected, "killed at call \(call)")
      // Resumed, it is the run that the directory belongs to.
      try train(in: path, FaultyFiles(), earlier: .resume, settings: isReplaced ? settings : other)
      if isReplaced { #expect(try files(in: path) == new, "killed at call \(call)") }
    }
    #expect(seen == ["false some", "true none", "true some"])
  }
}
