import Autograd
import NeuralLayers
import ProcessGroups
import TensorCore

/// Trains a model on a task, one step at a time: loss, gradients, clipping, update.
///
/// Feedforward and recurrent models differ in their task alone. A trainer prints nothing and returns no times: it returns
/// events. A step runs on as many threads as were given, or on fewer where that has been faster (`ThreadPacer`): the same
/// seed gives the same bits on any number.
///
/// In a process group each rank computes a part of every batch, of which the task holds a share, and updates a part of the
/// parameters. All ranks call the same methods in the same order, and their results are the same.
public final class Trainer<Task: TrainingTask> {
  public typealias Scalar = Task.Scalar

  public private(set) var model: Task.Model
  public private(set) var task: Task
  public private(set) var optimizer: Optimizer<Scalar>
  private var average: WeightAverage<Task.Model>?
  public private(set) var progress: TrainingProgress
  public let schedule: LearningRateSchedule
  public let clipping: GradientClipping
  public let workspace: Workspace<Scalar>
  /// Sums of gradients over the ranks of a group; nil for one process alone.
  private let reduction: GradientReduction<Scalar>?
  /// Processes that train together; nil for one alone.
  package var group: ProcessGroup? { reduction?.group }

  private let random: RandomSource
  /// State that a divergence returns the run to; nil before the first step. Its loss was finite and plausible.
  public private(set) var rollbackState: State?
  /// Step up to which each is looked at by itself, as some taken together were not sound.
  private var lookedAtUntil = 0

  /// State of a run between two steps.
  public struct State {
    public var model: Task.Model
    /// The model of averaged weights; nil where none are averaged.
    public var average: Task.Model?
    public var task: Task
    public var optimizer: Optimizer<Scalar>
    public var progress: TrainingProgress

    public init(
      model: Task.Model, average: Task.Model? = nil, task: Task, optimizer: Optimizer<Scalar>,
      progress: TrainingProgress
    ) {
      (self.model, self.average, self.task, self.optimizer, self.progress) = (model, average, task, optimizer, progress)
    }

    /// The state on a device.
    ///
    /// - Throws: `DeviceError`, as `Tensor.on(_:)`.
    public func on(_ device: Device) throws(DeviceError) -> State {
      var copy = self
      try copy.model.move(to: device)
      try copy.average?.move(to: device)
      try copy.task.move(to: device)
      try copy.optimizer.move(to: device)
      return copy
    }
  }

  /// - Parameters:
  ///   - optimizer: rule, base learning rate and weight decay.
  ///   - schedule: factor of the learning rate, by update.
  ///   - clipping: limit on the gradients of an update.
  ///   - averaging: share of the updates, the last ones, whose weights are averaged in the model that is validated and kept,
  ///     from 0 to 1; 0 for the newest weights alone.
  ///   - seed: decides all that is random in training (dropout), step by step.
  ///   - products: number format of matrix products.
  ///   - device: where steps are computed; the model is copied there. A failure of the copy is thrown by the first step.
  ///   - group: processes that train together, from the weights of rank 0; nil for this one alone.
  /// - Precondition: optimizer, schedule and clipping have no problem.
  public init(
    model: Task.Model, task: Task, optimizer: OptimizerSettings = .adam(), schedule: LearningRateSchedule = .constant,
    clipping: GradientClipping = .none, averaging: Double = 0, seed: UInt64, threads: Int = 1,
    products: ProductFormat = .full, device: Device = .cpu, group: ProcessGroup? = nil
  ) {
    require(
      device == .cpu || group == nil && products == .full, "trainer: a device trains alone, and in full precision")
    if let problem = schedule.problem ?? clipping.problem { programmingError("trainer: \(problem)") }
    require((0...1).contains(averaging), "trainer: the share of averaged updates is \(averaging), not from 0 to 1")
    var model = model.bound()
    if let group { model.updateParameters { parameter, _ in parameter.value = group.broadcast(parameter.value) } }
    self.model = model.copied(to: device)
    average = averaging > 0 ? WeightAverage(share: averaging, model: self.model) : nil
    self.task = task
    self.schedule = schedule
    self.clipping = clipping
    reduction = group.flatMap { [model] in $0.size > 1 ? GradientReduction(of: model, in: $0) : nil }
    self.optimizer = Optimizer(optimizer, for: self.model, parts: reduction?.parts)
    progress = TrainingProgress(learningRate: optimizer.learningRate)
    workspace = device == .cpu ? Workspace(threads: threads, products: products) : Workspace(device: device)
    random = RandomSource(seed: seed)
  }

