import Autograd
import Foundation
import ModelTraining
import NeuralLayers
import TensorCore
import Testing

@Suite struct TrainerTests {
  @Test func aFeedforwardNetworkLearnsExclusiveOrThroughTheTrainer() throws {
    let trainer = Trainer<ExclusiveOr>()
    let before = try #require(trainer.validate(scheduled: false)).validationLoss
    try trainer.train(steps: 300)
    let after = try #require(trainer.validate(scheduled: true)).validationLoss
    #expect(before > 0.1)
    #expect(after < 0.01)
    #expect(trainer.step == 300)
    #expect(trainer.progress.updates == 300)
  }

  /// A task needs no more than batches and their loss: it holds nothing out and carries nothing.
  @Test func aTaskNeedsNoMoreThanBatchesAndTheirLoss() throws {
    struct LossAlone: TrainingTask {
      let stepsPerEpoch = 1
      func loss(of model: Network, step: Int, in context: inout ForwardContext<Double>) -> Variable<Double> {
        meanSquaredError(model(Variable(ExclusiveOr.inputs), in: &context), Variable(ExclusiveOr.targets))
      }
    }
    let trainer = Trainer(model: Network(seed: 3), task: LossAlone(), seed: 1)
    let before = trainer.model.scalars
    _ = try trainer.trainStep()
    #expect(trainer.model.scalars != before)
    #expect(trainer.validate(scheduled: true) == nil)
    #expect(trainer.task.carriedState.isEmpty)
  }

