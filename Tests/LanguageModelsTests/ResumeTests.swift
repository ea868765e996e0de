import Autograd
import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore
import Testing

@Suite struct ResumeTests {
  private static let settings: [TrainingSettings] = [
    .small { ($0.dropout, $0.validateEvery) = (0.3, 7) },
    .small { ($0.cell, $0.embedding, $0.dropout) = (.gru, 5, 0.2) },
    .small { ($0.cell, $0.optimizer, $0.layers, $0.learningRate) = (.rnnReLU, .sgd, 1, 0.01) },
    .small { $0.precision = .splitBFloat16 },
    .small { ($0.optimizer, $0.layers) = (.nAdam, 1) },
    .small { ($0.layers, $0.schedule, $0.horizon) = (1, .cosine, 22) },
    .small { ($0.layers, $0.schedule, $0.validateEvery, $0.learningRate) = (1, .plateau, 2, 0.5) },
    .small { ($0.cell, $0.layers, $0.backwardLength, $0.dropout) = (.gru, 1, 20, 0.2) },
    .small { ($0.layers, $0.averaging, $0.validateEvery, $0.learningRate) = (1, 0.2, 3, 0.05) },
    .small { ($0.cell, $0.layers, $0.backwardLength, $0.variesLength) = (.minGRU, 1, 7, true) },
    .small { settings in
      (settings.activationRegularization, settings.temporalRegularization, settings.weightDecay) = (2, 1, 0.01)
      settings.projection = 5
      settings.zoneout = 0.2
      settings.weightDrop = 0.2
    },
  ]

  /// Trains up to a step, from the start or from the state in `directory`.
  ///
  /// - Returns: the bytes of `last`.
  @discardableResult
  private func train(
    _ settings: TrainingSettings, _ corpus: Corpus, in directory: RunDirectory, to step: Int, resuming: Bool = false,
    threads: Int = 1
  ) throws -> [UInt8] {
    let checkpoint = resuming ? try Checkpoint(contentsOf: directory.last) : nil
    let run = try CharacterRun(
      settings: settings, corpus: corpus, directory: directory, resuming: checkpoint, threads: threads)
    try run.train(limits: TrainingLimits(steps: step), reporting: quiet)
    return try bytes(of: directory.last)
  }

