import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// A model together with how it is trained and judged: what `compile` gives.
///
///     var network = model.compile(optimizer: .adam(), loss: .binaryCrossEntropy, metrics: [.accuracy])
///     try network.fit(data, epochs: 30)
///     print(try network.evaluate(test))
///
/// A further `fit` goes on from where the one before it ended, with the optimizer's moments.
public struct CompiledModel<Model: Layer>: Sendable {
  public typealias Scalar = Model.Scalar

  public private(set) var model: Model
  private let optimizer: OptimizerSettings
  private let schedule: LearningRateSchedule
  private let clipping: GradientClipping
  private let criterion: Criterion<Scalar>
  private var trained: (optimizer: Optimizer<Scalar>, progress: TrainingProgress, epochs: Int)?

  public init(
    _ model: Model, optimizer: OptimizerSettings = .adam(), schedule: LearningRateSchedule = .constant,
    clipping: GradientClipping = .none, loss: LossFunction<Scalar>, metrics: [Metric] = []
  ) {
    self.model = model
    (self.optimizer, self.schedule, self.clipping) = (optimizer, schedule, clipping)
    criterion = Criterion(lossFunction: loss, metrics: metrics)
  }

  /// Where the data come from that a fit is validated on after each epoch.
  public enum Validation: Sendable {
    case none
    /// A share of the training data, drawn by the seed and held out.
    case split(Double)
    case data(LabelledData<Scalar>)
  }

  /// Trains the model.
  ///
  /// - Parameters:
  ///   - batchSize: samples of one update; nil means 32, or all where there are fewer.
  ///   - epochs: passes over the data.
  ///   - shuffling: whether each epoch goes through the data in an order of its own.
  ///   - seed: decides the order, what dropout drops, and what is held out. The same seed gives the same bits.
  ///   - threads: how many compute; the bits do not depend on it.
  /// - Returns: what each epoch found.
  /// - Throws: `DataError`, `FitError`; `TrainingDiverged` when the loss would not stay finite; what a callback throws. The
  ///   model is then left as it was.
  @discardableResult
  public mutating func fit(
    _ data: LabelledData<Scalar>, batchSize: Int? = nil, epochs: Int = 1, validation: Validation = .none,
    earlyStopping: EarlyStopping? = nil, shuffling: Bool = true, seed: UInt64 = 1, threads: Int = 1,
    callbacks: [FitCallback<Model>] = []
  ) throws -> FitHistory {
    let (training, heldOut) = try parts(of: data, validation, seed: seed)
    try requireFit(training, heldOut, earlyStopping)
    let size = batchSize ?? min(32, training.count)
    require(size > 0 && epochs >= 0, "fit: a batch of \(size) samples and \(epochs) epochs")
    if size > training.count { throw DataError.batchLargerThanData(batch: size, count: training.count) }

    let before = (step: trained?.progress.step ?? 0, epochs: trained?.epochs ?? 0)
    let task = SupervisedTask<Model>(
      data: training, validationData: heldOut, criterion: criterion,
      schedule: BatchSchedule(
        size: size, shuffles: shuffling, seed: seed, firstStep: before.step, firstEpoch: before.epochs))
    let trainer = Trainer(
      model: model, task: task, optimizer: optimizer, schedule: schedule, clipping: clipping, seed: seed,
      threads: threads)
    if let trained {
      trainer.restore(model: model, task: task, optimizer: trained.optimizer, progress: trained.progress)
    }
    var watch = earlyStopping.map { StoppingWatch<Model>($0) }
    var history = FitHistory()
    for epoch in 1...max(epochs, 1) where epochs > 0 && history.end == .finished {
      while trainer.step < before.step + epoch * task.stepsPerEpoch {
        if case .step(let report) = try trainer.trainStep() {
          for callback in callbacks { try callback.afterStep(report) }
        }
      }
      let validated = trainer.validate(scheduled: true)
      let report = EpochReport(
        epoch: before.epochs + epoch, step: trainer.step, training: trainer.task.report,
        validation: validated?.evaluation, learningRate: trainer.currentLearningRate)
      history.epochs.append(report)
      history.modelEpoch = report.epoch
      for callback in callbacks where try callback.afterEpoch(report, trainer.model) == .stop {
        history.end = .stoppedByCallback
      }
      if watch?.isOver(after: report, trainer.model) ?? false { history.end = .stoppedEarly }
    }
    if let reason = trainer.nonFiniteState { throw TrainingDiverged(step: trainer.step, reason: reason) }
    history.skippedSteps = trainer.progress.skipped
    model = watch?.model(orLast: trainer.model) ?? trainer.model
    if let watch, let best = watch.best, earlyStopping?.restoresBest ?? false { history.modelEpoch = best.epoch }
    trained = (trainer.optimizer, trainer.progress, before.epochs + history.epochs.count)
    return history
  }

  /// The loss and the metrics on data, in inference mode.
  ///
  /// - Throws: `DataError` or `FitError` where the data do not go with the model or the loss.
  public func evaluate(_ data: LabelledData<Scalar>, threads: Int = 1) throws -> EvaluationReport {
    try criterion.requireFit(data, outputWidth: model.outputWidth(for: data.inputs))
    return criterion.evaluate(model, on: data, workspace: Workspace(threads: threads))
  }

  /// The model's outputs for inputs [samples, …].
  public func predict(_ inputs: Tensor<Scalar>, threads: Int = 1) -> Tensor<Scalar> {
    model.predict(inputs, threads: threads)
  }

  private func parts(
    of data: LabelledData<Scalar>, _ validation: Validation, seed: UInt64
  ) throws(DataError) -> (training: LabelledData<Scalar>, heldOut: LabelledData<Scalar>?) {
    switch validation {
    case .none: return (data, nil)
    case .data(let other): return (data, other)
    case .split(let fraction):
      var random = RandomSource(seed: seed)
      let (training, heldOut) = try data.split(testFraction: fraction, using: &random)
      return (training, heldOut)
    }
  }

  private func requireFit(
    _ training: LabelledData<Scalar>, _ heldOut: LabelledData<Scalar>?, _ stopping: EarlyStopping?
  ) throws {
    for data in [training, heldOut].compactMap({ $0 }) {
      try criterion.requireFit(data, outputWidth: model.outputWidth(for: data.inputs))
    }
    if case .metric(let metric)? = stopping?.watched, !criterion.metrics.contains(metric) {
      throw FitError.metricNotMeasured(metric: metric.description)
    }
  }
}
