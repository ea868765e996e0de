import Autograd
import CharrnnTestSupport
import LanguageModels
import ModelTraining
import NeuralLayers
import ProcessGroups
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

/// Training of one model by several ranks, beside that by one process.
@Suite struct RankTrainingTests {
  private static let corpus = try! sampleCorpus(sampleText(4000))

  private struct Outcome: Sendable, Equatable {
    var losses: [Double] = []
    /// Steps that were left out or taken back, and the end of a run that diverged.
    var recoveries: [String] = []
    var validation: Double?
    var parameters: [Tensor<Double>] = []
  }

  /// Trains in double precision.
  private static func train(
    _ architecture: Architecture, batch: Int, steps: Int, optimizer: OptimizerSettings = .adam(learningRate: 2e-3),
    group: ProcessGroup?
  ) throws -> Outcome {
    var model = CharacterModel<Double>(ModelShape(architecture, vocabulary: corpus.vocabulary.count))
    // Ranks other than the first get its weights.
    var random = RandomSource(seed: UInt64(7 + (group?.rank ?? 0)))
    model.initialize(using: &random)
    let shard = BatchShard(of: batch, rank: group?.rank ?? 0, size: group?.size ?? 1)
    let streams = try ContiguousBatches(corpus.tokens, in: 0..<3000, batch: batch, length: 12).taking(shard.sequences)
    let task = CharacterTask<Double>(
      model, windows: TruncatedWindows(streams), validation: TextStream(corpus.tokens[3000...]),
      penalties: ActivationPenalties(activation: 1, temporal: 0.5), group: group)
    let trainer = Trainer(
      model: model, task: task, optimizer: optimizer, clipping: .norm(1), averaging: 0.1, seed: 3, group: group)
    var outcome = Outcome()
    for _ in 0..<steps {
      do {
        switch try trainer.trainStep() {
        case .step(let report): outcome.losses.append(report.loss)
        case .skipped(let step, let reason): outcome.recoveries.append("\(step): \(reason)")
        case .rolledBack(let step, _, let reason): outcome.recoveries.append("back to \(step): \(reason)")
        case .validated: break
        }
      } catch {
        outcome.recoveries.append("\(error)")
        return outcome
      }
    }
    outcome.validation = trainer.validate(scheduled: true)?.validationLoss
    outcome.parameters = trainer.model.parameters.map { $0.parameter.value }
    return outcome
  }

  private static func architecture(_ cell: CellKind) -> Architecture {
    var architecture = Architecture(cell: cell, hidden: 10)
    (architecture.dropout, architecture.zoneout, architecture.weightDrop) = (0.2, 0.1, 0.1)
    return architecture
  }

  @Test(arguments: [CellKind.rnn, .lstm, .gru])
  func ranksTrainAsOneProcessDoes(cell: CellKind) throws {
    let steps = amount(debug: 12, release: 200)
    let architecture = Self.architecture(cell)
    let alone = try Self.train(architecture, batch: 7, steps: steps, group: nil)
    for size in [2, 4] {
      let ranks = try LocalJob.run(size) { try Self.train(architecture, batch: 7, steps: steps, group: $0) }
      for rank in ranks {
        #expect(rank == ranks[0])
        #expect(rank.losses.count == alone.losses.count)
        for (step, (loss, expected)) in zip(rank.losses, alone.losses).enumerated() {
          #expect(abs(loss - expected) < 1e-9, "step \(step) on \(size) ranks")
        }
        #expect(abs(try #require(rank.validation) - alone.validation!) < 1e-9)
      }
      let again = try LocalJob.run(size) { try Self.train(architecture, batch: 7, steps: steps, group: $0) }
      #expect(again == ranks, "the same bits again")
    }
  }

  /// Its gradients are summed in several parts, from the top layer down.
  @Test func aLargeModelIsTrainedAsByOneProcess() throws {
    let architecture = Architecture(cell: .lstm, layers: 2, hidden: 128)
    let alone = try Self.train(architecture, batch: 3, steps: 2, group: nil)
    for rank in try LocalJob.run(3, { try Self.train(architecture, batch: 3, steps: 2, group: $0) }) {
      for (own, expected) in zip(rank.parameters, alone.parameters) {
        let largest = zip(own.scalars, expected.scalars).map { ($0.0 - $0.1).magnitude }.max() ?? 0
        #expect(largest < 1e-9)
      }
    }
  }

  @Test func aShardedOptimizerDoesWhatAWholeOneDoes() throws {
    let optimizers: [OptimizerSettings] = [
      .sgd(learningRate: 0.1, momentum: 0.9, decay: .l2(1e-3, on: .matrices)), .rmsProp(learningRate: 1e-3), .lion(),
    ]
    for optimizer in optimizers {
      let alone = try Self.train(
        Architecture(cell: .lstm, hidden: 6), batch: 3, steps: 8, optimizer: optimizer, group: nil)
      let ranks = try LocalJob.run(3) {
        try Self.train(Architecture(cell: .lstm, hidden: 6), batch: 3, steps: 8, optimizer: optimizer, group: $0)
      }
      for (loss, expected) in zip(ranks[1].losses, alone.losses) {
        #expect(abs(loss - expected) < (optimizer.rule == OptimizerSettings.lion().rule ? 1e-3 : 1e-9))
      }
    }
  }