  /// A run that is over loses and doubles no line, whether its end was validated at an end or on the way.
  @Test(arguments: [nil, 3])
  func aResumeWithoutAStepLeavesTheMetricsAsTheyAre(validateEvery: Int?) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let (settings, directory) = (TrainingSettings.small { $0.validateEvery = validateEvery }, scratch.run("run"))
    try train(settings, corpus, in: directory, to: 3)
    let metrics = try bytes(of: directory.metrics)
    for _ in 0..<2 { try train(settings, corpus, in: directory, to: 3, resuming: true) }
    #expect(try bytes(of: directory.metrics) == metrics)
  }

  @Test func aLineAfterStepsRecordsSpeedAndGradient() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    try train(.small(), corpus, in: directory, to: 3)
    let end = try String(decoding: bytes(of: directory.metrics), as: UTF8.self)
    #expect(end.contains(/"gradient_norm":0\.0*[1-9]/) && end.contains(/"tokens_per_second":[1-9]/), "\(end)")
  }

  /// Interrupted anywhere and resumed, a run ends with the bytes of one left alone, on one thread or two.
  @Test(arguments: settings)
  func anInterruptedAndResumedRunEndsWithTheSameBytes(settings: TrainingSettings) throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let perEpoch = try CharacterRun(settings: settings, corpus: corpus).stepsPerEpoch
    #expect(perEpoch < 30, "the test is about several epochs")
    let whole = try train(settings, corpus, in: scratch.run("whole"), to: 30)
    #expect(try train(settings, corpus, in: scratch.run("two"), to: 30, threads: 2) == whole)
    for stop in sweep(debug: [13, perEpoch], release: [1, 13, 14, perEpoch, perEpoch + 1, 29]) {
      let directory = scratch.run("stop-\(stop)")
      try train(settings, corpus, in: directory, to: stop, threads: 2)
      #expect(try train(settings, corpus, in: directory, to: 30, resuming: true) == whole, "stopped after \(stop)")
      // Again: there is nothing left to do, and nothing changes.
      #expect(try train(settings, corpus, in: directory, to: 30, resuming: true) == whole)
    }
  }

  @Test func anotherCorpusIsRefusedWithWhatDiffers() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("run")
    try train(.small(), try sampleCorpus(sampleText(600)), in: directory, to: 3)
    for other in [sampleText(600, seed: 2), sampleText(700), sampleText(600) + "!"] {
      let corpus = try sampleCorpus(other)
      let error = #expect(throws: CharacterRunError.self) {
        try CharacterRun(
          settings: .small(), corpus: corpus, directory: directory, resuming: Checkpoint(contentsOf: directory.last))
      }
      let description = error?.description ?? ""
      #expect(description.contains("the corpus has changed") && !description.contains("\n"))
    }
  }

  @Test func settingsThatNoRunCanHaveAreRefusedBeforeOneBegins() throws {
    let corpus = try sampleCorpus()
    for settings in [
      TrainingSettings.small { $0.backwardLength = 0 }, .small { ($0.length, $0.variesLength) = (3, true) },
      .small { $0.activationRegularization = -1 }, .small { $0.temporalRegularization = .nan },
      .small { $0.clip = .nan }, .small { $0.patience = 0 }, .small { $0.seed = -1 },
      .small { $0.weightDecay = -1 }, .small { $0.zoneout = 1 }, .small { $0.learningRate = .infinity },
    ] {
      let error = #expect(throws: CharacterRunError.self) {
        try CharacterRun(settings: settings, corpus: corpus)
      }
      #expect(error.map { "\($0)".contains("\n") } == false)
    }
  }

  /// Changes of the state of a run that is whole otherwise.
  private static let damage: [(from: String, to: String)] = [
    ("{", "["), (#""batch":4"#, #""batch":0"#), (#""batch":4"#, #""batch":9223372036854775807"#),
    (#""length":8"#, #""length":-8"#), (#""layers":2"#, #""layers":0"#), (#""hidden":8"#, #""hidden":0"#),
    (#""hidden":8"#, #""hidden":16"#), (#""cell":"lstm""#, #""cell":"gru""#), (#""dropout":0"#, #""dropout":2"#),
    (#""seed":1"#, #""seed":18446744073709551615"#), (#""seed":1"#, #""seed":-1"#),
    (#""seed":1"#, #""seed":1,"validateEvery":0"#), (#""seed":1"#, #""seed":1,"patience":0"#),
    (#""step":3"#, #""step":-1"#), (#""step":3"#, #""step":9223372036854775807"#), (#""updates":3"#, #""updates":-3"#),
    (#""skippedInARow":0"#, #""skippedInARow":-1"#), (#""validationFraction":"0.05""#, #""validationFraction":"x""#),
    (#""validationFraction":"0.05""#, #""validationFraction":"7""#), (#""optimizer":"adam""#, #""optimizer":"magic""#),
    (#""learningRate":0.002"#, #""learningRate":-1"#), (#""schedule":"constant""#, #""schedule":"cosine""#),
    (#""schedule":"constant""#, #""schedule":"one-cycle","horizon":0"#),
    (#""schedule":"constant""#, #""schedule":"magic""#), (#""clip":5"#, #""clip":-5"#),
    (#""learningRate":0.002,"lossCount""#, #""learningRate":-1,"lossCount""#),
  ]

  @Test(arguments: damage.indices)
  func aStateThatNoRunCanHaveIsAnErrorOfOneLineNeverATrap(index: Int) throws {
    let (from, to) = Self.damage[index]
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    try train(.small(), corpus, in: directory, to: 3)
    var checkpoint = try Checkpoint(contentsOf: directory.last)
    let state = try #require(checkpoint.metadata["run"])
    #expect(state.contains(from), "the test is out of date: \(state)")
    checkpoint.metadata["run"] = state.replacingOccurrences(of: from, with: to)
    let error = #expect(throws: (any Error).self) {
      try CharacterRun(settings: CharacterRun.settings(of: checkpoint), corpus: corpus, resuming: checkpoint)
    }
    #expect(error.map { "\($0)".contains("\n") } == false)
  }

  @Test func aStateWithoutOneOfItsTensorsIsRefusedByTheTensorsName() throws {
    let (scratch, corpus) = (try ScratchDirectory(), try sampleCorpus())
    let directory = scratch.run("run")
    try train(.small(), corpus, in: directory, to: 3)
    let whole = try Checkpoint(contentsOf: directory.last)
    #expect(whole.names.contains { $0.hasPrefix("optimizer.first_moment.") })
    #expect(whole.names.contains("state.l1.cell"))
    #expect(whole.names.contains("rollback.optimizer.second_moment.decoder.bias"))
    for name in whole.names {
      var checkpoint = whole
      checkpoint.tensors[name] = nil
      let expected = SafetensorsError(file: checkpoint.file, problem: .missingTensor(name))
      #expect(throws: CharacterRunError.checkpoint(expected)) {
        try CharacterRun(settings: .small(), corpus: corpus, resuming: checkpoint)
      }
    }
    let best = try Checkpoint(contentsOf: directory.best)
    #expect(
      best.names.sorted()
        == whole.names.filter { name in !["optimizer.", "state.", "rollback."].contains { name.hasPrefix($0) } }
        .sorted())
    #expect(throws: ModelFileError.self) { try CharacterRun.settings(of: best) }
  }
}
