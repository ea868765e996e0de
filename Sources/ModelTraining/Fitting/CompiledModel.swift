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
/// Values that the model's layers have not drawn yet are drawn here. A further `fit` goes on from where the one before it ended,
/// with the optimizer's moments (those of the last epoch, also where early stopping kept an earlier model).
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
    for case .topKAccuracy(let k) in metrics { require(k > 0, "top-k accuracy: k is \(k), less than 1") }
    self.model = model
    var random = RandomSource(seed: 0)
    self.model.drawMissing(using: &random)
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
    _ data: LabelledData<Scalar>, batchSize: Int? = nil, epochs: Int, validation: Validation = .none,
    earlyStopping: EarlyStopping? = nil, shuffling: Bool = true, seed: UInt64 = 1, threads: Int = 1,
    callbacks: [FitCallback<Model>] = []
  ) throws -> FitHistory {
    let (training, heldOut) = try parts(of: data, validation, seed: seed)
    try requireFit(training, heldOut, earlyStopping)
    require(!model.trainedParameters.isEmpty, "fit: the model has no parameter to train")
    let size = batchSize ?? min(32, training.count)
    require(size > 0 && epochs >= 0, "fit: a batch of \(size) samples and \(epochs) epochs")
    if size > training.count { throw DataError.batchLargerThanData(batch: size, count: training.count) }

    let progress = trained?.progress
    let before = (
      step: progress?.step ?? 0, epochs: trained?.epochs ?? 0, skipped: progress?.skipped ?? 0,
      rollbacks: progress?.rollbacks ?? 0
    )
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
    while history.epochs.count < epochs && history.end == .finished {
      let report = try trainEpoch(
        before.epochs + history.epochs.count + 1, by: trainer,
        upTo: before.step + (history.epochs.count + 1) * task.stepsPerEpoch, callbacks)
      history.epochs.append(report)
      history.modelEpoch = report.epoch
      if watch?.isOver(after: report, trainer.model) ?? false { history.end = .stoppedEarly }
      for callback in callbacks where try callback.afterEpoch(report, trainer.model) == .stop {
        history.end = .stoppedByCallback
      }
    }
    if let reason = trainer.nonFiniteState { throw TrainingDiverged(step: trainer.step, reason: reason) }
    history.skippedSteps = trainer.progress.skipped - before.skipped
    history.rollbacks = trainer.progress.rollbacks - before.rollbacks
    model = watch?.model(orLast: trainer.model) ?? trainer.model
    if let watch, let best = watch.best, earlyStopping?.restoresBest ?? false { history.modelEpoch = best.epoch }
    trained = (trainer.optimizer, trainer.progress, before.epochs + history.epochs.count)
    return history
  }

  /// The same for inputs and numbers, both [samples, …].
  @discardableResult
  public mutating func fit(
    _ inputs: Tensor<Scalar>, _ targets: Tensor<Scalar>, batchSize: Int? = nil, epochs: Int,
    validation: Validation = .none, earlyStopping: EarlyStopping? = nil, shuffling: Bool = true, seed: UInt64 = 1,
    threads: Int = 1, callbacks: [FitCallback<Model>] = []
  ) throws -> FitHistory {
    try fit(
      LabelledData(inputs: inputs, values: targets), batchSize: batchSize, epochs: epochs, validation: validation,
      earlyStopping: earlyStopping, shuffling: shuffling, seed: seed, threads: threads, callbacks: callbacks)
  }

  private func trainEpoch(
    _ epoch: Int, by trainer: Trainer<SupervisedTask<Model>>, upTo lastStep: Int, _ callbacks: [FitCallback<Model>]
  ) throws -> EpochReport {
    while trainer.step < lastStep {
      if case .step(let report) = try trainer.trainStep() {
        for callback in callbacks { try callback.afterStep(report) }
      }
    }
    guard let training = trainer.task.report(ofEpoch: epoch - 1 - (trained?.epochs ?? 0)) else {
      throw TrainingDiverged(step: trainer.step, reason: "no step of epoch \(epoch) had a finite loss and gradient")
    }
    let learningRate = trainer.optimizer.learningRate
    return EpochReport(
      epoch: epoch, step: trainer.step, training: training,
      validation: trainer.validate(scheduled: true)?.evaluation, learningRate: learningRate)
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
    if heldOut == nil && schedule.waitsForPlateaus { throw FitError.scheduleNeedsValidation }
    if case .metric(let metric)? = stopping?.watched, !criterion.metrics.contains(metric) {
      throw FitError.metricNotMeasured(metric: metric.description)
    }
  }
}
