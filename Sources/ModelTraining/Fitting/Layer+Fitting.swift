import Autograd
import NeuralLayers
import TabularData
import TensorCore

extension Layer {
  /// This model with an optimizer, a loss and metrics, ready for several fits.
  public func compile(
    optimizer: OptimizerSettings = .adam(), loss: LossFunction<Scalar>, metrics: [Metric] = []
  ) -> CompiledModel<Self> {
    CompiledModel(self, optimizer: optimizer, loss: loss, metrics: metrics)
  }

  /// Compiles and fits in one call; see `CompiledModel.fit`.
  ///
  ///     try net.fit(data, epochs: 30, loss: .softmaxCrossEntropy)
  ///
  /// - Parameters:
  ///   - epochs: passes over the data.
  ///   - loss: the function that training minimizes, a mean over the samples of a batch.
  ///   - metrics: measured beside the loss in each epoch.
  ///   - options: batch size, schedule, validation, early stopping and the rest, each with a default.
  @discardableResult
  public mutating func fit(
    _ data: some SampleSet<Scalar>, epochs: Int, optimizer: OptimizerSettings = .adam(), loss: LossFunction<Scalar>,
    metrics: [Metric] = [], options: FitOptions<Self> = FitOptions()
  ) throws -> FitHistory {
    var compiled = compile(optimizer: optimizer, loss: loss, metrics: metrics)
    let history = try compiled.fit(data, epochs: epochs, options: options)
    self = compiled.model
    return history
  }

  /// Compiles and fits in one call, on inputs and target numbers, both [samples, …].
  @discardableResult
  public mutating func fit(
    _ inputs: Tensor<Scalar>, _ targets: Tensor<Scalar>, epochs: Int, optimizer: OptimizerSettings = .adam(),
    loss: LossFunction<Scalar>, metrics: [Metric] = [], options: FitOptions<Self> = FitOptions()
  ) throws -> FitHistory {
    try fit(
      LabelledData(inputs: inputs, values: targets), epochs: epochs, optimizer: optimizer, loss: loss, metrics: metrics,
      options: options)
  }

  /// The loss and the metrics on data, in inference mode.
  ///
  /// - Parameters:
  ///   - batchSize: samples computed at once; it bounds memory.
  ///   - device: where the model is computed.
  /// - Throws: `DataError` or `FitError` where the data do not go with the model or the loss; `DeviceError` where the device fails.
  public func evaluate(
    _ data: some SampleSet<Scalar>, loss: LossFunction<Scalar>, metrics: [Metric] = [], batchSize: Int = 256,
    threads: Int = 1, device: Device = .cpu
  ) throws -> EvaluationReport {
    try compile(loss: loss, metrics: metrics).evaluate(data, batchSize: batchSize, threads: threads, device: device)
  }
}
