import Autograd
import NeuralLayers
import TensorCore

/// Updates parameters from their gradients, and keeps the moments that the rule needs for each parameter.
///
/// A change of the learning rate leaves the moments as they are; they are saved with the optimizer.
public struct Optimizer<Scalar: TensorScalar>: Sendable {
  public let rule: OptimizerRule
  public let decay: WeightDecay
  /// Learning rate of the next update.
  public var learningRate: Double
  private var updates = UpdateCount()
  /// Moments by kind (`OptimizerRule.momentNames`), then by slot.
  private var moments: [[Tensor<Scalar>]]
  /// Elements of each parameter that are updated here, by slot, where other processes update the rest; nil for all. Of them alone
  /// there are moments, [elements].
  private let parts: [Int: Range<Int>]?

  /// - Parameter model: the model that will be trained, bound; the moments start at zero.
  /// - Precondition: the settings have no problem.
  public init<Model: Module<Scalar>>(_ settings: OptimizerSettings, for model: Model) {
    self.init(settings, for: model, parts: nil)
  }

  /// An optimizer of a part of each parameter.
  init<Model: Module<Scalar>>(_ settings: OptimizerSettings, for model: Model, parts: [Int: Range<Int>]?) {
    if let problem = settings.problem { programmingError("optimizer: \(problem)") }
    rule = settings.rule
    decay = settings.decay
    learningRate = settings.learningRate
    self.parts = parts
    moments = rule.momentNames.map { _ in
      model.parameters.enumerated().map { slot, named in
        if named.parameter.role != .trained { return .zeros([0]) }
        return parts.map { .zeros([$0[slot]?.count ?? 0]) } ?? .zeros(like: named.parameter.value)
      }
    }
  }

  /// The number of updates made.
  public var step: Int { updates.count }

  /// Changes every parameter that has a gradient, in place; the others stay as they are, without decay.
  ///
  /// Drop the tape before: a parameter whose value is still held there is copied first.
  ///
  /// - Parameters:
  ///   - scale: factor of the gradients (for clipping by norm).
  ///   - limit: magnitude to which their elements are then clamped (for clipping by value).
  public mutating func update<Model: Module<Scalar>>(
    _ model: inout Model, with gradients: Gradients<Scalar>, scale: Double = 1, limit: Double = .infinity,
    team: ThreadTeam = ThreadTeam(threads: 1)
  ) {
    update(&model, scale: scale, limit: limit, team: team) { gradients[slot: $0] }
  }

  /// Changes the parameters, or the parts of them that are updated here.
  ///
  /// - Parameters:
  ///   - factor: on a device, a number there by which gradients are scaled too; nil for none.
  ///   - gradient: from a slot to the gradient of its parameter, or of its part; nil for none.
  mutating func update<Model: Module<Scalar>>(
    _ model: inout Model, scale: Double, factor: Tensor<Scalar>? = nil, limit: Double, team: ThreadTeam,
    gradient: @escaping (Int) -> Tensor<Scalar>?
  ) {
    var treatment = GradientTreatment()
    (treatment.scale, treatment.limit) = (scale, limit)
    var visitor = UpdateVisitor(
      step: rule.step(after: updates, rate: learningRate), moments: moments, gradient: gradient, parts: parts,
      treatment: treatment, factor: factor, decay: decay, learningRate: learningRate, team: team)
    moments = []  // the visitor is their only owner, so that they change in place
    model.visitParameters(&visitor)
    moments = visitor.moments
    updates.advance(by: rule)
  }

  /// Moves the moments to a device.
  mutating func move(to device: Device) throws(DeviceError) {
    for kind in moments.indices {
      for slot in moments[kind].indices { moments[kind][slot] = try moments[kind][slot].on(device) }
    }
  }

  /// The moments by name, `optimizer.<moment>.<parameter>`, for saving.
  public func namedMoments<Model: Module<Scalar>>(of model: Model) -> [(name: String, tensor: Tensor<Scalar>)] {
    savedMoments(of: model).map { ($0.name, moments[$0.moment][$0.slot]) }
  }

  /// Shapes of the whole moments, in the order of `namedMoments`.
  func wholeShapes<Model: Module<Scalar>>(of model: Model) -> [TensorShape] {
    let shapes = model.parameters.map(\.parameter.shape)
    return savedMoments(of: model).map { shapes[$0.slot] }
  }

  /// Restores a saved optimizer.
  ///
  /// - Parameter moment: returns the moment of a name of `namedMoments`, whole, in the given shape.
  public mutating func restore<Model: Module<Scalar>, Failure: Error>(
    step: Int, for model: Model, moment: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    updates = .after(step, of: rule)
    let shapes = model.parameters.map(\.parameter.shape)
    for saved in savedMoments(of: model) {
      let whole = try moment(saved.name, shapes[saved.slot])
      moments[saved.moment][saved.slot] =
        parts.map { whole.reshaped([-1]).slice(axis: 0, $0[saved.slot] ?? 0..<0) } ?? whole
    }
  }

  /// Indices and names of the moments of the trained parameters.
  private func savedMoments<Model: Module<Scalar>>(of model: Model) -> [(moment: Int, slot: Int, name: String)] {
    let parameters = model.parameters
    return rule.momentNames.enumerated().flatMap { moment, momentName in
      parameters.enumerated().filter { $1.parameter.role == .trained }
        .map { (moment, $0, "optimizer.\(momentName).\($1.name)") }
    }
  }
}

private struct UpdateVisitor<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  let step: OptimizerStep
  var moments: [[Tensor<Scalar>]]
  let gradient: (Int) -> Tensor<Scalar>?
  let parts: [Int: Range<Int>]?
  let treatment: GradientTreatment
  let factor: Tensor<Scalar>?
  let decay: WeightDecay
  let learningRate: Double
  let team: ThreadTeam

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) {
    guard let slot = parameter.slot else { programmingError("the optimizer met \(name), which is not bound") }
    guard let gradient = gradient(slot) else { return }
    let part = parts.map { $0[slot] ?? 0..<0 }
    if let part, part.isEmpty { return }
    var treatment = treatment
    if decay.applies(to: name, shape: parameter.shape) {
      (treatment.l2, treatment.l1, treatment.shrinkage) = (decay.l2, decay.l1, learningRate * decay.decoupled)
    }
    var own = moments.indices.map { moments[$0].takeElement(at: slot) }
    parameter.value.apply(
      step, gradient: gradient, moments: &own, treatment: treatment, factor: factor, elements: part, team: team)
    for index in own.indices { swap(&moments[index][slot], &own[index]) }
  }
}

extension Array {
  /// Moves the element out and leaves an empty tensor, so that the caller can change it without a copy.
  fileprivate mutating func takeElement<Scalar>(at index: Int) -> Element where Element == Tensor<Scalar> {
    var element = Tensor<Scalar>.zeros([0])
    swap(&element, &self[index])
    return element
  }
}
