import Autograd
import ModelTraining
import RecurrentLayers
import SequenceText
import TensorCore

/// Truncated backpropagation through time on a text: contiguous streams side by side, the hidden state carried from step to
/// step, detached, and set back to the beginning at each epoch.
public struct CharacterTask<Scalar: TensorScalar>: TrainingTask {
  public typealias Model = CharacterModel<Scalar>

  private let windows: TruncatedWindows
  private let heldOut: TextStream?
  private let configuration: ModelConfiguration
  private let penalties: ActivationPenalties
  private var state: Model.State?

  /// - Parameters:
  ///   - windows: the training part.
  ///   - validation: the part held out, if any.
  public init(
    windows: TruncatedWindows, validation: TextStream?, configuration: ModelConfiguration,
    penalties: ActivationPenalties = ActivationPenalties()
  ) {
    self.windows = windows
    heldOut = validation
    self.configuration = configuration
    self.penalties = penalties
  }

  public var stepsPerEpoch: Int { windows.perEpoch }

  public mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let window = windows.window(step)
    let (inputs, targets) = windows.tokens(of: window)
    if window.steps.lowerBound == 0 { state = nil }
    let (all, states) = model.read(inputs, isCut: window.isCut, from: state?.constants, in: &context)
    for (end, next) in zip(window.borders.dropFirst(), states) where end == window.next { state = Model.State(next) }
    if window.next == nil { state = nil }
    let known = window.steps.count - window.new.count
    let own = known == 0 ? all : all.slice(axis: 0, known..<window.steps.count)
    let read = model.dropping(own, in: &context)
    let loss = softmaxCrossEntropy(model.predict(read, in: context), targets: targets, in: context)
    return penalties.added(to: loss, outputs: own, afterDropout: read)
  }

  public func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? {
    heldOut.map { text in
      EvaluationReport(
        samples: text.predictions, loss: Evaluation.validationLoss(of: model, on: text, workspace: workspace))
    }
  }

  public var carriedState: [(name: String, tensor: Tensor<Scalar>)] {
    guard let state else { return [] }
    return zip(stateNames.joined(), state.layers.joined()).map { ($0.name, $1) }
  }

  public mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    state = nil
    guard windows.carriesState(into: step) else { return }
    var layers: [[Tensor<Scalar>]] = []
    for components in stateNames {
      var tensors: [Tensor<Scalar>] = []
      for (name, width) in components { tensors.append(try carried(name, [windows.batch, width])) }
      layers.append(tensors)
    }
    state = Model.State(layers: layers)
  }

  /// `state.l0.hidden`, `state.l0.cell`, `state.l1.hidden`, … and their widths, layer by layer.
  private var stateNames: [[(name: String, width: Int)]] {
    (0..<configuration.layers).map { layer in
      configuration.stateComponents.map { ("state.l\(layer).\($0.name)", $0.width) }
    }
  }
}

/// What is added to the loss for the top layer's outputs; see `activationRegularization`.
public struct ActivationPenalties: Sendable, Equatable {
  /// α, for outputs that are large.
  public var activation: Double
  /// β, for outputs that change.
  public var temporal: Double

  public init(activation: Double = 0, temporal: Double = 0) {
    (self.activation, self.temporal) = (activation, temporal)
  }

  func added<Scalar>(
    to loss: Variable<Scalar>, outputs: Variable<Scalar>, afterDropout read: Variable<Scalar>
  ) -> Variable<Scalar> {
    var loss = loss
    if activation > 0 { loss = loss + activationRegularization(read, weight: activation) }
    if temporal > 0 { loss = loss + temporalActivationRegularization(outputs, weight: temporal) }
    return loss
  }
}
