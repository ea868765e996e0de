import Autograd
import NeuralLayers
import TensorCore

/// Trains a model on a task, one step at a time: loss, gradients, clipping, update.
///
/// Feedforward and recurrent models differ in their task alone. A trainer prints nothing and reads no clock: it returns
/// events. The same seed gives the same bits for any number of threads.
public final class Trainer<Task: TrainingTask> {
  public typealias Scalar = Task.Scalar

  public private(set) var model: Task.Model
  public private(set) var task: Task
  public private(set) var optimizer: Optimizer<Scalar>
  public private(set) var progress: TrainingProgress
  public let schedule: LearningRateSchedule
  public let clipping: GradientClipping
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
  ///   - optimizer: rule, base learning rate and weight decay.
  ///   - schedule: factor of the learning rate, by update.
  ///   - clipping: limit on the gradients of an update.
  ///   - seed: decides all that is random in training (dropout), step by step.
  ///   - products: number format of matrix products.
  /// - Precondition: optimizer, schedule and clipping have no problem.
  public init(
    model: Task.Model, task: Task, optimizer: OptimizerSettings = .adam(), schedule: LearningRateSchedule = .constant,
    clipping: GradientClipping = .none, seed: UInt64, threads: Int = 1, products: ProductFormat = .full
  ) {
    if let problem = schedule.problem ?? clipping.problem { programmingError("trainer: \(problem)") }
    self.model = model.bound()
    self.task = task
    self.schedule = schedule
    self.clipping = clipping
    self.optimizer = Optimizer(optimizer, for: self.model)
    progress = TrainingProgress(learningRate: optimizer.learningRate)
    workspace = Workspace(threads: threads, products: products)
    random = RandomSource(seed: seed)
  }

  /// Steps done.
  public var step: Int { progress.step }

  /// The rate of the next update: the base rate, halved by every recovery from divergence, times the schedule's factors.
  public var currentLearningRate: Double {
    progress.learningRate * schedule.factor(after: progress.updates) * (progress.plateau?.scale ?? 1)
  }

  /// Does one step.
  ///
  /// A step whose loss or gradient is not finite is skipped, without an update. After several in a row the run goes back to
  /// the last good state at half the learning rate.
  ///
  /// - Throws: `TrainingDiverged` after several such rollbacks.
  public func trainStep() throws(TrainingDiverged) -> TrainingEvent {
    if lastGood == nil || step % Recovery.snapshotInterval == 0 && progress.skippedInARow == 0 { rememberGoodState() }
    let carried = task
    let (loss, gradients, statistics) = lossAndGradients()
    let norm = globalNorm(of: gradients, team: workspace.team)
    progress.step += 1
    let (scale, limit) = (clipping.scale(norm: norm), clipping.elementLimit)
    guard loss.isFinite && norm.isFinite && min(norm * scale, limit) < Recovery.largestGradient else {
      // The state that this step carried may be no more finite than its loss.
      task = carried
      return try leaveOut(loss: loss, gradients: gradients)
    }
    optimizer.learningRate = currentLearningRate
    optimizer.update(&model, with: gradients, scale: scale, limit: limit, team: workspace.team)
    model.updateStatistics(from: statistics)
    progress.updates = optimizer.step
    progress.skippedInARow = 0
    progress.lossSum += loss
    progress.lossCount += 1
    return .step(StepReport(step: step, loss: loss, gradientNorm: norm, learningRate: optimizer.learningRate))
  }

  /// The tape is local to this function, so that it is released before the parameters change.
  private func lossAndGradients() -> (loss: Double, gradients: Gradients<Scalar>, statistics: PassStatistics<Scalar>) {
    var context = ForwardContext<Scalar>(
      tape: Tape(), mode: .training, random: random.substream(UInt64(step)), workspace: workspace)
    let loss = task.loss(of: model, step: step, in: &context)
    return (loss.value.scalar.double, loss.gradients(), context.statistics)
  }

  /// Measures the validation loss; nil without validation data.
  ///
  /// - Parameter scheduled: whether it counts for the best loss, for patience, for a schedule that waits for plateaus and for the
  ///   report of the training loss.
  public func validate(scheduled: Bool) -> ValidationReport? {
    guard let evaluation = task.validation(of: model, workspace: workspace) else { return nil }
    let loss = evaluation.loss
    let isBest = loss < progress.bestValidationLoss ?? .infinity
    let report = ValidationReport(
      step: step, trainingLoss: progress.meanLoss, evaluation: evaluation, scheduled: scheduled, isBest: isBest)
    if scheduled {
      progress.validationsSinceBest = isBest ? 0 : progress.validationsSinceBest + 1
      if isBest { progress.bestValidationLoss = loss }
      progress.plateau = schedule.plateau(progress.plateau, after: loss)
      _ = takeMeanLoss()
    }
    return report
  }

  /// The mean training loss since the last report; after it a new mean begins.
  public func takeMeanLoss() -> Double? {
    defer { (progress.lossSum, progress.lossCount) = (0, 0) }
    return progress.meanLoss
  }

  /// Restores a saved run: the model with its parameters, the optimizer with its moments, the task with its carried state.
  public func restore(model: Task.Model, task: Task, optimizer: Optimizer<Scalar>, progress: TrainingProgress) {
    self.model = model.bound()
    self.task = task
    self.optimizer = optimizer
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
    return .rolledBack(toStep: step, learningRate: rate, reason: reason)
  }

  /// Names a parameter or moment that is not finite; nil if all are. (Sums of squares of finite numbers are finite in double
  /// precision.)
  public var nonFiniteState: String? {
    let parameters = model.parameters.map { (name: "the parameter \($0.name)", tensor: $0.parameter.value) }
    return (parameters + optimizer.namedMoments(of: model)).first { !$0.tensor.allFinite }
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

/// Limits of the recovery from steps that are not finite.
private enum Recovery {
  /// Steps between the snapshots that a rollback can restore.
  static let snapshotInterval = 100
  static let skipsBeforeRollback = 5
  /// Moments hold squares of elements; beyond this they would overflow single precision.
  static let largestGradient = 1e18
  static let mostRollbacks = 5
}
