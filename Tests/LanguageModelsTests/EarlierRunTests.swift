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

  @Test func filesOfTheSameNamesThatBelongToNoRunAreNotTouched() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("a")
    try directory.create()
    try Data("mine".utf8).write(to: URL(fileURLWithPath: directory.configuration))
    #expect(throws: RunDirectoryTaken.self) { try run(in: directory).train(limits: limits) }
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