  /// The mean over the last fifth of the updates, against its formula in numbers, and validated in the place of the newest
  /// weights; a state that is restored has its mean.
  @Test func averagedWeightsFollowTheirFormula() throws {
    let trainer = Trainer(
      model: Network(seed: 3), task: ExclusiveOr(), optimizer: .adam(learningRate: 0.05), averaging: 0.2, seed: 1)
    var expected = trainer.model.scalars
    for update in 1...40 {
      _ = try trainer.trainStep()
      let weight = min(1, 1 / (0.2 * Double(update)))
      expected = zip(expected, trainer.model.scalars).map { $0 + weight * ($1 - $0) }
      let found = trainer.validatedModel.scalars
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-12 }, "after update \(update)")
    }
    #expect(trainer.validatedModel.scalars != trainer.model.scalars)
    let ofMean = try #require(trainer.validate(scheduled: false)).validationLoss
    let newest = try #require(
      ExclusiveOr().validation(of: trainer.model, workspace: trainer.workspace)
    ).loss
    #expect(ofMean != newest)
    let kept = trainer.state
    try trainer.train(steps: 3)
    trainer.restore(kept)
    #expect(zip(trainer.validatedModel.scalars, expected).allSatisfy { abs($0 - $1) < 1e-12 })
  }

  /// The same seed gives the same bits, whatever the number of threads.
  @Test func theSameSeedGivesTheSameBits() throws {
    let (one, two) = (Trainer<ExclusiveOr>(threads: 1), Trainer<ExclusiveOr>(threads: 2))
    try one.train(steps: 20)
    try two.train(steps: 20)
    #expect(one.model.scalars == two.model.scalars)
  }

  /// Steps report the loss and the norm before clipping; clipping bounds what a step changes.
  @Test func stepsReportTheLossAndTheNormBeforeClipping() throws {
    let trainer = Trainer<ExclusiveOr>(.sgd(learningRate: 1), clipping: .norm(1e-3))
    let before = trainer.model.scalars
    guard case .step(let report) = try trainer.trainStep() else { throw Unexpected() }
    let moved = zip(before, trainer.model.scalars).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(report.step == 1)
    #expect(report.loss > 0)
    #expect(report.gradientNorm > 1e-2)
    #expect(abs(moved - 1e-3) < 1e-6)
  }

  @Test func parametersAndMomentsChangeInPlaceWhileNoEarlierStateIsHeld() throws {
    let trainer = Trainer<ExclusiveOr>()
    func addresses() -> [UnsafePointer<Double>?] {
      trainer.model.parameters.map { $0.parameter.value.withScalars(\.baseAddress) }
        + trainer.optimizer.namedMoments(of: trainer.model).map { $0.tensor.withScalars(\.baseAddress) }
    }
    // The first step leaves the state behind that the run can go back to.
    try trainer.train(steps: 1)
    let first = addresses()
    for step in 2...60 {
      try trainer.train(steps: 1)
      #expect(addresses() == first, "step \(step)")
    }
  }

  @Test func clippingByValueBoundsWhatEachNumberChangesBy() throws {
    let trainer = Trainer<ExclusiveOr>(.sgd(learningRate: 0.5), clipping: .value(1e-2))
    let before = trainer.model.scalars
    try trainer.train(steps: 1)
    let largest = zip(before, trainer.model.scalars).map { abs($0 - $1) }.max() ?? 0
    #expect(abs(largest - 0.5 * 1e-2) < 1e-15)
  }

  /// A run on which every second step is followed by a scheduled validation.
  private func train(_ trainer: Trainer<ExclusiveOr>, steps: Int) throws {
    for _ in 0..<steps {
      try trainer.train(steps: 1)
      if trainer.step % 2 == 0 { _ = trainer.validate(scheduled: true) }
    }
  }

  /// A run that takes up model, moments, task and progress ends with the bits of one left alone, by every rule and
  /// schedule.
  @Test func aRestoredRunEndsWithTheBitsOfAnUnbrokenOne() throws {
    let bySchedule = LearningRateScheduleTests.schedules.map { (OptimizerSettings.adam(learningRate: 0.01), $0) }
    let byRule = OptimizerTests.settings.map { ($0, LearningRateSchedule.cosine(steps: 10)) }
    for (settings, schedule) in bySchedule + byRule {
      let whole = Trainer<ExclusiveOr>(settings, schedule: schedule)
      try train(whole, steps: 12)
      let begun = Trainer<ExclusiveOr>(settings, schedule: schedule)
      try train(begun, steps: 5)
      var other = settings
      other.learningRate = 0.5
      let resumed = Trainer<ExclusiveOr>(other, schedule: schedule)
      let data = try JSONEncoder().encode(begun.progress)
      let progress = try JSONDecoder().decode(TrainingProgress.self, from: data)
      var optimizer = resumed.optimizer
      let moments = Dictionary(
        uniqueKeysWithValues: begun.optimizer.namedMoments(of: begun.model).map { ($0.name, $0.tensor) })
      try optimizer.restore(step: progress.updates, for: resumed.model) { name, _ throws in try #require(moments[name])
      }
      resumed.restore(.init(model: begun.model, task: begun.task, optimizer: optimizer, progress: progress))
      try train(resumed, steps: 7)
      #expect(resumed.model.scalars == whole.model.scalars, "\(settings), \(schedule)")
      #expect(resumed.progress == whole.progress)
      #expect(resumed.task.carried == whole.task.carried)
    }
  }

  /// The rate of a step is the base rate times the schedule's factor of the updates.
  @Test func theRateOfAStepIsTheBaseRateTimesTheSchedulesFactor() throws {
    for schedule in LearningRateScheduleTests.schedules {
      let trainer = Trainer<ExclusiveOr>(.sgd(learningRate: 0.2), schedule: schedule) {
        $0 == 3 ? .nonFiniteLoss : .none
      }
      for _ in 0..<15 {
        let (next, updates) = (trainer.currentLearningRate, trainer.progress.updates)
        #expect(next == 0.2 * schedule.factor(after: updates))
        // A step that is left out is no update: the schedule waits.
        if case .step(let report) = try trainer.trainStep() { #expect(report.learningRate == next) }
      }
      #expect(trainer.progress.updates == 14)
    }
  }

  /// Scheduled validations that do not improve lower the rate where the schedule waits for that, others do not.
  @Test func scheduledValidationsThatDoNotImproveLowerTheRate() throws {
    let trainer = Trainer<ExclusiveOr>(
      .sgd(learningRate: 0.2), schedule: .warmUp(steps: 1, from: 0.5, then: .reduceOnPlateau(factor: 0.5, patience: 1)))
    for _ in 0..<5 { _ = trainer.validate(scheduled: false) }
    #expect(trainer.progress.plateau == nil)
    for _ in 0..<3 { _ = trainer.validate(scheduled: true) }
    #expect(trainer.currentLearningRate == 0.2 * 0.5 * 0.5)
    try trainer.train(steps: 1)
    #expect(trainer.currentLearningRate == 0.2 * 0.5)
  }

  @Test func settingsThatCannotBeEndTheProgramWithWhatIsWrong() async {
    let rule = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Trainer<ExclusiveOr>(.adam(beta1: 1))
    }
    let schedule = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Trainer<ExclusiveOr>(schedule: .exponential(factor: 0))
    }
    for (result, message) in [(rule, "optimizer: beta1 is 1"), (schedule, "trainer: the schedule's factor is 0")] {
      let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(text.contains(message))
    }
  }

  /// Progress that was written before there were plateaus is read, and bad plateaus are not.
  @Test func progressWrittenBeforeThereWerePlateausIsRead() throws {
    let fresh = TrainingProgress(learningRate: 0.1)
    let json = String(decoding: try JSONEncoder().encode(fresh), as: UTF8.self)
    #expect(!json.contains("plateau"))
    #expect(try JSONDecoder().decode(TrainingProgress.self, from: Data(json.utf8)) == fresh)

    func progress(_ plateau: String) throws -> TrainingProgress {
      try JSONDecoder().decode(
        TrainingProgress.self, from: Data((json.dropLast() + ",\"plateau\":\(plateau)}").utf8))
    }
    #expect(try progress(#"{"scale":0.5,"best":1,"validationsSinceBest":2,"cooldown":0}"#).problem == nil)
    for bad in [
      #"{"scale":2,"validationsSinceBest":2,"cooldown":0}"#, #"{"scale":1,"validationsSinceBest":-1,"cooldown":0}"#,
      #"{"scale":1,"validationsSinceBest":1,"cooldown":-5}"#,
    ] {
      #expect(try progress(bad).problem != nil, "\(bad)")
    }
  }

  @Test func scheduledValidationsAloneCountForTheBestLossAndForPatience() throws {
    let trainer = Trainer<ExclusiveOr>()
    try trainer.train(steps: 3)
    let fresh = trainer.progress
    let unscheduled = try #require(trainer.validate(scheduled: false))
    #expect(unscheduled.isBest)
    #expect(trainer.progress == fresh)

    let first = try #require(trainer.validate(scheduled: true))
    #expect(first.isBest)
    #expect(first.training == fresh.meanLoss)
    #expect(trainer.progress.bestValidationLoss == first.validationLoss)
    #expect(trainer.progress.meanLoss == nil, "the mean training loss begins anew")
    for count in 1...3 {
      let again = try #require(trainer.validate(scheduled: true))
      #expect(!again.isBest, "an equal loss is no better")
      #expect(trainer.progress.validationsSinceBest == count)
    }
    try trainer.train(steps: 50)
    #expect(try #require(trainer.validate(scheduled: true)).isBest)
    #expect(trainer.progress.validationsSinceBest == 0)
  }
}

/// An event that is not the one a test is about.
struct Unexpected: Error {}
