import Autograd
import NeuralLayers
import TabularData
import TensorCore

/// Learning from samples with known answers, in shuffled batches: the task that `fit` gives a trainer.
///
/// The order of an epoch's batches is a function of the seed and the epoch. Loss and metrics of the epoch are added up from the
/// outputs that training computes anyway.
struct SupervisedTask<Model: Layer>: TrainingTask {
  typealias Scalar = Model.Scalar

  private let data: LabelledData<Scalar>
  private let validationData: LabelledData<Scalar>?
  private let criterion: Criterion<Scalar>
  private let schedule: BatchSchedule
  private var order: (epoch: Int, batches: BatchOrder)?
  private var measured: (epoch: Int, sums: Measurement<Scalar>)

  init(
    data: LabelledData<Scalar>, validationData: LabelledData<Scalar>?, criterion: Criterion<Scalar>,
    schedule: BatchSchedule
  ) {
    (self.data, self.validationData, self.criterion, self.schedule) = (data, validationData, criterion, schedule)
    measured = (-1, criterion.measurement)
  }

  var stepsPerEpoch: Int { schedule.stepsPerEpoch(count: data.count) }

  /// What training measured in an epoch, counted from the start of the fit; nil where every step was left out.
  func report(ofEpoch epoch: Int) -> EvaluationReport? { measured.epoch == epoch ? measured.sums.report : nil }

  mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let (epoch, position) = (step - schedule.firstStep).quotientAndRemainder(dividingBy: stepsPerEpoch)
    // Not at the epoch's first step: that one may be left out.
    if measured.epoch != epoch { measured = (epoch, criterion.measurement) }
    if order?.epoch != epoch { order = (epoch, schedule.batches(count: data.count, epoch: epoch)) }
    return criterion.loss(
      of: model, on: data.rows(order!.batches[position]), adding: &measured.sums, in: &context)
  }

  func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? {
    validationData.map { criterion.evaluate(model, on: $0, workspace: workspace) }
  }
}

/// Which batches a fit goes through.
struct BatchSchedule: Sendable {
  let size: Int
  let shuffles: Bool
  let seed: UInt64
  /// Steps and epochs that the model was trained for before.
  let firstStep: Int
  let firstEpoch: Int

  func stepsPerEpoch(count: Int) -> Int { (count + size - 1) / size }

  /// - Parameter epoch: counted from the start of the fit.
  func batches(count: Int, epoch: Int) -> BatchOrder {
    BatchOrder(count: count, batchSize: size, seed: seed, epoch: firstEpoch + epoch, shuffled: shuffles)
  }
}

extension Targets {
  /// The targets in the form of outputs [samples, …, 1]: numbers [samples, …] with that last axis, and the classes 0 and 1 as
  /// these numbers where `asNumbers`. All others as they are.
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
