import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct EarlierRunTests {
  private func run(
    in directory: RunDirectory, resuming checkpoint: Checkpoint? = nil,
    change: (inout TrainingSettings) -> Void = { _ in }
  ) throws -> CharacterRun {
    try CharacterRun(settings: .small(change), corpus: sampleCorpus(), directory: directory, resuming: checkpoint)
  }

  private let limits = TrainingLimits(steps: 12)

  @Test func aRunRefusesADirectoryThatHoldsAnotherAndLeavesItAsItIs() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    let before = try (bytes(of: directory.last), bytes(of: directory.best))
    #expect(throws: RunDirectoryTaken.self) { try run(in: directory) { $0.cell = .gru }.train(limits: limits) }
    #expect(try (bytes(of: directory.last), bytes(of: directory.best)) == before)
  }

  /// A run that replaces another leaves no file of it, even where it has no best model of its own.
  @Test func aRunThatReplacesAnotherLeavesNoFileOfIt() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    let withoutBest = try run(in: directory) { ($0.cell, $0.validationFraction) = (.gru, "0") }
    try withoutBest.claimDirectory(earlier: .replace)
    #expect(FileManager.default.fileExists(atPath: directory.best), "nothing is lost before there is something new")
    try withoutBest.train(limits: limits)
    #expect(!FileManager.default.fileExists(atPath: directory.best))
    #expect(try ModelFile<Float>(contentsOf: directory.path).model.shape.cell == .gru)

    let withBest = try run(in: directory) { $0.cell = .rnn }
    try withBest.claimDirectory(earlier: .replace)
    try withBest.train(limits: limits)
    for file in [directory.best, directory.last] {
      #expect(try ModelFile<Float>(contentsOf: file).model.shape.cell == .rnn)
    }
  }

  /// A replaced run of the same settings has the same identity; nothing of it is left all the same.
  @Test func aRunThatReplacesOneOfTheSameSettingsLeavesNoFileOfIt() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: TrainingLimits(steps: 60))
    let again = try run(in: directory)
    try again.claimDirectory(earlier: .replace)
    #expect(!directory.holdsRun)
    try again.train(limits: limits)
    #expect(try ModelFile<Float>(contentsOf: directory.best).history?.step ?? 99 <= 12)
  }

  /// A run that begins again where only a best model is left keeps it until there is a better one.
  @Test func aRunThatBeginsAgainKeepsALoneBestModel() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: TrainingLimits(steps: 60))
    let best = try bytes(of: directory.best)
    try FileManager.default.removeItem(atPath: directory.last)
    let again = try run(in: directory)
    try again.claimDirectory(earlier: .resume)
    try again.train(limits: TrainingLimits(steps: 1))
    #expect(try bytes(of: directory.best) == best)
  }

  /// Without a `last`, a run can begin again only as the run that it was.
  @Test func aRunOfOtherSettingsDoesNotTakeTheDirectoryOfOneThatHasNoLast() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    try FileManager.default.removeItem(atPath: directory.last)
    let best = try bytes(of: directory.best)
    let other = try run(in: directory) { $0.cell = .gru }
    let error = #expect(throws: RunDirectoryTaken.self) { try other.claimDirectory(earlier: .resume) }
    #expect(error == .otherBeginning(path: directory.path))
    #expect(try bytes(of: directory.best) == best)
    // Nor where nothing is saved yet.
    try FileManager.default.removeItem(atPath: directory.best)
    #expect(throws: RunDirectoryTaken.self) { try other.claimDirectory(earlier: .resume) }
    try run(in: directory).claimDirectory(earlier: .resume)
  }

  /// Two processes that read the same `last` cannot both go on from it.
  @Test func aRunWhoseLastWasSavedElsewhereDoesNotGoOn() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    let checkpoint = try Checkpoint(contentsOf: directory.last)
    let (first, second) = try (run(in: directory, resuming: checkpoint), run(in: directory, resuming: checkpoint))
    try second.train(limits: TrainingLimits(steps: 14))
    let last = try bytes(of: directory.last)
    let error = #expect(throws: RunDirectoryTaken.self) { try first.train(limits: TrainingLimits(steps: 13)) }
    #expect(error == .savedElsewhere(path: directory.last))
    #expect(try bytes(of: directory.last) == last)
    // The second has its own state still, and goes on.
    try second.train(limits: TrainingLimits(steps: 16))
    #expect(try CharacterRun.settings(of: Checkpoint(contentsOf: directory.last)) == second.settings)
    #expect(second.step == 16)
  }

  /// A run that was resumed from a copy of its state goes on in the same directory; in another it asks for room like any run.
  @Test func aResumedRunMayBeginAnotherDirectory() throws {
    let scratch = try ScratchDirectory()
    let (directory, other) = (scratch.run("a"), scratch.run("b"))
    try run(in: directory).train(limits: limits)
    let copy = scratch.path(of: "copy.safetensors")
    try FileManager.default.copyItem(atPath: directory.last, toPath: copy)
    let checkpoint = try Checkpoint(contentsOf: copy)
    try run(in: other, resuming: checkpoint).train(limits: TrainingLimits(steps: 14))
    #expect(throws: RunDirectoryTaken.self) {
      try run(in: other, resuming: checkpoint).train(limits: TrainingLimits(steps: 15))
    }
    try run(in: directory, resuming: checkpoint).train(limits: TrainingLimits(steps: 14))
    #expect(try bytes(of: directory.last) == bytes(of: other.last))
  }

  @Test func aResumedRunMayReplaceAnotherAndLeavesNoFileOfIt() throws {
    let scratch = try ScratchDirectory()
    let (one, other) = (scratch.run("one"), scratch.run("other"))
    try run(in: one).train(limits: limits)
    try run(in: other) { $0.cell = .gru }.train(
      limits: limits, reporting: TrainingReporting(checkpointEvery: 1, kept: 2))
    let last = try bytes(of: one.last)
    let further = try run(in: other, resuming: Checkpoint(contentsOf: one.last))
    try further.claimDirectory(earlier: .replace)
    #expect(try RunOwnership(of: other).owner(of: other.last) == .replaced)
    try further.train(limits: limits)
    #expect(try bytes(of: other.last) == last)
    #expect(try other.keptStates().isEmpty && RunOwnership(of: other).owner(of: other.best) != .strange)
  }

  /// States that were kept are a run too.
  @Test func aDirectoryOfKeptStatesIsTaken() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits, reporting: TrainingReporting(checkpointEvery: 5, kept: 1))
    for file in [directory.best, directory.last] { try FileManager.default.removeItem(atPath: file) }
    #expect(throws: RunDirectoryTaken.self) { try run(in: directory).train(limits: limits) }
    let error = #expect(throws: RunDirectoryTaken.self) { try run(in: directory).claimDirectory(earlier: .resume) }
    #expect(error == .lostLast(path: directory.path, kept: directory.keptPath(10)))
    #expect(try directory.keptStates().map(\.step) == [10])
    // As the error advises.
    try FileManager.default.copyItem(atPath: directory.keptPath(10), toPath: directory.last)
    let resumed = try run(in: directory, resuming: Checkpoint(contentsOf: directory.last))
    try resumed.train(limits: TrainingLimits(steps: 14), reporting: TrainingReporting(kept: 1))
    #expect(try directory.keptStates().map(\.step) == [10])
  }

  /// A model of another run is neither removed nor replaced by the run that goes on beside it.
  @Test func aModelOfAnotherRunIsNotTouched() throws {
    let scratch = try ScratchDirectory()
    let (directory, other) = (scratch.run("a"), scratch.run("b"))
    try run(in: directory).train(limits: limits)
    try run(in: other) { $0.seed = 9 }.train(limits: limits)
    for path in [directory.keptPath(3), directory.best] {
      try? FileManager.default.removeItem(atPath: path)
      try FileManager.default.copyItem(atPath: other.last, toPath: path)
      let resumed = try run(in: directory, resuming: Checkpoint(contentsOf: directory.last))
      let error = #expect(throws: RunDirectoryTaken.self) { try resumed.train(limits: TrainingLimits(steps: 14)) }
      #expect(error == .otherRun(path: path))
      #expect(try bytes(of: path) == bytes(of: other.last))
      try FileManager.default.removeItem(atPath: path)
    }
  }

  /// A run whose directory is renamed does not write into the one that takes its place.
  @Test func aRunWhoseDirectoryIsRenamedDoesNotWriteIntoItsSuccessor() throws {
    let scratch = try ScratchDirectory()
    let (directory, moved) = (scratch.run("a"), scratch.path(of: "moved"))
    let first = try run(in: directory)
    try first.claimDirectory()
    try FileManager.default.moveItem(atPath: directory.path, toPath: moved)
    try run(in: directory) { $0.cell = .gru }.train(limits: limits)
    let last = try bytes(of: directory.last)
    let error = #expect(throws: RunDirectoryTaken.self) { try first.train(limits: limits) }
    #expect(error == .movedAway(path: directory.path))
    #expect(try bytes(of: directory.last) == last)
  }

  /// A run that replaces another before that one has replaced a third leaves nothing of either.
  @Test func aRunThatReplacesOneThatWasReplacingAnotherLeavesNothingOfEither() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits, reporting: TrainingReporting(checkpointEvery: 5, kept: 2))
    // The second saves a `best` and is stopped before its first `last`.
    let first = try bytes(of: directory.last)
    let second = try run(in: directory) { ($0.cell, $0.validateEvery) = (.gru, 1) }
    try second.claimDirectory(earlier: .replace)
    try second.train(limits: TrainingLimits(steps: 1))
    try Data(first).write(to: URL(fileURLWithPath: directory.last))
    let change: (inout TrainingSettings) -> Void = { ($0.cell, $0.validationFraction) = (.rnn, "0") }
    try run(in: directory, change: change).claimDirectory(earlier: .replace)
    #expect(throws: FileError.self) { try ModelFile<Float>(contentsOf: directory.path) }
    // It was killed, and begins again.
    let third = try run(in: directory, change: change)
    try third.claimDirectory(earlier: .resume)
    try third.train(limits: limits)
    #expect(try directory.models() == [directory.last])
    #expect(try ModelFile<Float>(contentsOf: directory.path).model.shape.cell == .rnn)
  }

  /// A configuration that cannot tell whose the files are is said, not passed over.
  @Test func aConfigurationThatCannotBeReadIsAnError() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    for (text, problem) in [
      ("{", RunConfigurationError.Problem.noObject), (#"{"run":1}"#, .otherType(name: "run", expected: "text")),
      (#"{"run":"x","run":"x"}"#, .nameTwice("run")),
    ] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: directory.configuration))
      let error = #expect(throws: RunConfigurationError.self) { try ModelFile<Float>(contentsOf: directory.path) }
      #expect(error?.problem == problem)
    }
    // One that names no run is that of a version that had none, or of a user who cut it: then the models tell.
    for text in ["{}", #"{"run":null}"#] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: directory.configuration))
      _ = try ModelFile<Float>(contentsOf: directory.path)
    }
    for call in 1...3 {
      let faulty = RunDirectory(directory.path, using: FaultyFiles(.once(EIO), at: call))
      #expect(throws: FileError.self) { try RunOwnership(of: faulty) }
    }
  }

  /// What stands in the way of a run is found before anything of the one that it replaces is touched.
  @Test func aRunThatCannotBeginLeavesTheOneThatItWouldReplace() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try run(in: directory).train(limits: limits)
    try FileManager.default.removeItem(atPath: directory.metrics)
    try FileManager.default.createDirectory(atPath: directory.metrics, withIntermediateDirectories: false)
    let before = try (bytes(of: directory.last), bytes(of: directory.configuration))
    for change in [{ _ in }, { $0.seed = 2 }] as [(inout TrainingSettings) -> Void] {
      let next = try run(in: directory, change: change)
      #expect(throws: FileError.self) { try next.claimDirectory(earlier: .replace) }
      #expect(try (bytes(of: directory.last), bytes(of: directory.configuration)) == before)
    }
  }

  @Test func filesOfTheSameNamesThatBelongToNoRunAreNotTouched() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try directory.create()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: directory.configuration))
    for _ in 1...2 {
      #expect(throws: RunDirectoryTaken.self) { try run(in: directory).train(limits: limits) }
    }
    #expect(try bytes(of: directory.configuration) == Array("mine".utf8))
  }

  @Test func twoRunsCannotHaveOneDirectoryAtTheSameTime() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    let first = try run(in: directory)
    try first.claimDirectory()
    #expect { try run(in: directory).train(limits: limits) } throws: { ($0 as? FileError)?.kind == .busy }
    try first.train(limits: limits)
  }

  @Test func whatCannotFitTheMachinesMemoryIsRefusedInWords() throws {
    let error = #expect(throws: CharacterRunError.self) {
      try CharacterRun(settings: .small { ($0.hidden, $0.layers) = (65_536, 64) }, corpus: sampleCorpus())
    }
    guard case .tooLarge(let bytes, let available) = error else {
      Issue.record("\(error.map { "\($0)" } ?? "no error")")
      return
    }
    #expect(bytes > available && available > 0)
  }
}
