import Foundation
import ModelTraining
import TensorCore
import Testing

@Suite struct DivergenceTests {
  /// A step that is not finite is left out: it changes neither the model nor what the task carries.
  @Test func aStepThatIsNotFiniteIsLeftOut() throws {
    let reasons: [(Fault, String)] = [
      (.nonFiniteLoss, "the loss is not a number"), (.nonFiniteGradient, "the gradient of output.weight"),
      (.hugeLoss, "far beyond that of a uniform guess"),
    ]
    for (fault, expected) in reasons {
      let trainer = Trainer<ExclusiveOr> { $0 == 4 ? fault : .none }
      try trainer.train(steps: 4)
      let (model, carried) = (trainer.model.scalars, trainer.task.carried)
      guard case .skipped(let step, let reason) = try trainer.trainStep() else { throw Unexpected() }
      #expect(step == 5)
      #expect(reason.contains(expected))
      #expect(trainer.model.scalars == model)
      #expect(trainer.task.carried == carried)
      #expect(trainer.step == 5)
      #expect(trainer.progress.updates == 4)
      guard case .step = try trainer.trainStep() else { throw Unexpected() }
      #expect(trainer.progress.skipped == 1)
      #expect(trainer.progress.skippedInARow == 0)
    }
  }

  /// After several such steps the run goes back to a good state at half the learning rate, and goes on.
  @Test func afterSeveralSkippedStepsTheRunIsRolledBack() throws {
    let fault = Switch(false)
    let trainer = Trainer<ExclusiveOr>(.adam(learningRate: 0.04)) { _ in fault.isOn ? .nonFiniteLoss : .none }
    let initial = trainer.model.scalars
    try trainer.train(steps: 3)
    fault.isOn = true
    var skipped = 0
    while case .skipped = try trainer.trainStep() { skipped += 1 }
    #expect((1..<20).contains(skipped))
    #expect(trainer.step == 0)
    #expect(trainer.model.scalars == initial)
    #expect(trainer.task.carried == 0)
    #expect(trainer.currentLearningRate == 0.02)
    #expect(trainer.progress.learningRate == 0.02)
    #expect(trainer.progress.skipped == skipped + 1)
    #expect(trainer.progress.rollbacks == 1)

    fault.isOn = false
    try trainer.train(steps: 10)
    #expect(trainer.step == 10)
    #expect(trainer.optimizer.learningRate == 0.02)
    #expect(trainer.model.scalars.allSatisfy { $0.isFinite })
  }

  @Test func theGoodStateIsNeverFarBehind() throws {
    let fault = Switch(false)
    let trainer = Trainer<ExclusiveOr> { _ in fault.isOn ? .nonFiniteLoss : .none }
    try trainer.train(steps: 250)
    fault.isOn = true
    while case .skipped = try trainer.trainStep() {}
    #expect((150...250).contains(trainer.step))
    #expect(trainer.optimizer.step == trainer.step)
  }

  /// A run that never becomes finite ends with an error that names what is not, after a bounded number of steps.
  @Test func aRunThatNeverBecomesFiniteEndsWithAnError() {
    for (fault, culprit) in [(Fault.nonFiniteLoss, "loss"), (.nonFiniteGradient, "output.weight")] {
      let trainer = Trainer<ExclusiveOr>(.adam(learningRate: 0.32)) { _ in fault }
      let error = #expect(throws: TrainingDiverged.self) { try trainer.train(steps: 1000) }
      let description = error?.description ?? ""
      #expect(description.contains(culprit))
      #expect(!description.contains("\n"))
      #expect(trainer.progress.learningRate == 0.01, "halved five times")
      #expect(trainer.model.scalars.allSatisfy { $0.isFinite })
    }
  }

  /// An update that makes a parameter infinite is undone at once, so that no state between steps has one.
  @Test func anUpdateThatMakesTheParametersNonFiniteIsUndone() throws {
    let trainer = Trainer<ExclusiveOr>(.sgd(learningRate: 1e308))
    let initial = trainer.model.scalars
    var rollbacks = 0
    let error = #expect(throws: TrainingDiverged.self) {
      while true {
        if case .rolledBack(let step, _, let reason) = try trainer.trainStep() {
          #expect(step == 0 && trainer.model.scalars == initial)
          #expect(reason.contains("the parameter hidden.weight") || reason.contains("the loss"))
          rollbacks += 1
        }
      }
    }
    #expect(rollbacks == 5)
    #expect(error?.reason.isEmpty == false)
  }

  /// A state is one to go back to only when the loss that it leads to is sound: weights that are finite may be beyond repair.
  @Test func aStateWhoseOwnLossIsUnsoundIsNotGoneBackTo() throws {
    let fault = Switch(false)
    let trainer = Trainer<ExclusiveOr> { _ in fault.isOn ? .hugeLoss : .none }
    try trainer.train(steps: 200)
    fault.isOn = true
    while case .skipped = try trainer.trainStep() {}
    #expect(trainer.step == 100, "the state after 200 steps was never seen to be good")
  }

  /// A run that is stopped and resumed at any step of a divergence ends with the bits of one left alone.
  @Test func aRunResumedWithinADivergenceEndsWithTheBitsOfAnUnbrokenOne() throws {
    func begin(_ rate: Double) -> Trainer<ExclusiveOr> { Trainer<ExclusiveOr>(.sgd(learningRate: rate)) }
    // The first rate that is too high and is low enough after a few rollbacks.
    let found = (0..<12).lazy.map { 2 * pow(2, Double($0)) }.compactMap { rate -> (Double, Trainer<ExclusiveOr>)? in
      let trainer = begin(rate)
      guard (try? trainer.train(steps: 60)) != nil, trainer.progress.rollbacks > 0 else { return nil }
      return (rate, trainer)
    }.first
    let (rate, whole) = try #require(found)
    for stop in 1..<60 {
      let begun = begin(rate)
      try begun.train(steps: stop)
      let resumed = begin(rate)
      resumed.restore(begun.state, rollbackState: begun.rollbackState)
      try resumed.train(steps: 60 - stop)
      #expect(resumed.model.scalars == whole.model.scalars, "stopped after \(stop)")
      #expect(resumed.progress == whole.progress)
    }
  }

  @Test func aValidationLossThatIsNotANumberIsNeverTheBest() throws {
    let trainer = Trainer<ExclusiveOr>(.sgd(learningRate: 1e160))
    try trainer.train(steps: 1)
    let report = try #require(trainer.validate(scheduled: true))
    #expect(!report.validationLoss.isFinite)
    #expect(!report.isBest)
    #expect(trainer.progress.bestValidationLoss == nil)
  }
}
