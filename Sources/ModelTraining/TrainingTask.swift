import Autograd
import NeuralLayers
import TensorCore

/// The batches of a training run and their loss.
public protocol TrainingTask<Model> {
  associatedtype Model: Module
  typealias Scalar = Model.Scalar

  /// Steps of one pass over the training data.
  var stepsPerEpoch: Int { get }

  /// The loss of a step, a single number on the context's tape. Terms of the objective that are no loss of predictions go to
  /// `context.penalize`.
  ///
  /// A task may carry state from step to step (the hidden state of truncated backpropagation through time); it is called with
  /// consecutive steps. A step that is skipped, because it is not sound, leaves the task as it was but for `leaveOut`.
  ///
  /// - Parameter step: counted from 0 at the start of the run.
  mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar>

  /// Part of each batch that this process computes; nil for all of it. The loss is the mean over this part.
  var batchShard: BatchShard? { get }

  /// Notes that a step was skipped, on the task as it was before it: what the step would have let go, goes.
  mutating func leaveOut(step: Int)

  /// A loss beyond this shows that the run has diverged: the step is skipped. Infinite if any finite loss is plausible.
  var largestPlausibleLoss: Double { get }

  /// Loss and metrics on the validation data; nil without validation data.
  func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport?

  /// Moves what is carried from step to step to a device.
  mutating func move(to device: Device) throws(DeviceError)

  /// Tensors carried from step to step, by name, so that a run can be resumed exactly.
  var carriedState: [(name: String, tensor: Tensor<Scalar>)] { get }

  /// Restores the state carried after `step` steps.
  ///
  /// - Parameter carried: returns the tensor of a name of `carriedState`, in the given shape.
  mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure)
}

/// Defaults for tasks without validation data and without carried state, whose loss may have any finite value.
extension TrainingTask {
  public var batchShard: BatchShard? { nil }

  public mutating func leaveOut(step: Int) {}

  public mutating func move(to device: Device) throws(DeviceError) {}

  public var largestPlausibleLoss: Double { .infinity }

  public func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? { nil }

  public var carriedState: [(name: String, tensor: Tensor<Scalar>)] { [] }

  public mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {}
}
