import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// A model with its optimizer, loss and metrics, as `compile` gives it.
///
///     var network = model.compile(optimizer: .adam(), loss: .binaryCrossEntropy, metrics: [.accuracy])
///     try network.fit(data, epochs: 30)
///     print(try network.evaluate(test))
///
/// Parameters that have no values yet are drawn here, with the seed 0. A further `fit` continues from the end of the one before,
/// with the optimizer's moments (those of the last epoch, also where early stopping kept an earlier model).
public struct CompiledModel<Model: Layer>: Sendable {
  public typealias Scalar = Model.Scalar

  public private(set) var model: Model
  private let optimizer: OptimizerSettings
  private let criterion: Criterion<Scalar>
  private var trained: (optimizer: Optimizer<Scalar>, progress: TrainingProgress, epochs: Int)?

  /// - Parameter model: one on a device is copied to the host; `FitOptions.device` says where it is computed.
  public init(
    _ model: Model, optimizer: OptimizerSettings = .adam(), loss: LossFunction<Scalar>, metrics: [Metric] = []
  ) {
    for case .topKAccuracy(let k) in metrics { require(k > 0, "top-k accuracy: k is \(k), less than 1") }
    self.model = model.copied(to: .cpu)
    var random = RandomSource(seed: 0)
    self.model.drawMissing(using: &random)
    self.optimizer = optimizer
    criterion = Criterion(lossFunction: loss, metrics: metrics)
  }

  /// Trains the model for a number of passes over the data.
  ///
  /// - Returns: what each epoch found.
  /// - Throws: `DataError`, `FitError`; `TrainingDiverged` when the loss would not stay finite; `DeviceError` where the device fails;
  ///   what a callback throws. The model is then left as it was.
  @discardableResult
  public mutating func fit<Samples: SampleSet<Scalar>>(
    _ data: Samples, epochs: Int, options: FitOptions<Model> = FitOptions()
  ) throws -> FitHistory {
    let (training, heldOut) = try options.parts(of: data)
    try requireFit(training, heldOut, options)
    require(!model.trainedParameters.isEmpty, "fit: the model has no parameter to train")
    require(epochs >= 0, "fit: \(epochs) epochs")
    let size = try options.batchSize(of: training.count)

    let progress = trained?.progress
    let before = (
      step: progress?.step ?? 0, epochs: trained?.epochs ?? 0, skipped: progress?.skipped ?? 0,
      rollbacks: progress?.rollbacks ?? 0
    )
    let task = SupervisedTask<Model, Samples>(
      data: training, validationData: heldOut, criterion: criterion,
      schedule: BatchSchedule(
        size: size, validationSize: options.validationBatchSize, shuffles: options.shuffles, seed: options.seed,
        firstStep: before.step, firstEpoch: before.epochs))
    let trainer = Trainer(
      model: model, task: task, optimizer: optimizer, schedule: options.schedule, clipping: options.clipping,
      seed: options.seed, threads: options.threads, device: options.device)
    if let trained {
      trainer.restore(.init(model: model, task: task, optimizer: trained.optimizer, progress: trained.progress))
    }
    var watch = options.earlyStopping.map { StoppingWatch<Model>($0) }
    var history = FitHistory()
    while history.epochs.count < epochs && history.end == .finished {
      let report = try trainEpoch(
        before.epochs + history.epochs.count + 1, by: trainer,
        upTo: before.step + (history.epochs.count + 1) * task.stepsPerEpoch, options.callbacks)
      history.epochs.append(report)
      history.modelEpoch = report.epoch
      if watch?.isOver(after: report, trainer.model) ?? false { history.end = .stoppedEarly }
      for callback in options.callbacks where try callback.afterEpoch(report, trainer.model) == .stop {
        history.end = .stoppedByCallback
      }
    }
    if let reason = trainer.nonFiniteState { throw TrainingDiverged(step: trainer.step, reason: reason) }
    history.skippedSteps = trainer.progress.skipped - before.skipped
    history.rollbacks = trainer.progress.rollbacks - before.rollbacks
    let last = try trainer.state.on(.cpu)
    model = try (watch?.model(orLast: trainer.model) ?? trainer.model).on(.cpu)
    if let watch, let best = watch.best, options.earlyStopping?.restoresBest ?? false {
      history.modelEpoch = best.epoch
    }
    trained = (last.optimizer, last.progress, before.epochs + history.epochs.count)
    return history
  }

  /// Trains the model on inputs and target numbers, both [samples, …].
  @discardableResult
  public mutating func fit(
    _ inputs: Tensor<Scalar>, _ targets: Tensor<Scalar>, epochs: Int, options: FitOptions<Model> = FitOptions()
  ) throws -> FitHistory {
    try fit(LabelledData(inputs: inputs, values: targets), epochs: epochs, options: options)
  }

  private func trainEpoch<Samples: SampleSet<Scalar>>(
    _ epoch: Int, by trainer: Trainer<SupervisedTask<Model, Samples>>, upTo lastStep: Int,
    _ callbacks: [FitCallback<Model>]
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
    let validation = trainer.validate(scheduled: true)?.evaluation
    if let failure = trainer.workspace.device.failure { throw failure }
    return EpochReport(
      epoch: epoch, step: trainer.step, training: training, validation: validation, learningRate: learningRate)
  }

  /// The loss and the metrics on data, in inference mode.
  ///
  /// - Parameters:
  ///   - batchSize: samples computed at once; it bounds memory.
  ///   - device: where the model is computed.
  /// - Throws: `DataError` or `FitError` where the data do not go with the model or the loss; `DeviceError` where the device fails.
  public func evaluate(
    _ data: some SampleSet<Scalar>, batchSize: Int = 256, threads: Int = 1, device: Device = .cpu
  ) throws -> EvaluationReport {
    try criterion.requireFit(data, of: model)
    let report = criterion.evaluate(
      try model.on(device), on: data, batchSize: batchSize,
      workspace: device == .cpu ? Workspace(threads: threads) : Workspace(device: device))
    if let failure = device.failure { throw failure }
    return report
  }

  /// The model's outputs; see `Layer.predict`.
  public func predict(_ inputs: Tensor<Scalar>, batchSize: Int = 256, threads: Int = 1) -> Tensor<Scalar> {
    model.predict(inputs, batchSize: batchSize, threads: threads)
  }

  /// The model's outputs for sequences of any lengths; see `Layer.predict`.
  public func predict(
    _ sequences: RaggedSequences<Scalar>, batchSize: Int = 256, threads: Int = 1
  ) throws(DataError) -> [Tensor<Scalar>] {
    try model.predict(sequences, batchSize: batchSize, threads: threads)
  }

  private func requireFit(
    _ training: some SampleSet<Scalar>, _ heldOut: (any SampleSet<Scalar>)?, _ options: FitOptions<Model>
  ) throws {
    try criterion.requireFit(training, of: model)
    if let heldOut { try criterion.requireFit(heldOut, of: model) }
    if heldOut == nil && options.schedule.waitsForPlateaus { throw FitError.scheduleNeedsValidation }
    if case .metric(let metric)? = options.earlyStopping?.watched, !criterion.metrics.contains(metric) {
      throw FitError.metricNotMeasured(metric: metric.description)
    }
  }
}
