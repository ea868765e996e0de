import Autograd
import NeuralLayers
import TensorCore

/// Trains a model on a task, one step at a time: loss, gradients, clipping, update.
///
/// Feedforward and recurrent models train alike; what differs is their task. A trainer prints nothing and keeps no clock: it
/// reports what happened, and the same seed gives the same bits whatever the number of threads.
public final class Trainer<Task: TrainingTask> {
  public typealias Scalar = Task.Scalar

  public private(set) var model: Task.Model
  public private(set) var task: Task
  public private(set) var optimizer: Optimizer<Scalar>
  public private(set) var progress: TrainingProgress
  public let clip: Double
  public let workspace: Workspace<Scalar>

  private let random: RandomSource
  private var lastGood: Snapshot?

  private struct Snapshot {
    let model: Task.Model
    let task: Task
    let optimizer: Optimizer<Scalar>
    let progress: TrainingProgress
  }

  /// - Parameters:
  ///   - clip: the largest global norm of the gradients; 0 for none.
  ///   - seed: decides all that is random in training (dropout), step by step.
  ///   - products: how matrix products are computed.
  public init(
    model: Task.Model, task: Task, rule: OptimizerRule = .adam(), learningRate: Double, clip: Double = 0, seed: UInt64,
    threads: Int = 1, products: ProductFormat = .full
  ) {
    self.model = model.bound()
    self.task = task
    self.clip = clip
    optimizer = Optimizer(rule, learningRate: learningRate, for: self.model)
    progress = TrainingProgress(learningRate: learningRate)
    workspace = Workspace(threads: threads, products: products)
    random = RandomSource(seed: seed)
  }

  /// Steps done.
  public var step: Int { progress.step }

  /// Does one step.
  ///
  /// A loss or gradient that is not finite is seen before the update: the step is left out. After several in a row the run goes
  /// back to the last good state at half the learning rate.
  ///
  /// - Throws: `TrainingDiverged` when going back did not help a number of times.
  public func trainStep() throws(TrainingDiverged) -> TrainingEvent {
    if lastGood == nil || step % Recovery.snapshotInterval == 0 && progress.skippedInARow == 0 { rememberGoodState() }
    let carried = task
    let (loss, gradients) = lossAndGradients()
    let norm = globalNorm(of: gradients, team: workspace.team)
    progress.step += 1
    let scale = clippingScale(norm: norm, limit: clip)
    guard loss.isFinite && norm * scale < Recovery.largestNorm else {
      // What this step carried on may be no more finite than its loss.
      task = carried
      return try leaveOut(loss: loss, gradients: gradients)
    }
    optimizer.update(
      &model, with: gradients, scale: scale, team: workspace.team)
    progress.updates = optimizer.step
    progress.skippedInARow = 0
    progress.lossSum += loss
    progress.lossCount += 1
    return .step(StepReport(step: step, loss: loss, gradientNorm: norm))
  }

  /// The tape lives in here alone, so that it is gone when the parameters change.
  private func lossAndGradients() -> (loss: Double, gradients: Gradients<Scalar>) {
    var context = ForwardContext<Scalar>(
      tape: Tape(), mode: .training, random: random.substream(UInt64(step)), workspace: workspace)
    let loss = task.loss(of: model, step: step, in: &context)
    return (Double(loss.value.scalar), loss.gradients())
  }

  /// Measures the validation loss; nil where the task holds nothing out.
  ///
  /// - Parameter scheduled: whether it counts for the best loss, for patience and for the report of the training loss.
  public func validate(scheduled: Bool) -> ValidationReport? {
    guard let loss = task.validationLoss(of: model, workspace: workspace) else { return nil }
    let isBest = loss < progress.bestValidationLoss ?? .infinity
    let report = ValidationReport(
      step: step, trainingLoss: progress.meanLoss, validationLoss: loss, scheduled: scheduled, isBest: isBest)
    if scheduled {
      progress.validationsSinceBest = isBest ? 0 : progress.validationsSinceBest + 1
      if isBest { progress.bestValidationLoss = loss }
      _ = takeMeanLoss()
    }
    return report
  }

  /// The mean training loss since the last report; after it a new mean begins.
  public func takeMeanLoss() -> Double? {
    defer { (progress.lossSum, progress.lossCount) = (0, 0) }
    return progress.meanLoss
  }

  /// Takes up a saved run: the model with its parameters, the optimizer with its moments, the task with what it carried.
  public func restore(model: Task.Model, task: Task, optimizer: Optimizer<Scalar>, progress: TrainingProgress) {
    self.model = model.bound()
    self.task = task
    self.optimizer = optimizer
    self.optimizer.learningRate = progress.learningRate
    self.progress = progress
    lastGood = nil
  }

  private func rememberGoodState() {
    lastGood = Snapshot(model: model, task: task, optimizer: optimizer, progress: progress)
  }

  private func leaveOut(loss: Double, gradients: Gradients<Scalar>) throws(TrainingDiverged) -> TrainingEvent {
    let reason = describeNonFinite(loss: loss, gradients: gradients)
    let failedStep = step
    progress.skippedInARow += 1
    progress.skipped += 1
    guard progress.skippedInARow >= Recovery.skipsBeforeRollback, let good = lastGood else {
      return .skipped(step: failedStep, reason: reason)
    }
    guard progress.rollbacks < Recovery.mostRollbacks else {
      throw TrainingDiverged(step: failedStep, reason: reason)
    }
    let (skipped, rollbacks, rate) = (progress.skipped, progress.rollbacks + 1, progress.learningRate / 2)
    restore(model: good.model, task: good.task, optimizer: good.optimizer, progress: good.progress)
    (progress.skipped, progress.rollbacks, progress.learningRate) = (skipped, rollbacks, rate)
    optimizer.learningRate = rate
    return .rolledBack(toStep: step, learningRate: rate, reason: reason)
  }

  /// Says which parameter or moment is not finite; nil if all are. (A sum of squares of numbers that are is finite in double
  /// precision.)
  public var nonFiniteState: String? {
    let parameters = model.parameters.map { (name: "the parameter \($0.name)", tensor: $0.parameter.value) }
    return (parameters + optimizer.namedMoments(of: model)).first { !$0.tensor.sumOfSquares().isFinite }
      .map { "\($0.name) is not finite" }
  }

  private func describeNonFinite(loss: Double, gradients: Gradients<Scalar>) -> String {
    if let nonFiniteState { return nonFiniteState }
    if !loss.isFinite { return loss.isNaN ? "the loss is not a number" : "the loss is infinite" }
    for (name, parameter) in model.parameters {
      if gradients[parameter]?.firstNonFinite != nil { return "the gradient of \(name) is not finite" }
    }
    return "the gradients are too large"
  }
}

/// How a run recovers from steps that are not finite.
private enum Recovery {
  /// Steps between the states that it can go back to.
  static let snapshotInterval = 100
  static let skipsBeforeRollback = 5
  /// The square of a larger gradient, which moments hold, would leave single precision.
  static let largestNorm = 1e18
  static let mostRollbacks = 5
}
