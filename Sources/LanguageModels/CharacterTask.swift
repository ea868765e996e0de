import Autograd
import ModelTraining
import RecurrentLayers
import SequenceText
import TensorCore

/// Truncated backpropagation through time on a text: contiguous streams side by side, the hidden state carried from step to
/// step, detached, and reset to zero at each epoch.
public struct CharacterTask<Scalar: TensorScalar>: TrainingTask {
  public typealias Model = CharacterModel<Scalar>

  private let batches: ContiguousBatches
  private let heldOut: TextStream?
  private let configuration: ModelConfiguration
  private var state: Model.State?

  /// - Parameters:
  ///   - batches: the training part.
  ///   - validation: the part held out, if any.
  public init(batches: ContiguousBatches, validation: TextStream?, configuration: ModelConfiguration) {
    self.batches = batches
    heldOut = validation
    self.configuration = configuration
  }

  public var stepsPerEpoch: Int { batches.windowsPerEpoch }

  public mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let position = step % stepsPerEpoch
    if position == 0 { state = nil }
    let window = batches.window(position)
    let (logits, next) = model(
      TokenGrid(ids: window.inputs, time: window.time, batch: window.batch), from: state, in: &context)
    state = position == stepsPerEpoch - 1 ? nil : next
    return softmaxCrossEntropy(logits, targets: window.targets, in: context)
  }

  public func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? {
    heldOut.map { text in
      EvaluationReport(
        samples: text.predictions, loss: Evaluation.validationLoss(of: model, on: text, workspace: workspace))
    }
  }

  public var carriedState: [(name: String, tensor: Tensor<Scalar>)] {
    guard let state else { return [] }
    return zip(stateNames, state.layers.joined()).map { ($0, $1) }
  }

  public mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    state = nil
    guard step % stepsPerEpoch != 0 else { return }
    var tensors: [Tensor<Scalar>] = []
    for name in stateNames { tensors.append(try carried(name, [batches.batch, configuration.hidden])) }
    let width = tensors.count / configuration.layers
    state = Model.State(
      layers: (0..<configuration.layers).map { Array(tensors[$0 * width..<($0 + 1) * width]) })
  }

  /// `state.l0.hidden`, `state.l0.cell`, `state.l1.hidden`, …
  private var stateNames: [String] {
    (0..<configuration.layers).flatMap { layer in
      configuration.cell.stateComponents.map { "state.l\(layer).\($0)" }
    }
  }
}
