import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// What a model is judged by: its loss, and the metrics beside it.
struct Criterion<Scalar: TensorScalar>: Sendable {
  let lossFunction: LossFunction<Scalar>
  let metrics: [Metric]

  /// Samples that pass through a model at once where no gradient is wanted.
  static var usualBatch: Int { 256 }

  var measurement: Measurement<Scalar> { Measurement(metrics, decision: lossFunction.decision) }

  func loss(
    _ outputs: Variable<Scalar>, targets: Targets<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> { lossFunction(outputs, targets.fitted(to: outputs.shape), in: context) }

  /// The loss and the metrics of a model in inference mode.
  func evaluate<Model: Layer<Scalar>>(
    _ model: Model, on data: LabelledData<Scalar>, workspace: Workspace<Scalar>
  ) -> EvaluationReport {
    var measurement = measurement
    for indices in BatchOrder(count: data.count, batchSize: Self.usualBatch, seed: 0, epoch: 0, shuffled: false) {
      let batch = data.rows(indices)
      var context = ForwardContext<Scalar>(workspace: workspace)
      let outputs = model(Variable(batch.inputs), in: &context)
      let loss = loss(outputs, targets: batch.targets, in: context).value.scalar.double
      measurement.add(loss: loss, outputs: outputs.value, targets: batch.targets.fitted(to: outputs.shape))
    }
    return measurement.report
  }

  /// Checks that the data's targets are such as the loss and the metrics are defined for.
  ///
  /// - Parameter width: how many numbers the model puts out for a sample, along the last axis.
  /// - Throws: `FitError`; `DataError` for a class that the model has no output for.
  func requireFit(_ data: LabelledData<Scalar>, outputWidth width: Int) throws {
    let name = lossFunction.name
    switch data.targets {
    case .classes:
      if lossFunction.targetKind == .numbers { throw FitError.lossNeedsNumbers(loss: name) }
      try data.requireClasses(below: width)
      if let metric = metrics.first(where: \.comparesNumbers) {
        throw FitError.metricNeedsNumbers(metric: metric.description)
      }
    case .values(let values):
      if lossFunction.targetKind == .classes { throw FitError.lossNeedsClasses(loss: name) }
      if let range = lossFunction.targetRange { try requireRange(range, values) }
    }
    let decision = lossFunction.decision ?? .usual(width: width)
    if decision != .largest, let metric = metrics.first(where: \.choosesAmongClasses) {
      throw FitError.metricNeedsClasses(metric: metric.description)
    }
  }

  private func requireRange(_ range: ClosedRange<Double>, _ values: Tensor<Scalar>) throws(FitError) {
    guard values.min().scalar.double < range.lowerBound || values.max().scalar.double > range.upperBound else { return }
    let scalars = values.scalars
    let index = scalars.firstIndex { !range.contains($0.double) }!
    throw .targetOutOfRange(
      loss: lossFunction.name, value: scalars[index].double, row: index / (scalars.count / values.shape[0]),
      range: range)
  }
}

extension Metric {
  fileprivate var choosesAmongClasses: Bool { if case .topKAccuracy = self { true } else { false } }
}
