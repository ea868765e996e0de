import Autograd
import NeuralLayers
import TensorCore

/// What a trainer is to do: where its batches come from and what their loss is.
public protocol TrainingTask<Model> {
  associatedtype Model: Module
  typealias Scalar = Model.Scalar

  /// How many steps go once through the training data.
  var stepsPerEpoch: Int { get }

  /// The loss of a step, a single number on the context's tape.
  ///
  /// A task may carry state from step to step (the hidden state of truncated backpropagation through time); it is called with
  /// consecutive steps. A step that is left out, because it is not finite, leaves no trace in the task.
  ///
  /// - Parameter step: counted from 0 at the start of the run.
  mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar>

  /// What the model is worth on data held out for validation; nil where there are none.
  func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport?

  /// What the task carries, by name, so that a run can be resumed exactly.
  var carriedState: [(name: String, tensor: Tensor<Scalar>)] { get }

  /// Takes up what was carried after `step` steps.
  ///
  /// - Parameter carried: gives a tensor by the name that `carriedState` gave it, in the shape asked for.
  mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure)
}

/// A task that holds nothing out and carries nothing from step to step is done with its batches and their loss.
extension TrainingTask {
  public func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? { nil }

  public var carriedState: [(name: String, tensor: Tensor<Scalar>)] { [] }

  public mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {}
}