  /// Steps done.
  public var step: Int { progress.step }

  /// The model that is validated and kept: that of the averaged weights, if any are averaged, or else `model`.
  public var validatedModel: Task.Model { average?.model ?? model }

  /// The rate of the next update: the base rate, halved by every recovery from divergence, times the factors of the schedule and
  /// of the decay at the end.
  public var currentLearningRate: Double {
    progress.learningRate * schedule.factor(after: progress.updates) * (progress.plateau?.scale ?? 1)
      * (progress.decay?.factor(after: progress.updates) ?? 1)
  }

  /// Lets the learning rate decay to 0 over the next updates, which end the run.
  public func beginDecay(over length: Int) {
    progress.decay = LearningRateDecay(start: progress.updates, length: length)
  }

  /// Does one step.
  ///
  /// A step whose loss or gradient is not finite, or whose loss is beyond the task's `largestPlausibleLoss`, is skipped,
  /// without an update. After several in a row, after an update that made a parameter infinite or NaN, and where a moment of the
  /// optimizer is found to be so, which is looked at every 100 steps, the run goes back to the last good state at half the
  /// learning rate.
  ///
  /// - Throws: `TrainingDiverged` after several such rollbacks; `DeviceError` where the device has failed.
  public func trainStep() throws -> TrainingEvent { try workspace.team.paced { try takeStep() } }

  /// Nothing is computed on a device that has failed: what could not be copied there is where it was.
  private func requireDevice() throws {
    if let failure = workspace.device.failure { throw failure }
  }

  /// Does one step, or on a device up to `count`, whose losses and gradients are then looked at together: so the device need not
  /// wait for the host between them. Where one of them was not sound, they are taken again one by one.
  ///
  /// - Returns: what `trainStep` would have returned of each, with the same bits.
  /// - Precondition: `count` is positive.
  /// - Throws: as `trainStep`.
  public func trainSteps(atMost count: Int) throws -> [TrainingEvent] {
    require(count > 0, "trainer: \(count) steps")
    return try workspace.team.paced {
      // The state that a rollback can restore is taken, and looked at, at a step by itself.
      let ahead = min(count, Recovery.snapshotInterval - step % Recovery.snapshotInterval)
      let isPlain = workspace.device != .cpu && rollbackState != nil && progress.skippedInARow == 0
      if isPlain, ahead > 1, step % Recovery.snapshotInterval != 0, step >= lookedAtUntil {
        if let events = try takeStepsAhead(ahead) { return events }
        lookedAtUntil = step + ahead
      }
      return [try takeStep()]
    }
  }

  /// Does steps as if all were sound.
  ///
  /// - Returns: nil where one was not; the state is then that before all of them.
  private func takeStepsAhead(_ count: Int) throws -> [TrainingEvent]? {
    try requireDevice()
    let before = state
    var taken: [(figures: StepFigures<Scalar>, learningRate: Double)] = []
    for _ in 0..<count {
      let pass = lossAndGradients()
      progress.step += 1
      update(by: pass)
      taken.append((pass.figures, optimizer.learningRate))
    }
    let numbers = StepFigures.read(taken.map(\.figures))
    let isFinite = nonFiniteParameter == nil
    try requireDevice()
    guard isFinite, numbers.allSatisfy(isSound) else {
      restore(before, rollbackState: rollbackState)
      return nil
    }
    return zip(numbers, taken).enumerated().map { index, step in
      progress.add(loss: step.0.loss, penalty: step.0.penalty)
      return .step(
        StepReport(
          step: before.progress.step + index + 1, loss: step.0.loss, penalty: step.0.penalty, gradientNorm: step.0.norm,
          learningRate: step.1.learningRate))
    }
  }

  private func takeStep() throws -> TrainingEvent {
    try requireDevice()
    if step % Recovery.snapshotInterval == 0, let event = try rollBackIfNonFinite() { return event }
    let candidate = rollbackState == nil || step % Recovery.snapshotInterval == 0 ? state : nil
    let carried = task
    let pass = lossAndGradients()
    let numbers = pass.figures.numbers
    try requireDevice()
    progress.step += 1
    let isSound = isSound(numbers)
    // Finite weights may be beyond repair; the loss that they lead to shows it.
    if isSound || rollbackState == nil { rollbackState = candidate ?? rollbackState }
    guard isSound else {
      // The state that this step carried may be no more finite than its loss.
      task = carried
      task.leaveOut(step: step - 1)
      return try leaveOut(pass, numbers)
    }
    update(by: pass)
    progress.skippedInARow = 0
    if let reason = nonFiniteParameter { return try rollBack(reason: reason) }
    progress.add(loss: numbers.loss, penalty: numbers.penalty)
    return .step(
      StepReport(
        step: step, loss: numbers.loss, penalty: numbers.penalty, gradientNorm: numbers.norm,
        learningRate: optimizer.learningRate))
  }