  /// Numbers that are not finite may be those of another rank.
  @Test(arguments: [1e300, 1e4]) func allRanksRecoverAlike(learningRate: Double) throws {
    @Sendable func train(_ group: ProcessGroup?) throws -> Outcome {
      try Self.train(
        Architecture(cell: .rnnReLU, hidden: 6), batch: 4, steps: 30, optimizer: .sgd(learningRate: learningRate),
        group: group)
    }
    let alone = try train(nil)
    #expect(!alone.recoveries.isEmpty)
    for rank in try LocalJob.run(3, { try train($0) }) { #expect(rank.recoveries == alone.recoveries) }
  }

  /// A run saved on some ranks.
  private static func run(
    on size: Int, to step: Int, in directory: RunDirectory, resuming: Bool = false,
    _ settings: TrainingSettings = .small { ($0.dropout, $0.validateEvery, $0.batch) = (0.3, 7, 6) }
  ) throws -> [UInt8] {
    let checkpoint = resuming ? try Checkpoint(contentsOf: directory.last) : nil
    _ = try LocalJob.run(size) { group in
      let run = try CharacterRun(
        settings: settings, corpus: corpus, directory: group.rank == 0 ? directory : nil, resuming: checkpoint,
        group: group)
      try run.train(limits: TrainingLimits(steps: step), reporting: quiet)
    }
    return try bytes(of: directory.last)
  }

  @Test func aResumedRunEndsWithTheBitsOfAnUnbrokenOne() throws {
    let scratch = try ScratchDirectory()
    let whole = try Self.run(on: 3, to: 22, in: scratch.run("whole"))
    _ = try Self.run(on: 3, to: 9, in: scratch.run("cut"))
    #expect(try Self.run(on: 3, to: 22, in: scratch.run("cut"), resuming: true) == whole)
  }

  @Test(arguments: [1, 2, 5]) func aRunGoesOnOnOtherNumbersOfRanks(size: Int) throws {
    let scratch = try ScratchDirectory()
    _ = try Self.run(on: 1, to: 22, in: scratch.run("alone"))
    _ = try Self.run(on: 3, to: 9, in: scratch.run("cut"))
    _ = try Self.run(on: size, to: 22, in: scratch.run("cut"), resuming: true)
    let (alone, cut) = (
      try Checkpoint(contentsOf: scratch.run("alone").last), try Checkpoint(contentsOf: scratch.run("cut").last)
    )
    #expect(alone.names == cut.names)
    for name in alone.names {
      let (a, b): ([Float], [Float]) = (try alone.values(of: name), try cut.values(of: name))
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-3 }, "\(name)")
    }
  }

  /// Ranks that have a part of the text each train as those that have all of it.
  @Test(arguments: [TokenKind.character, .byte])
  func partsOfATextAreEnough(kind: TokenKind) throws {
    let scratch = try ScratchDirectory()
    try scratch.write(sampleText(9000), to: "text")
    let path = scratch.path(of: "text")
    let settings = TrainingSettings.small {
      ($0.tokens, $0.validateEvery, $0.batch, $0.validationFraction) = (kind, 5, 7, "0.3")
    }
    func train(_ name: String, corpus: @escaping @Sendable (ProcessGroup) throws -> Corpus) throws -> [UInt8] {
      let directory = scratch.run(name)
      _ = try LocalJob.run(3) { group in
        let run = try CharacterRun(
          settings: settings, corpus: corpus(group), directory: group.rank == 0 ? directory : nil, group: group)
        try run.train(limits: TrainingLimits(steps: 12), reporting: TrainingReporting(sampleEvery: 6))
      }
      return try bytes(of: directory.last)
    }
    let whole = try train("whole") { _ in try Corpus(files: [path], kind: kind) }
    let parts = try train("parts") { group in
      let corpus = try Corpus(
        sharing: [.file(path)], kind: kind, vocabulary: nil, heldOut: settings.heldOut, in: group)
      return corpus.keeping(try settings.positionsOfRanks(on: corpus, size: 3), in: group)
    }
    #expect(whole == parts)
    func validations(_ name: String) throws -> [String] {
      try comparableMetrics(of: scratch.run(name)).filter { $0.contains("validation") }
    }
    #expect(try validations("whole") == validations("parts"))
  }

  @Test func aBatchThatIsTooSmallForTheRanksIsRefused() throws {
    #expect(throws: CharacterRunError.tooManyRanks(3, batch: 2)) {
      try LocalJob.run(3) { group in
        _ = try CharacterRun(settings: .small { $0.batch = 2 }, corpus: Self.corpus, group: group)
      }
    }
  }
}
