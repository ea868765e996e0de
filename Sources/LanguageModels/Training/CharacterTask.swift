import Autograd
import Foundation
import ModelTraining
import ProcessGroups
import RecurrentLayers
import SequenceText
import TensorCore

/// Truncated backpropagation through time on a text: contiguous streams side by side, the state carried from step to step,
/// detached, and reset to the initial state at each epoch.
public struct CharacterTask<Scalar: TensorScalar>: TrainingTask {
  public typealias Model = CharacterModel<Scalar>

  private let windows: TruncatedWindows
  private let heldOut: TextStream?
  /// Name and width of each component of each layer's state: `state.l0.hidden`, `state.l0.cell`, `state.l1.hidden`, …
  private let stateComponents: [[(name: String, width: Int)]]
  private let penalties: ActivationPenalties
  /// Processes that share the batch and the validation; nil for this one alone.
  private let group: ProcessGroup?
  private var state: Model.State?
  /// Order of the documents in the epoch that was last trained on.
  private var order: DocumentOrder?
  /// Ten times one nat more than the loss of a uniform guess, ln(vocabulary): 52 nats for 65 symbols.
  public let largestPlausibleLoss: Double

  /// - Parameters:
  ///   - model: any of the shape that is trained, its weights drawn or not.
  ///   - windows: windows of the training part.
  ///   - validation: the part held out, if any.
  ///   - group: processes of which each reads some of the streams; nil for this one alone.
  public init(
    _ model: Model, windows: TruncatedWindows, validation: TextStream?,
    penalties: ActivationPenalties = ActivationPenalties(), group: ProcessGroup? = nil
  ) {
    self.windows = windows
    self.group = group
    heldOut = validation
    stateComponents = Self.stateComponents(of: model)
    self.penalties = penalties
    largestPlausibleLoss = 10 * (1 + log(Double(model.shape.vocabulary)))
  }

  private static func stateComponents(of model: Model) -> [[(name: String, width: Int)]] {
    model.rnn.stateComponents.enumerated().map { layer, components in
      components.map { ("state.l\(layer).\($0.name)", $0.width) }
    }
  }

  /// Name and shape of each tensor of `carriedState`, where a state is carried.
  static func stateShapes(of model: Model, batch: Int) -> [(name: String, shape: TensorShape)] {
    stateComponents(of: model).joined().map { ($0.name, [batch, $0.width]) }
  }

  public var stepsPerEpoch: Int { windows.perEpoch }

  public var batchShard: BatchShard? { group == nil ? nil : windows.shard }

  public mutating func loss(
    of model: Model, step: Int, in context: inout ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let window = windows.window(step)
    if order?.epoch != window.epoch { order = windows.order(epoch: window.epoch) }
    let (inputs, resets, targets) = windows.tokens(of: window, in: order)
    if window.steps.lowerBound == 0 { state = nil }
    let (all, states) = model.read(
      inputs, resets: resets, isTruncated: window.isTruncated, from: state?.constants, in: &context)
    for (end, next) in zip(window.borders.dropFirst(), states) where end == window.next { state = Model.State(next) }
    if window.next == nil { state = nil }
    let known = window.steps.count - window.new.count
    let own = known == 0 ? all : all.slice(axis: 0, known..<window.steps.count)
    let dropped = model.droppingUnits(of: own, in: &context)
    let loss = softmaxCrossEntropy(model.logits(dropped, in: context), targets: targets, in: context)
    penalties.add(outputs: own, afterDropout: dropped, to: &context)
    return loss
  }

  /// A state is not carried over the border between two epochs.
  public mutating func leaveOut(step: Int) {
    let window = windows.window(step)
    if window.steps.lowerBound == 0 || window.next == nil { state = nil }
  }

  public func validation(of model: Model, workspace: Workspace<Scalar>) -> EvaluationReport? {
    heldOut.map { text in
      EvaluationReport(
        samples: text.predictions,
        loss: Evaluation.validationLoss(of: model, on: text, workspace: workspace, group: group))
    }
  }

  public mutating func move(to device: Device) throws(DeviceError) { state = try state?.on(device) }

  public var carriedState: [(name: String, tensor: Tensor<Scalar>)] {
    guard let state else { return [] }
    return zip(stateComponents.joined(), state.layers.joined()).map { ($0.name, $1) }
  }

  /// - Parameter carried: returns the state of all streams.
  public mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    state = nil
    guard windows.carriesState(into: step) else { return }
    var layers: [[Tensor<Scalar>]] = []
    for components in stateComponents {
      var tensors: [Tensor<Scalar>] = []
      for (name, width) in components {
        tensors.append(try carried(name, [windows.shard.total, width]).slice(axis: 0, windows.shard.sequences))
      }
      layers.append(tensors)
    }
    state = Model.State(layers: layers)
  }
}