  private func isSound(_ numbers: StepFigures<Scalar>.Numbers) -> Bool {
    let clipped = min(numbers.norm * clipping.scale(norm: numbers.norm), clipping.elementLimit)
    return (numbers.loss + numbers.penalty).isFinite && numbers.loss <= task.largestPlausibleLoss
      && numbers.norm.isFinite
      && clipped < Recovery.largestGradient
  }

  private func update(by pass: Pass) {
    optimizer.learningRate = currentLearningRate
    let scale = pass.figures.scale(by: clipping)
    optimizer.update(
      &model, scale: scale.number, factor: scale.onDevice, limit: clipping.elementLimit, team: workspace.team,
      gradient: pass.gradient)
    reduction?.shareParameters(of: &model)
    model.updateStatistics(from: pass.statistics)
    progress.updates = optimizer.step
    average?.add(model, update: progress.updates)
  }

  /// Goes back to the last good state if a parameter or a moment is not finite. A moment that is not makes updates of 0, which
  /// no loss shows.
  ///
  /// - Returns: nil if all is finite.
  /// - Throws: `TrainingDiverged` after several rollbacks; `DeviceError` where the device has failed.
  public func rollBackIfNonFinite() throws -> TrainingEvent? {
    guard let reason = nonFiniteState else { return nil }
    return try rollBack(reason: reason)
  }

  /// Results of the forward and the backward pass of a step: in a group those of all ranks, but for the gradients, which are those
  /// of the elements that this rank updates.
  private struct Pass {
    let figures: StepFigures<Scalar>
    let gradient: (_ slot: Int) -> Tensor<Scalar>?
    let statistics: PassStatistics<Scalar>
  }

  /// The tape is local to this function, so that it is released before the parameters change.
  private func lossAndGradients() -> Pass {
    var context = ForwardContext<Scalar>(
      tape: Tape(), mode: .training, random: random.substream(UInt64(step)), workspace: workspace)
    if let reduction {
      context.batchShard = task.batchShard
      reduction.begin()
    }
    let loss = task.loss(of: model, step: step, in: &context)
    let objective = context.penalties.reduce(loss, +)
    guard let reduction else {
      let gradients = objective.gradients()
      let figures = StepFigures(
        loss: loss.value, penalties: context.penalties.map(\.value), gradients: gradients.ofParameters,
        team: workspace.team)
      return Pass(figures: figures, gradient: { gradients[slot: $0] }, statistics: context.statistics)
    }
    let penalty = context.penalties.reduce(0) { $0 + $1.value.scalar.double }
    require(context.statistics.values.isEmpty, "trainer: statistics of a batch cannot be taken over several processes")
    let share = task.batchShard?.share ?? 1 / Double(reduction.group.size)
    _ = objective.gradients(seed: Scalar(share)) { reduction.add($1, slot: $0) }
    let gradients = reduction.finish()
    let squares = gradients.keys.sorted().reduce(0) { $0 + gradients[$1]!.sumOfSquares() }
    let sums = reduction.group.sums(of: [share * loss.value.scalar.double, share * penalty, squares])
    return Pass(
      figures: StepFigures(loss: sums[0], penalty: sums[1], sumOfSquares: sums[2]), gradient: { gradients[$0] },
      statistics: context.statistics)
  }

  /// Measures the validation loss; nil without validation data, and where the device has failed, which the next step throws.
  ///
  /// - Parameter scheduled: whether it counts for the best loss, for patience, for a schedule that waits for plateaus and for the
  ///   report of the training loss.
  public func validate(scheduled: Bool) -> ValidationReport? {
    guard workspace.device.failure == nil,
      let evaluation = task.validation(of: validatedModel, workspace: workspace), workspace.device.failure == nil
    else { return nil }
    let loss = evaluation.loss
    let isBest = loss < progress.bestValidationLoss ?? .infinity
    let report = ValidationReport(
      step: step, training: progress.meanLoss, evaluation: evaluation, scheduled: scheduled, isBest: isBest)
    if scheduled {
      progress.validationsSinceBest = isBest ? 0 : progress.validationsSinceBest + 1
      if isBest { progress.bestValidationLoss = loss }
      progress.plateau = schedule.plateau(progress.plateau, after: loss)
      _ = takeMeanLoss()
    }
    return report
  }

