import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import SequenceText
import TensorCheckpoints
import Testing

/// Run directories as earlier versions wrote them.
@Suite struct FormatVersionTests {
  private static let folder = Repository.fixture("format-1").path
  /// The text that the runs were trained on.
  private let text: [UInt8]

  init() throws { text = Array(try bytes(of: Repository.corpus("fables.txt").path).prefix(3000)) }

  /// A run of version 1, which has neither an identity nor a state to go back to, is read and goes on.
  @Test(arguments: [("lstm", 12, 3.7863464367140023), ("gru", 8, 3.843766636756272)])
  func aRunOfVersion1IsReadAndGoesOn(name: String, step: Int, loss: Double) throws {
    let scratch = try ScratchDirectory()
    try FileManager.default.copyItem(atPath: Self.folder + "/" + name, toPath: scratch.path(of: name))
    let directory = RunDirectory(scratch.path(of: name))
    for file in [directory.path, directory.best, directory.last] {
      let history = try #require(try ModelFile<Float>(contentsOf: file).history)
      #expect(history.step == step && history.run == nil)
      if file == directory.last { #expect(history.validationLoss == loss) }
    }
    let checkpoint = try Checkpoint(contentsOf: directory.last)
    let settings = try CharacterRun.settings(of: checkpoint)
    let run = try CharacterRun(
      settings: settings, corpus: Corpus(text: text, kind: settings.tokens), directory: directory,
      resuming: checkpoint)
    #expect(run.step == step && run.identity == nil)
    let before = try String(contentsOfFile: directory.metrics, encoding: .utf8).split(separator: "\n")
    try run.train(limits: TrainingLimits(steps: step + 3))
    #expect(try ModelFile<Float>(contentsOf: directory.last).history?.step == step + 3)
    #expect(try RunOwnership(of: directory).owner(of: directory.best) == .run)
    let after = try String(contentsOfFile: directory.metrics, encoding: .utf8).split(separator: "\n")
    #expect(after.starts(with: before.filter { $0.contains(#""validation""#) }))
  }

  @Test func aRunOfVersion1IsReplacedAsAnyOther() throws {
    let scratch = try ScratchDirectory()
    try FileManager.default.copyItem(atPath: Self.folder + "/lstm", toPath: scratch.path(of: "run"))
    let directory = scratch.run("run")
    let run = try CharacterRun(
      settings: .small { ($0.cell, $0.validationFraction) = (.gru, "0") }, corpus: Corpus(text: text, kind: .character),
      directory: directory)
    try run.claimDirectory(earlier: .replace)
    #expect(throws: (any Error).self) { try ModelFile<Float>(contentsOf: directory.path) }
    try run.train(limits: TrainingLimits(steps: 2))
    #expect(try ModelFile<Float>(contentsOf: directory.path).model.shape.cell == .gru)
    #expect(!FileManager.default.fileExists(atPath: directory.best))
  }
}
