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
    _ data: LabelledData<Scalar>, epochs: Int, optimizer: OptimizerSettings = .adam(), loss: LossFunction<Scalar>,
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
  /// - Throws: `DataError` or `FitError` where the data do not go with the model or the loss.
  public func evaluate(
    _ data: LabelledData<Scalar>, loss: LossFunction<Scalar>, metrics: [Metric] = [], threads: Int = 1
  ) throws -> EvaluationReport { try compile(loss: loss, metrics: metrics).evaluate(data, threads: threads) }

  /// The outputs for inputs [samples, …], in inference mode, computed in batches that keep memory small.
  public func predict(_ inputs: Tensor<Scalar>, threads: Int = 1) -> Tensor<Scalar> {
    require(
      inputs.rank > 1, "predict: inputs of shape \(inputs.shape) are not [samples, …]; a single sample is [1, …]")
    let (count, batch) = (inputs.shape[0], Criterion<Scalar>.usualBatch)
    let workspace = Workspace<Scalar>(threads: threads)
    let parts = stride(from: 0, to: max(count, 1), by: batch).map { start in
      var context = ForwardContext<Scalar>(workspace: workspace)
      return self(Variable(inputs.rows(start..<min(start + batch, count))), in: &context).value
    }
    return parts.count == 1 ? parts[0] : .concatenate(parts)
  }

  /// Length of the last axis of the model's outputs.
  func outputWidth(for inputs: Tensor<Scalar>) -> Int {
    let shape = predict(inputs.rows(0..<1)).shape
    require(
      shape.rank > 1 && shape[0] == 1,
      "a model that is fitted gives [samples, …, outputs]; for one sample it gave \(shape)")
    return shape[-1]
  }
}