  /// The mean training loss since the last report; after it a new mean begins.
  public func takeMeanLoss() -> MeanLoss? {
    defer { progress.beginMeanLoss() }
    return progress.meanLoss
  }

  /// The state after the steps so far.
  public var state: State {
    State(model: model, average: average?.model, task: task, optimizer: optimizer, progress: progress)
  }

  /// Takes up a saved run: the model with its parameters, and those averaged, the optimizer with its moments, the task with its
  /// carried state.
  ///
  /// - Parameter rollbackState: the state that a divergence returns to; without it, a run resumed shortly before a divergence
  ///   recovers from where it was resumed.
  public func restore(_ state: State, rollbackState: State? = nil) {
    // A failure of the copy is thrown by the next step.
    let state = bound((try? state.on(workspace.device)) ?? state)
    (model, task, optimizer, progress) = (state.model, state.task, state.optimizer, state.progress)
    if let share = average?.share { average = WeightAverage(share: share, model: state.average ?? model) }
    self.rollbackState = rollbackState.map { bound((try? $0.on(workspace.device)) ?? $0) }
  }

  private func bound(_ state: State) -> State {
    State(
      model: state.model.bound(), average: state.average?.bound(), task: state.task, optimizer: state.optimizer,
      progress: state.progress)
  }

  private func leaveOut(_ pass: Pass, _ numbers: StepFigures<Scalar>.Numbers) throws -> TrainingEvent {
    let reason = reasonToSkip(pass, numbers)
    progress.skippedInARow += 1
    progress.skipped += 1
    if progress.skippedInARow >= Recovery.skipsBeforeRollback { return try rollBack(reason: reason) }
    return .skipped(step: step, reason: reason)
  }

  private func rollBack(reason: String) throws -> TrainingEvent {
    // Numbers read of a device that has failed are not finite either.
    try requireDevice()
    guard progress.rollbacks < Recovery.mostRollbacks, let good = rollbackState else {
      throw TrainingDiverged(step: step, reason: reason)
    }
    let failed = progress
    restore(good, rollbackState: good)
    progress.recover(from: failed)
    return .rolledBack(toStep: step, learningRate: progress.learningRate, reason: reason)
  }

  /// Names a parameter or moment that is not finite; nil if all are. In a group it is the same on all ranks.
  public var nonFiniteState: String? {
    if let nonFiniteParameter { return nonFiniteParameter }
    return firstNamed { firstNonFinite(of: optimizer.namedMoments(of: model).map(\.tensor)) }.map {
      "\(optimizer.namedMoments(of: model)[$0].name) is not finite"
    }
  }

  /// Name of the first of some things, of which each rank looks at its own.
  private func firstNamed(_ first: () -> Int?) -> Int? {
    guard let group else { return first() }
    let least = group.allGather([first().map(Double.init) ?? .infinity]).map { $0[0] }.min()!
    return least.isFinite ? Int(least) : nil
  }

  private var nonFiniteParameter: String? {
    let parameters = model.parameters
    return firstNonFinite(of: parameters.map(\.parameter.value)).map {
      "the parameter \(parameters[$0].name) is not finite"
    }
  }

  private func reasonToSkip(_ pass: Pass, _ numbers: StepFigures<Scalar>.Numbers) -> String {
    if let nonFiniteState { return nonFiniteState }
    if !numbers.loss.isFinite { return numbers.loss.isNaN ? "the loss is not a number" : "the loss is infinite" }
    let parameters = model.parameters
    let first = firstNamed {
      parameters.firstIndex { $0.parameter.slot.flatMap(pass.gradient)?.firstNonFinite != nil }
    }
    if let first { return "the gradient of \(parameters[first].name) is not finite" }
    if numbers.loss > task.largestPlausibleLoss {
      return "the loss of \(Float(numbers.loss)) is far beyond that of a uniform guess"
    }
    return "the gradients are too large"
  }
}

/// Limits of the recovery from steps that are not sound.
private enum Recovery {
  /// Steps between the states that a rollback can restore.
  static let snapshotInterval = 100
  static let skipsBeforeRollback = 5
  /// Moments hold squares of elements; beyond this they would overflow single precision.
  static let largestGradient = 1e18
  static let mostRollbacks = 5
}
