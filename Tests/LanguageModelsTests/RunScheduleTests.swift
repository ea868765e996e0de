import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import TensorCheckpoints
import Testing

@Suite struct RunScheduleTests {
  /// Learning rate of each step of a run, and loss of each scheduled validation.
  private func follow(
    _ settings: TrainingSettings, in directory: RunDirectory, to step: Int, stoppingAfter stop: Int = .max,
    resuming: Bool = false
  ) throws -> (rates: [Double], losses: [(step: Int, loss: Double)]) {
    let checkpoint = resuming ? try Checkpoint(contentsOf: directory.last) : nil
    let run = try CharacterRun(
      settings: settings, corpus: sampleCorpus(), directory: directory, resuming: checkpoint)
    var rates: [Double] = []
    var losses: [(step: Int, loss: Double)] = []
    let receive = { (event: RunEvent) in
      switch event {
      case .training(.step(let report)): rates.append(report.learningRate)
      case .training(.validated(let report)) where report.scheduled:
        losses.append((report.step, report.validationLoss))
      default: break
      }
    }
    try run.train(
      limits: TrainingLimits(steps: step), reporting: quiet, report: receive, shouldStop: { run.step >= stop })
    return (rates, losses)
  }

  /// A cosine falls from the base rate to 0 over the horizon and stays there, however long the run is.
  @Test func aCosineFallsFromTheBaseRateTo0OverTheHorizon() throws {
    let scratch = try ScratchDirectory()
    let settings = TrainingSettings.small { ($0.schedule, $0.horizon) = (.cosine, 20) }
    let rates = try follow(settings, in: scratch.run("run"), to: 30).rates
    #expect(rates.count == 30)
    for (n, rate) in rates.enumerated() {
      let expected = n < 20 ? 0.001 * (1 + cos(.pi * Double(n) / 20)) : 0
      #expect(abs(rate - expected) < 1e-15, "after \(n) updates")
    }
  }

