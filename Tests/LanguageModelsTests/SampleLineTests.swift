import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import SequenceText
import TensorCheckpoints
import Testing

/// Samples and the test loss in the metrics of a run.
@Suite struct SampleLineTests {
  private let scratch: ScratchDirectory
  private let text = sampleText(600)

  init() throws { scratch = try ScratchDirectory() }

  @discardableResult
  private func train(_ directory: RunDirectory, to step: Int, kind: TokenKind = .character, resuming: Bool = false)
    throws
    -> CharacterRun
  {
    let run = try CharacterRun(
      settings: .small { $0.tokens = kind }, corpus: sampleCorpus(text, kind: kind), directory: directory,
      resuming: resuming ? Checkpoint(contentsOf: directory.last) : nil)
    var reporting = TrainingReporting(sampleEvery: 2)
    reporting.sampleLength = 40
    try run.train(limits: TrainingLimits(steps: step), reporting: reporting)
    return run
  }

  private func samples(_ directory: RunDirectory) throws -> [RunMetrics.Line] {
    try RunMetrics(of: directory).lines.filter { $0.event == "sample" }
  }

  @Test(arguments: [TokenKind.character, .byte])
  func aSampleStandsWithWhatItCopies(kind: TokenKind) throws {
    let directory = scratch.run("run")
    try train(directory, to: 6, kind: kind)
    let samples = try samples(directory)
    #expect(samples.map(\.step) == [2, 4, 6])
    for sample in samples {
      let (written, copy) = (try #require(sample.text), try #require(sample.copy))
      #expect(written.count >= 40 && written.contains(copy) && text.contains(copy) && !copy.isEmpty)
      #expect(sample.longestCopy == copy.utf8.count, "ASCII: a token is a byte")
    }
  }

  @Test func aResumedRunHasTheSamplesOfOneLeftAlone() throws {
    let (whole, broken) = (scratch.run("whole"), scratch.run("broken"))
    try train(whole, to: 8)
    try train(broken, to: 5)
    // A killed process had come to step 6.
    let state = try bytes(of: broken.last)
    try train(broken, to: 7, resuming: true)
    try Data(state).write(to: URL(fileURLWithPath: broken.last))
    try train(broken, to: 8, resuming: true)
    #expect(try samples(broken).map(\.text) == samples(whole).map(\.text))
    #expect(try bytes(of: broken.last) == bytes(of: whole.last))
  }

  private func recordTest(of run: CharacterRun, in directory: RunDirectory) throws -> PartEvaluation {
    let file = try ModelFile<Float>(contentsOf: directory.path)
    let evaluation = try PartEvaluation(of: file, on: run.corpus, part: .test)
    try run.record(test: evaluation, evaluation.baselines(), of: file.history?.step ?? 0)
    return evaluation
  }

  @Test func theTestLossIsTheLastLineUntilTheRunGoesOn() throws {
    let directory = scratch.run("run")
    let evaluation = try recordTest(of: train(directory, to: 4), in: directory)
    let test = try #require(try RunMetrics(of: directory).test)
    #expect(test.testLoss == evaluation.loss && test.baselines == evaluation.baselines())
    try train(directory, to: 6, resuming: true)
    #expect(try RunMetrics(of: directory).test == nil)
  }

  @Test func nothingIsAddedToTheMetricsOfARunThatAnotherProcessWentOnWith() throws {
    let directory = scratch.run("run")
    let run = try train(directory, to: 4)
    try train(directory, to: 6, resuming: true)
    _ = try recordTest(of: run, in: directory)
    #expect(try RunMetrics(of: directory).test == nil)
  }
}
