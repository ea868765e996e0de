import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// The loss of a fit and the metrics measured beside it.
struct Criterion<Scalar: TensorScalar>: Sendable {
  let lossFunction: LossFunction<Scalar>
  let metrics: [Metric]

  /// Samples of one inference batch.
  static var usualBatch: Int { 256 }

  var measurement: Measurement<Scalar> { Measurement(metrics, decision: lossFunction.decision) }

  /// The loss of a model on a batch, which is added to the measurement.
  func loss<Model: Layer<Scalar>>(
    of model: Model, on batch: LabelledData<Scalar>, adding measurement: inout Measurement<Scalar>,
    in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let outputs = model(Variable(batch.inputs), in: &context)
    let targets = batch.targets.fitted(to: outputs.shape, asNumbers: lossFunction.readsClassesAsNumbers)
    let loss = lossFunction(outputs, targets, in: context)
    measurement.add(loss: loss.value.scalar.double, outputs: outputs.value, targets: targets)
    return loss
  }

  /// The loss and the metrics of a model in inference mode.
  func evaluate<Model: Layer<Scalar>>(
    _ model: Model, on data: LabelledData<Scalar>, workspace: Workspace<Scalar>
  ) -> EvaluationReport {
    var measurement = measurement
    for indices in BatchOrder(count: data.count, batchSize: Self.usualBatch, seed: 0, epoch: 0, shuffled: false) {
      var context = ForwardContext<Scalar>(workspace: workspace)
      _ = loss(of: model, on: data.rows(indices), adding: &measurement, in: &context)
    }
    return measurement.report
  }

  /// Checks that the loss and the metrics are defined for the data's targets.
  ///
  /// - Parameter width: length of the last axis of the model's outputs.
  /// - Throws: `FitError`; `DataError` for a class that the model has no output for.
  func requireFit(_ data: LabelledData<Scalar>, outputWidth width: Int) throws {
    let name = lossFunction.name
    switch data.targets {
    case .classes:
      let asNumbers = lossFunction.readsClassesAsNumbers && width == 1
      if lossFunction.targetKind == .values && !asNumbers { throw FitError.lossNeedsValues(loss: name) }
      try data.requireClasses(below: asNumbers ? 2 : width)
      if asNumbers { break }
      if let metric = metrics.first(where: \.comparesNumbers) {
        throw FitError.metricNeedsValues(metric: metric.description)
      }
    case .values(let values):
      if lossFunction.targetKind == .classes { throw FitError.lossNeedsClasses(loss: name) }
      try requireDomain(values)
    }
    if lossFunction.decision == .largest && width < 2 { throw FitError.lossNeedsOutputs(loss: name) }
    if let values = data.values, lossFunction.decision == nil,
      let metric = metrics.first(where: { !$0.comparesNumbers }),
      !values.scalars.allSatisfy({ $0 == 0 || $0 == 1 })
    {
      throw FitError.metricNeedsAnswers(metric: metric.description)
    }
    let decision = lossFunction.decision ?? .usual(width: width)
    if decision != .largest, let metric = metrics.first(where: \.choosesAmongClasses) {
      throw FitError.metricNeedsClasses(metric: metric.description)
    }
  }

  private func requireDomain(_ values: Tensor<Scalar>) throws(FitError) {
    let domain = lossFunction.domain
    if domain == .all { return }
    let scalars = values.scalars
    guard let index = scalars.firstIndex(where: { !domain.contains($0.double) }) else { return }
    throw .targetOutsideDomain(
      loss: lossFunction.name, value: scalars[index].double, row: index / (scalars.count / values.shape[0]),
      domain: domain)
  }
}

extension Metric {
  fileprivate var choosesAmongClasses: Bool { if case .topKAccuracy = self { true } else { false } }
}