  /// One cycle rises to the base rate, falls until the horizon and stays at its end.
  @Test func oneCycleRisesToTheBaseRate() throws {
    let scratch = try ScratchDirectory()
    let settings = TrainingSettings.small { ($0.schedule, $0.horizon) = (.oneCycle, 20) }
    let rates = try follow(settings, in: scratch.run("run"), to: 30).rates
    let peak = try #require(rates.firstIndex(of: 0.002))
    #expect(peak == 5, "six of the twenty updates")
    #expect(abs(rates[0] - 0.002 / 25) < 1e-15)
    for n in 0..<peak { #expect(rates[n] < rates[n + 1]) }
    for n in peak..<19 { #expect(rates[n] > rates[n + 1]) }
    for n in 19..<30 { #expect(abs(rates[n] - 0.002 / 250_000) < 1e-15) }
  }

  /// A plateau halves the rate after two validations in a row that were no better than the best.
  @Test func aPlateauHalvesTheRateAfterTwoValidationsInARow() throws {
    let scratch = try ScratchDirectory()
    let settings = TrainingSettings.small {
      ($0.schedule, $0.validateEvery, $0.learningRate) = (.plateau, 2, 0.5)
    }
    let (rates, losses) = try follow(settings, in: scratch.run("run"), to: 60)
    var (best, since, rate) = (Double.infinity, 0, 0.5)
    for (step, loss) in losses where step < 60 {
      since = loss < best * 0.9999 ? 0 : since + 1
      if since == 0 { best = loss }
      if since == 2 { (since, rate) = (0, rate / 2) }
      #expect(rates[step] == rate && rates[step + 1] == rate, "after step \(step)")
    }
    #expect(losses.count == 30 && rate < 0.25, "the test is about a rate that is halved more than once")
  }

  @Test(arguments: TrainingSettings.Schedule.allCases)
  func interruptedAnywhereARunGoesOnAtTheRatesOfOneLeftAlone(schedule: TrainingSettings.Schedule) throws {
    let scratch = try ScratchDirectory()
    let settings = TrainingSettings.small {
      ($0.schedule, $0.validateEvery, $0.learningRate) = (schedule, 3, 0.2)
      if schedule.spansHorizon { $0.horizon = 20 }
    }
    let whole = try follow(settings, in: scratch.run("whole"), to: 26).rates
    for stop in sweep(debug: [9, 20], release: [1, 9, 19, 20, 21, 25]) {
      let directory = scratch.run("stop-\(stop)")
      let begun = try follow(settings, in: directory, to: 26, stoppingAfter: stop).rates
      let stored = try CharacterRun.settings(of: Checkpoint(contentsOf: directory.last))
      #expect(stored == settings)
      #expect(try begun + follow(stored, in: directory, to: 26, resuming: true).rates == whole, "stopped after \(stop)")
    }
  }

  @Test(arguments: TrainingSettings.Schedule.allCases)
  func aScheduleWithoutWhatItGoesByIsRefusedByItsName(schedule: TrainingSettings.Schedule) throws {
    let corpus = try sampleCorpus()
    for horizon in [nil, 20] {
      for fraction in ["0.05", "0", "0.001"] {
        let settings = TrainingSettings.small {
          ($0.schedule, $0.horizon, $0.validationFraction) = (schedule, horizon, fraction)
        }
        let expected: CharacterRunError? =
          switch schedule {
          case .constant, .warmUpStableDecay: nil
          case .plateau: fraction == "0.05" ? nil : .noValidation(setting: "schedule plateau", tokens: 0)
          case .cosine, .oneCycle: horizon == nil ? .noHorizon(schedule) : nil
          }
        if let expected {
          #expect(throws: expected) { try CharacterRun(settings: settings, corpus: corpus) }
          #expect(expected.description.hasPrefix("schedule \(schedule.rawValue) needs"))
        } else {
          #expect(throws: Never.self) { try CharacterRun(settings: settings, corpus: corpus) }
        }
      }
    }
  }

  /// The tokens held out decide, not the fraction: of 600, a fraction of 0.002 is 2 and enough.
  @Test func patienceNeedsTwoTokensHeldOut() throws {
    let corpus = try sampleCorpus(String(sampleText(600).prefix(600)))
    for (fraction, tokens) in [("0", 0), ("0.001", 1), ("0.002", 2), ("0.05", 30)] {
      var settings = TrainingSettings.small {
        ($0.patience, $0.validationFraction, $0.testFraction) = (3, fraction, "0")
      }
      if tokens >= 2 {
        #expect(try CharacterRun(settings: settings, corpus: corpus).split.validation.count == tokens)
      } else {
        #expect(throws: CharacterRunError.noValidation(setting: "patience 3", tokens: tokens)) {
          try CharacterRun(settings: settings, corpus: corpus)
        }
        settings.patience = nil
        #expect(throws: Never.self) { try CharacterRun(settings: settings, corpus: corpus) }
      }
    }
  }

  /// Where epochs are short, saving takes no more than a twentieth of the time, unless an interval is asked for. Here time
  /// passes while files are used, and at no other moment.
  @Test func savingAtShortEpochsTakesLittleOfTheTime() throws {
    let corpus = try sampleCorpus(String(sampleText(600).prefix(100)))
    func statesSaved(_ interval: Int?, isSlow: Bool) throws -> Int {
      let (scratch, files) = (try ScratchDirectory(), FaultyFiles())
      let directory = RunDirectory(scratch.path(of: "run"), using: files)
      let run = try CharacterRun(settings: .small(), corpus: corpus, directory: directory)
      try run.train(
        limits: TrainingLimits(epochs: 12), reporting: TrainingReporting(checkpointEvery: interval, kept: 100),
        clock: { isSlow ? Double(files.calls.count) / 1000 : 0 })
      #expect(run.step == 12 * run.stepsPerEpoch)
      return try directory.keptStates().count + 1
    }
    #expect(try statesSaved(nil, isSlow: false) == 12)
    // At the first epoch, and at the end.
    #expect(try statesSaved(nil, isSlow: true) == 2)
    #expect(try statesSaved(1, isSlow: true) >= 12)
  }

  /// A run that an earlier version began with settings that do nothing goes on.
  @Test func aRunWithSettingsThatDoNothingIsResumed() throws {
    let scratch = try ScratchDirectory()
    let corpus = try sampleCorpus()
    var settings = TrainingSettings.small { ($0.validationFraction, $0.length) = ("0", 1) }
    let run = try CharacterRun(settings: settings, corpus: corpus, directory: scratch.run("run"))
    try run.train(limits: TrainingLimits(steps: 1))
    settings.temporalRegularization = 1
    let last = try Checkpoint(contentsOf: scratch.run("run").last)
    #expect(throws: Never.self) { try CharacterRun(settings: settings, corpus: corpus, resuming: last) }
    #expect(throws: CharacterRunError.self) { try CharacterRun(settings: settings, corpus: corpus) }
    settings.patience = 3
    #expect(throws: CharacterRunError.noValidation(setting: "patience 3", tokens: 0)) {
      try CharacterRun(settings: settings, corpus: corpus, resuming: last)
    }
  }

  @Test func temporalRegularizationOfSingleStepsIsRefused() throws {
    let corpus = try sampleCorpus()
    let settings = TrainingSettings.small { ($0.length, $0.temporalRegularization) = (1, 0.5) }
    #expect(throws: CharacterRunError.settings(.noChangesToWeigh(0.5))) {
      try CharacterRun(settings: settings, corpus: corpus)
    }
    for (length, weight) in [(1, 0.0), (2, 0.5)] {
      let sound = TrainingSettings.small { ($0.length, $0.temporalRegularization) = (length, weight) }
      #expect(throws: Never.self) { try CharacterRun(settings: sound, corpus: corpus) }
    }
  }

  /// Settings name a horizon only where they have one, and those that name none are read as before.
  @Test func settingsNameAHorizonOnlyWhereTheyHaveOne() throws {
    var settings = TrainingSettings()
    let plain = try JSONEncoder().encode(settings)
    #expect(!String(decoding: plain, as: UTF8.self).contains("horizon"))
    #expect(try JSONDecoder().decode(TrainingSettings.self, from: plain) == settings)
    (settings.schedule, settings.horizon) = (.oneCycle, 2005)
    #expect(try JSONDecoder().decode(TrainingSettings.self, from: JSONEncoder().encode(settings)) == settings)
  }

  @Test func theStepsOfAnEpochAreKnownBeforeThereIsARun() throws {
    let corpus = try sampleCorpus()
    for (batch, length) in [(1, 1), (4, 8), (3, 50), (50, 9)] {
      for fraction in ["0", "0.05", "0.35"] {
        let settings = TrainingSettings.small {
          ($0.batch, $0.length, $0.validationFraction) = (batch, length, fraction)
        }
        guard let steps = try? settings.stepsPerEpoch(on: corpus) else {
          #expect(throws: (any Error).self) { try CharacterRun(settings: settings, corpus: corpus) }
          continue
        }
        #expect(try CharacterRun(settings: settings, corpus: corpus).stepsPerEpoch == steps)
      }
    }
  }
}
