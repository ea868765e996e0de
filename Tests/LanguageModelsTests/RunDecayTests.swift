import CharrnnTestSupport
import Foundation
import LanguageModels
import ModelTraining
import TensorCheckpoints
import Testing

/// Runs whose learning rate decays when their end is decided.
@Suite struct RunDecayTests {
  private func settings(_ change: (inout TrainingSettings) -> Void = { _ in }) -> TrainingSettings {
    .small {
      ($0.layers, $0.schedule, $0.learningRate, $0.validateEvery) = (1, .warmUpStableDecay, 0.5, 5)
      change(&$0)
    }
  }

  private struct Course {
    var rates: [Double] = []
    var decays: [(after: Int, steps: Int, reason: EndReason)] = []
    var end: RunEnd?
  }

  /// Trains a new run, or goes on with `state` in the place of its `last`.
  private func train(
    _ settings: TrainingSettings, in directory: RunDirectory, _ limits: TrainingLimits, from state: String? = nil,
    stoppingAfter stop: Int = .max, clock: @escaping () -> Double = { 0 }
  ) throws -> Course {
    let run = try CharacterRun(
      settings: settings, corpus: sampleCorpus(), directory: directory,
      resuming: state.map { try Checkpoint(contentsOf: $0) },
      inPlaceOf: state.map { _ in try Checkpoint(contentsOf: directory.last) })
    var course = Course()
    let receive = { (event: RunEvent) in
      switch event {
      case .training(.step(let step)): course.rates.append(step.learningRate)
      case .decaying(let steps, let reason): course.decays.append((run.step, steps, reason))
      default: break
      }
    }
    course.end = try run.train(
      limits: limits, reporting: quiet, report: receive, shouldStop: { run.step >= stop }, clock: clock)
    return course
  }

  private func states(_ directory: RunDirectory) throws -> [[UInt8]] {
    try [directory.last, directory.best].map(bytes)
  }

  /// It rises for 100 updates, and falls in the last fifth as 1 − √x.
  @Test func theRateRisesStaysAndFallsInTheLastFifth() throws {
    let scratch = try ScratchDirectory()
    let course = try train(settings(), in: scratch.run("run"), TrainingLimits(steps: 150))
    #expect(course.rates.count == 150 && course.decays.count == 1)
    for (n, rate) in course.rates.enumerated() {
      let expected = n < 100 ? 0.01 + 0.99 * Double(n) / 100 : n < 120 ? 1 : 1 - sqrt(Double(n - 120) / 30)
      #expect(abs(rate - 0.5 * expected) < 1e-12, "after \(n) updates")
    }
    let decay = try #require(course.decays.first)
    #expect(decay == (after: 120, steps: 30, reason: .limit))
  }

  /// Every number of steps is reached exactly, whether or not its fifth is whole.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 23, 24])
  func theDecayEndsWithTheLastStep(steps: Int) throws {
    let scratch = try ScratchDirectory()
    let course = try train(settings(), in: scratch.run("run"), TrainingLimits(steps: steps))
    let decay = try #require(course.decays.first)
    #expect(course.rates.count == steps && course.end == .finished && decay.after + decay.steps == steps)
  }

  /// A run that is extended has the bits of one that was meant to be longer from the start.
  @Test func anExtendedRunHasTheBitsOfALongerOne() throws {
    let scratch = try ScratchDirectory()
    let (short, long) = (scratch.run("short"), scratch.run("long"))
    for averaging in [0, 0.2] {
      let settings = settings { $0.averaging = averaging }
      _ = try train(settings, in: short, TrainingLimits(steps: 40))
      #expect(try CharacterRun.extends(settings, short, TrainingLimits(steps: 40)) == false)
      #expect(try CharacterRun.extends(settings, short, TrainingLimits(steps: 41)))
      let more = try train(settings, in: short, TrainingLimits(steps: 70), from: short.undecayed)
      #expect(more.rates.count == 70 - 32)
      _ = try train(settings, in: long, TrainingLimits(steps: 70))
      #expect(try bytes(of: short.last) == bytes(of: long.last))
      #expect(try bytes(of: short.undecayed) == bytes(of: long.undecayed))
      for run in [short, long] { try FileManager.default.removeItem(atPath: run.path) }
    }
  }

  /// Wherever it is stopped, in the decay too, a run goes on with its bits.
  @Test func aRunStoppedInItsDecayGoesOnWithIt() throws {
    let scratch = try ScratchDirectory()
    let (whole, settings) = (scratch.run("whole"), settings { $0.averaging = 0.1 })
    _ = try train(settings, in: whole, TrainingLimits(steps: 30))
    for stop in [1, 23, 24, 25, 29] {
      let directory = scratch.run("stop-\(stop)")
      _ = try train(settings, in: directory, TrainingLimits(steps: 30), stoppingAfter: stop)
      _ = try train(settings, in: directory, TrainingLimits(steps: 30), from: directory.last)
      #expect(try states(directory) == states(whole), "stopped after \(stop)")
    }
  }

