import Autograd
import Foundation
import ModelTraining
import NeuralLayers
import TensorCore

/// A feedforward network: two dense layers.
struct Network: Module {
  typealias Scalar = Double
  var hidden: Dense<Double>
  var output: Dense<Double>

  init(seed: UInt64) {
    var random = RandomSource(seed: seed)
    hidden = Dense(2, 8).drawn(using: &random)
    output = Dense(8, 1).drawn(using: &random)
  }

  func callAsFunction(_ input: Variable<Double>, in context: inout ForwardContext<Double>) -> Variable<Double> {
    output(hidden(input, in: &context).tanh(), in: &context)
  }

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&hidden, "hidden")
    try visitor.visit(&output, "output")
  }

  /// Every number of the model, in order.
  var scalars: [Double] { parameters.flatMap { $0.parameter.value.forHost().scalars } }
}

/// A fault injected into a step.
enum Fault {
  case none, nonFiniteLoss, nonFiniteGradient
  /// A loss of a million more.
  case hugeLoss
}

/// Learns exclusive or with a feedforward network. It carries a number that each step adds to.
struct ExclusiveOr: TrainingTask {
  typealias Model = Network
  static let inputs = Tensor<Double>([0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
  static let targets = Tensor<Double>([0, 1, 1, 0], shape: [4, 1])

  let stepsPerEpoch = 1
  let largestPlausibleLoss = 1e5
  var carried = 0.0
  /// By step.
  var fault: (Int) -> Fault = { _ in .none }

  mutating func loss(of model: Network, step: Int, in context: inout ForwardContext<Double>) -> Variable<Double> {
    carried += Double(step)
    let loss = loss(of: model, in: &context)
    switch fault(step) {
    case .none: return loss
    case .nonFiniteLoss: return loss * .nan
    case .hugeLoss: return loss + 1e6
    // √(0·w) is 0, and its slope is infinite.
    case .nonFiniteGradient: return loss + (context.variable(model.output.weight) * 0).squareRoot().sum()
    }
  }

  func validation(of model: Network, workspace: Workspace<Double>) -> EvaluationReport? {
    var context = ForwardContext(workspace: workspace)
    return EvaluationReport(samples: 4, loss: loss(of: model, in: &context).value.forHost().scalar)
  }

  private func loss(of model: Network, in context: inout ForwardContext<Double>) -> Variable<Double> {
    let device = context.workspace.device
    let outputs = model(Variable(Self.inputs.copied(to: device)), in: &context)
    return meanSquaredError(outputs, Variable(Self.targets.copied(to: device)))
  }

  var carriedState: [(name: String, tensor: Tensor<Double>)] { [("carried", Tensor(carried))] }

  mutating func restore<Failure: Error>(
    step: Int, carried: (_ name: String, _ shape: TensorShape) throws(Failure) -> Tensor<Double>
  ) throws(Failure) {
    self.carried = try carried("carried", []).scalar
  }
}

extension Trainer where Task == ExclusiveOr {
  convenience init(
    _ optimizer: OptimizerSettings = .adam(learningRate: 0.05), schedule: LearningRateSchedule = .constant,
    clipping: GradientClipping = .none, threads: Int = 1, fault: @escaping (Int) -> Fault = { _ in .none }
  ) {
    self.init(
      model: Network(seed: 3), task: ExclusiveOr(fault: fault), optimizer: optimizer, schedule: schedule,
      clipping: clipping, seed: 1, threads: threads)
  }

  func train(steps: Int) throws { for _ in 0..<steps { _ = try trainStep() } }
}

/// A switch that a test turns while training goes on.
final class Switch {
  var isOn: Bool
  init(_ isOn: Bool) { self.isOn = isOn }
}
