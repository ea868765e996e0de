import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// The loss of a fit and the metrics measured beside it.
struct Criterion<Scalar: TensorScalar>: Sendable {
  let lossFunction: LossFunction<Scalar>
  let metrics: [Metric]

  var measurement: Measurement<Scalar> { Measurement(metrics, decision: lossFunction.decision) }

  /// The loss of a model on a batch, which is added to the measurement.
  func loss<Model: Layer<Scalar>>(
    of model: Model, on batch: SampleBatch<Scalar>, adding measurement: inout Measurement<Scalar>,
    in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    context.lengths = batch.lengths
    var outputs = model(Variable(batch.inputs.copied(to: context.workspace.device)), in: &context)
    if let positions = batch.positions {
      outputs = outputs.reshaped([outputs.shape[0] * outputs.shape[1], outputs.shape[-1]]).gatherRows(positions)
    }
    let targets = batch.targets.fitted(to: outputs.shape, asNumbers: lossFunction.readsClassesAsNumbers)
    let (loss, weight) = lossFunction.weightedMean(outputs, targets, weights: batch.weights, in: context)
    measurement.add(
      loss: loss.value.forHost().scalar.double, weight: weight,
      outputs: metrics.isEmpty ? outputs.value : outputs.value.forHost(), targets: targets)
    return loss
  }

  /// The loss and the metrics of a model in inference mode.
  ///
  /// - Parameter batchSize: samples computed at once.
  func evaluate<Model: Layer<Scalar>>(
    _ model: Model, on data: some SampleSet<Scalar>, batchSize: Int, workspace: Workspace<Scalar>
  ) -> EvaluationReport {
    var measurement = measurement
    for indices in data.inferenceOrder(batchSize: batchSize) {
      var context = ForwardContext<Scalar>(workspace: workspace)
      _ = loss(of: model, on: data.batch(indices), adding: &measurement, in: &context)
    }
    return measurement.report
  }
}
