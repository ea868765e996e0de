import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// Supervised learning in shuffled batches: the task that `fit` gives a trainer.
///
/// The order of an epoch's batches is a function of the seed and the epoch. Loss and metrics of the epoch come from the
/// outputs of the training passes.
struct SupervisedTask<Model: Layer, Samples: SampleSet<Model.Scalar>>: TrainingTask {
  typealias Scalar = Model.Scalar

  private let data: Samples
  private let validationData: (any SampleSet<Scalar>)?
  private let criterion: Criterion<Scalar>
  private let schedule: BatchSchedule
  private var order: (epoch: Int, batches: BatchOrder)?
  private var measured: (epoch: Int, sums: Measurement<Scalar>)

  init(
    data: Samples, validationData: (any SampleSet<Scalar>)?, criterion: Criterion<Scalar>,
    schedule: BatchSchedule
  ) {
    (self.data, self.validationData, self.criterion, self.schedule) = (data, validationData, criterion, schedule)
    measured = (-1, criterion.measurement)
  }

  var stepsPerEpoch: Int { schedule.stepsPerEpoch(count: data.count) }

  /// Training loss and metrics of an epoch, counted from the start of the fit; nil where every step was skipped.
  func report(ofEpoch epoch: Int) -> EvaluationReport? { measured.epoch == epoch ? measured.sums.report : nil }

  mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let (epoch, position) = (step - schedule.firstStep).quotientAndRemainder(dividingBy: stepsPerEpoch)
    // Not at the epoch's first step, which may be skipped.
    if measured.epoch != epoch { measured = (epoch, criterion.measurement) }
    if order?.epoch != epoch { order = (epoch, schedule.batches(of: data, epoch: epoch)) }
    return criterion.loss(
      of: model, on: data.batch(order!.batches[position]), adding: &measured.sums, in: &context)
  }

  func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? {
    validationData.map { criterion.evaluate(model, on: $0, batchSize: schedule.validationSize, workspace: workspace) }
  }
}

/// Order of the batches of a fit.
struct BatchSchedule: Sendable {
  let size: Int
  /// Samples of one batch of validation.
  let validationSize: Int
  let shuffles: Bool
  let seed: UInt64
  /// Steps and epochs of earlier fits.
  let firstStep: Int
  let firstEpoch: Int

  func stepsPerEpoch(count: Int) -> Int { (count + size - 1) / size }

  /// - Parameter epoch: counted from the start of the fit.
  func batches(of samples: some SampleSet, epoch: Int) -> BatchOrder {
    samples.order(batchSize: size, seed: seed, epoch: firstEpoch + epoch, shuffled: shuffles)
  }
}

extension Targets {
  /// Targets reshaped to outputs [samples, …, 1]: numbers [samples, …] get the last axis, and with `asNumbers` the classes 0
  /// and 1 become numbers. All others stay as they are.
  func fitted(to outputs: TensorShape, asNumbers: Bool) -> Targets {
    switch self {
    case .values(let values) where values.shape.dimensions + [1] == outputs.dimensions:
      .values(values.reshaped(outputs.dimensions))
    case .classes(let classes) where asNumbers && outputs[-1] == 1:
      .values(Tensor(classes.map { Scalar($0) }, shape: outputs))
    default: self
    }
  }
}