  /// Without improvement the rate falls, and with more patience the run goes on from before that.
  @Test func spentPatienceBeginsTheDecay() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("run")
    // At this rate the loss soon rises.
    let settings = settings { ($0.patience, $0.learningRate) = (2, 30) }
    let course = try train(settings, in: directory, TrainingLimits(steps: 1000))
    let decay = try #require(course.decays.first)
    #expect(decay.reason == .patience && decay.steps == decay.after / 4 && course.end == .finished)
    #expect(course.rates.count == decay.after + decay.steps && course.rates.count < 1000)
    #expect(try !CharacterRun.extends(settings, directory, TrainingLimits(steps: 1000)))
    var patient = settings
    patient.patience = 3
    #expect(try CharacterRun.extends(patient, directory, TrainingLimits(steps: 1000)))
  }

  /// A run that is extended saves that at once: killed before its next save, it goes on where it was extended.
  @Test func anExtensionIsSavedAtOnce() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("run")
    _ = try train(settings(), in: directory, TrainingLimits(steps: 20))
    let more = try train(
      settings(), in: directory, TrainingLimits(steps: 40), from: directory.undecayed, stoppingAfter: 0)
    #expect(more.rates.count == 1 && more.end == .stopped)
    #expect(try CharacterRun.decay(of: Checkpoint(contentsOf: directory.last)) == nil)
  }

  /// Rank 0 alone knows that another state stands where the run is saved.
  @Test func ranksExtendARunTogether() throws {
    let scratch = try ScratchDirectory()
    let (directory, settings, corpus) = (scratch.run("run"), settings(), try sampleCorpus())
    _ = try train(settings, in: directory, TrainingLimits(steps: 20))
    let states = try [directory.undecayed, directory.last].map { try Checkpoint(contentsOf: $0) }
    let steps = try LocalJob.run(2) { group in
      let run = try CharacterRun(
        settings: settings, corpus: corpus, directory: group.rank == 0 ? directory : nil, resuming: states[0],
        inPlaceOf: group.rank == 0 ? states[1] : nil, group: group)
      try run.train(limits: TrainingLimits(steps: 40), reporting: quiet)
      return run.step
    }
    #expect(steps == [40, 40])
  }

  /// Where little time is left for a usual decay, as after an extension, a shorter one ends in it.
  @Test func aDecayFitsIntoTheTime() throws {
    let scratch = try ScratchDirectory()
    let directory = scratch.run("run")
    _ = try train(settings(), in: directory, TrainingLimits(steps: 200))
    var now = 0.0
    let clock = {
      now += 0.03
      return now
    }
    let course = try train(
      settings(), in: directory, TrainingLimits(seconds: 1), from: directory.undecayed, clock: clock)
    let decay = try #require(course.decays.first)
    #expect(decay.steps < decay.after / 4 && decay.after >= 165)
    #expect(course.rates.count == decay.after + decay.steps - 160 && now < 1.1)
  }

  /// A disk that is full when the decay begins is said in the end, as the run cannot be extended.
  @Test func aStateBeforeTheDecayThatIsNotSavedIsSaid() throws {
    let scratch = try ScratchDirectory()
    let healthy = FaultyFiles()
    func train(_ name: String, _ files: FaultyFiles) throws {
      let run = try CharacterRun(
        settings: settings(), corpus: sampleCorpus(), directory: RunDirectory(scratch.path(of: name), using: files))
      try run.train(limits: TrainingLimits(steps: 10), reporting: quiet)
    }
    try train("healthy", healthy)
    let link = try #require(healthy.calls.firstIndex(of: "link"))
    let error = #expect(throws: UnsavedRun.self) { try train("faulty", FaultyFiles(.once(EIO), at: link + 1)) }
    let found = try #require(error)
    #expect(found.parts == [.undecayed] && "\(found)".contains("the state before its learning rate fell"))
  }

  /// The decay is begun so early that it ends within the time, and the steps that it has give the same run without a clock; so do
  /// they where the machine stalls shortly before it begins.
  @Test(arguments: [0, 0.15])
  func timeBeginsTheDecayAndStepsRepeatIt(stall: Double) throws {
    let scratch = try ScratchDirectory()
    let (timed, counted) = (scratch.run("timed"), scratch.run("counted"))
    var (now, hasStalled) = (0.0, false)
    let clock = {
      now += 0.01
      if now > 3.9 && !hasStalled { (now, hasStalled) = (now + stall, true) }
      return now
    }
    let course = try train(settings(), in: timed, TrainingLimits(seconds: 5), clock: clock)
    let decay = try #require(course.decays.first)
    let steps = decay.after + decay.steps
    #expect(course.rates.count == steps && course.end == .finished && now < 5 + stall && now > 4)
    #expect(decay.steps == decay.after / 4)
    _ = try train(settings(), in: counted, TrainingLimits(steps: steps))
    #expect(try states(timed) == states(counted))
    #expect(try !CharacterRun.extends(settings(), timed, TrainingLimits(seconds: 5)), "the time is no new one")
    #expect(try CharacterRun.extends(settings(), timed, TrainingLimits(seconds: 5), allowsMoreTime: true))
    let both = TrainingLimits(steps: steps, seconds: 5)
    #expect(try !CharacterRun.extends(settings(), timed, both, allowsMoreTime: true), "no more steps are allowed")
  }
}

extension CharacterRun {
  fileprivate static func extends(
    _ settings: TrainingSettings, _ directory: RunDirectory, _ limits: TrainingLimits, allowsMoreTime: Bool = false
  ) throws -> Bool {
    try extends(
      Checkpoint(contentsOf: directory.last), from: Checkpoint(contentsOf: directory.undecayed), limits: limits,
      allowsMoreTime: allowsMoreTime, patience: settings.patience,
      stepsPerEpoch: settings.stepsPerEpoch(on: sampleCorpus()))
  }
}
