import ModelTraining
import NeuralLayers
import TensorCore
import Testing

@Suite struct TrainerTests {
  @Test("A feedforward network learns exclusive or through the trainer")
  func learns() throws {
    let trainer = Trainer<ExclusiveOr>()
    let before = try #require(trainer.validate(scheduled: false)).validationLoss
    try trainer.train(steps: 300)
    let after = try #require(trainer.validate(scheduled: true)).validationLoss
    #expect(before > 0.1)
    #expect(after < 0.01)
    #expect(trainer.step == 300)
    #expect(trainer.progress.updates == 300)
  }

  @Test("The same seed gives the same bits, whatever the number of threads")
  func threads() throws {
    let (one, two) = (Trainer<ExclusiveOr>(threads: 1), Trainer<ExclusiveOr>(threads: 2))
    try one.train(steps: 20)
    try two.train(steps: 20)
    #expect(one.model.scalars == two.model.scalars)
  }

  @Test("Steps report the loss and the norm before clipping; clipping bounds what a step changes")
  func clipping() throws {
    let trainer = Trainer<ExclusiveOr>(rule: .sgd(), learningRate: 1, clip: 1e-3)
    let before = trainer.model.scalars
    guard case .step(let report) = try trainer.trainStep() else { throw Unexpected() }
    let moved = zip(before, trainer.model.scalars).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    #expect(report.step == 1)
    #expect(report.loss > 0)
    #expect(report.gradientNorm > 1e-2)
    #expect(abs(moved - 1e-3) < 1e-6)
  }

  @Test("Parameters and moments change in place while no earlier state is held")
  func inPlace() throws {
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

  @Test("A run that takes up model, moments, task and progress ends with the bits of one left alone")
  func resumed() throws {
    for rule in OptimizerTests.rules {
      let whole = Trainer<ExclusiveOr>(rule: rule, learningRate: 0.01)
      try whole.train(steps: 12)
      let begun = Trainer<ExclusiveOr>(rule: rule, learningRate: 0.01)
      try begun.train(steps: 5)
      let resumed = Trainer<ExclusiveOr>(rule: rule, learningRate: 0.5)
      resumed.restore(model: begun.model, task: begun.task, optimizer: begun.optimizer, progress: begun.progress)
      try resumed.train(steps: 7)
      #expect(resumed.model.scalars == whole.model.scalars, "\(rule)")
      #expect(resumed.progress == whole.progress)
      #expect(resumed.task.carried == whole.task.carried)
    }
  }

  @Test("Scheduled validations alone count for the best loss and for patience")
  func validations() throws {
    let trainer = Trainer<ExclusiveOr>()
    try trainer.train(steps: 3)
    let fresh = trainer.progress
    let unscheduled = try #require(trainer.validate(scheduled: false))
    #expect(unscheduled.isBest)
    #expect(trainer.progress == fresh)

    let first = try #require(trainer.validate(scheduled: true))
    #expect(first.isBest)
    #expect(first.trainingLoss == fresh.meanLoss)
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
