import Autograd
import NeuralLayers
import TensorCore

/// How gradients become changes of parameters, with the moments that the rule keeps for each of them.
///
/// The moments stay with the optimizer whatever happens to the learning rate, and are saved with it.
public struct Optimizer<Scalar: TensorScalar>: Sendable {
  public let rule: OptimizerRule
  /// The length of a step.
  public var learningRate: Double
  /// How many updates were made.
  public private(set) var step = 0
  /// By the rule's moment, then by slot.
  private var moments: [[Tensor<Scalar>]]

  /// - Parameter model: the model that will be trained, bound; the moments start at zero.
  public init<Model: Module<Scalar>>(_ rule: OptimizerRule, learningRate: Double, for model: Model) {
    self.rule = rule
    self.learningRate = learningRate
    moments = rule.momentNames.map { _ in model.parameters.map { .zeros(like: $0.parameter.value) } }
  }

  /// Changes every parameter that has a gradient, in place.
  ///
  /// Drop the tape before: a parameter whose value is still held there is copied first.
  ///
  /// - Parameter scale: what the gradients are multiplied by (for clipping).
  public mutating func update<Model: Module<Scalar>>(
    _ model: inout Model, with gradients: Gradients<Scalar>, scale: Double = 1, team: ThreadTeam
  ) {
    step += 1
    var visitor = UpdateVisitor(optimizer: self, gradients: gradients, scale: scale, team: team)
    moments = []  // the visitor is their only owner, so that they change in place
    model.visitParameters(&visitor)
    self = visitor.optimizer
  }

  fileprivate mutating func update(
    _ parameter: inout Parameter<Scalar>, slot: Int, gradient: Tensor<Scalar>, scale: Double, team: ThreadTeam
  ) {
    switch rule {
    case .sgd(let momentum):
      var velocity = moments.isEmpty ? nil : moments[0].takeElement(at: slot)
      parameter.value.applySGD(
        gradient: gradient, velocity: &velocity, gradientScale: scale, rate: learningRate, momentum: momentum,
        team: team)
      if let velocity { moments[0][slot] = velocity }
    case .adam(let beta1, let beta2, let epsilon):
      var (first, second) = (moments[0].takeElement(at: slot), moments[1].takeElement(at: slot))
      parameter.value.applyAdam(
        gradient: gradient, first: &first, second: &second, gradientScale: scale, rate: learningRate, beta1: beta1,
        beta2: beta2, epsilon: epsilon, step: step, team: team)
      (moments[0][slot], moments[1][slot]) = (first, second)
    }
  }

  /// The moments by name, `optimizer.<moment>.<parameter>`, for saving.
  public func namedMoments<Model: Module<Scalar>>(of model: Model) -> [(name: String, tensor: Tensor<Scalar>)] {
    zip(rule.momentNames, moments).flatMap { name, tensors in
      zip(model.parameters, tensors).map { ("optimizer.\(name).\($0.name)", $1) }
    }
  }

  /// Takes up where a saved optimizer stood.
  ///
  /// - Parameter moment: gives a moment by the name that `namedMoments` gave it, in the shape asked for.
  public mutating func restore<Model: Module<Scalar>, Failure: Error>(
    step: Int, for model: Model, moment: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Scalar>
  ) throws(Failure) {
    self.step = step
    for (index, saved) in namedMoments(of: model).enumerated() {
      let count = moments[0].count
      moments[index / count][index % count] = try moment(saved.name, saved.tensor.shape)
    }
  }
}

/// A rule by which an optimizer changes parameters.
public enum OptimizerRule: Sendable, Equatable, Codable {
  /// Stochastic gradient descent: v ← momentum·v + g, w ← w − rate·v.
  case sgd(momentum: Double = 0)
  /// Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015).
  case adam(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8)

  /// What is kept for each parameter.
  var momentNames: [String] {
    switch self {
    case .sgd(let momentum): momentum == 0 ? [] : ["velocity"]
    case .adam: ["first_moment", "second_moment"]
    }
  }
}

private struct UpdateVisitor<Scalar: TensorScalar>: ParameterVisitor {
  var path = ParameterPath()
  var optimizer: Optimizer<Scalar>
  let gradients: Gradients<Scalar>
  let scale: Double
  let team: ThreadTeam

  mutating func visit(_ parameter: inout Parameter<Scalar>, at name: String) {
    guard let slot = parameter.slot else { programmingError("the optimizer met \(name), which is not bound") }
    guard let gradient = gradients[slot: slot] else { return }
    optimizer.update(&parameter, slot: slot, gradient: gradient, scale: scale, team: team)
  }
}

extension Array {
  /// The element, with an empty tensor in its place: its owner may then change it without a copy.
  fileprivate mutating func takeElement<Scalar>(at index: Int) -> Element where Element == Tensor<Scalar> {
    var element = Tensor<Scalar>.zeros([0])
    swap(&element, &self[index])
    return element
  }
}
