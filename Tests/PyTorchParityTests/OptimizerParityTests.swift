import Autograd
import CharrnnTestSupport
import Foundation
import ModelTraining
import NeuralLayers
import TensorCore
import Testing

/// The fixture of `generate_optimizers.py`.
private struct OptimizerFixture: Decodable {
  let start: [Double]
  let matrix: [[Double]]
  let rate: Double
  let losses: [Double]
  let optimizers: [String: [[Double]]]
  let schedules: [String: [Double]]

  static func read() throws -> OptimizerFixture {
    let file = Repository.fixture("optimizers.json")
    return try JSONDecoder().decode(OptimizerFixture.self, from: Data(contentsOf: file))
  }

  /// matrix·w + ½ cos(3w).
  func gradient(at w: [Double]) -> [Double] {
    zip(matrix, w).map { row, own in zip(row, w).reduce(0.5 * cos(3 * own)) { $0 + $1.0 * $1.1 } }
  }
}

/// A model that is one vector.
private struct Weights: Module {
  typealias Scalar = Double
  var w: Parameter<Double>

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&w, "w")
  }

  /// The gradients of Σ slope·w, which are the slopes.
  func gradients(_ slopes: [Double]) throws -> Gradients<Double> {
    let context = ForwardContext<Double>(tape: Tape())
    let slopes = try Tensor(slopes, shape: [slopes.count]).on(w.value.device)
    return (context.variable(w) * Variable(slopes)).sum().gradients()
  }
}

/// The optimizers and schedules of PyTorch, run there in double precision, and ours with the same settings.
@Suite struct OptimizerParityTests {
  static let optimizers: [String: (settings: OptimizerSettings, clipping: GradientClipping)] = [
    "sgd": (.sgd(), .none),
    "sgd, momentum": (.sgd(learningRate: 0.005, momentum: 0.9), .none),
    "sgd, nesterov": (.sgd(learningRate: 0.005, momentum: 0.9, nesterov: true), .none),
    "sgd, momentum, decay": (.sgd(learningRate: 0.005, momentum: 0.5, decay: .l2(0.1)), .none),
    "sgd, clipped by norm": (.sgd(learningRate: 0.1), .norm(2)),
    "sgd, clipped by value, decay": (.sgd(learningRate: 0.1, decay: .l2(0.1)), .value(0.5)),
    "adagrad, defaults": (.adaGrad(), .none),
    "adagrad, rate decay": (.adaGrad(learningRate: 0.3, rateDecay: 0.2, epsilon: 1e-3), .none),
    "adagrad, decay": (.adaGrad(learningRate: 0.1, decay: .l2(0.2)), .none),
    "rmsprop, defaults": (.rmsProp(), .none),
    "rmsprop, momentum": (.rmsProp(learningRate: 0.02, smoothing: 0.9, momentum: 0.8), .none),
    "rmsprop, centered": (.rmsProp(smoothing: 0.9, epsilon: 1e-2, centered: true), .none),
    "rmsprop, centered, momentum, decay": (
      .rmsProp(epsilon: 1e-2, momentum: 0.5, centered: true, decay: .l2(0.1)), .none
    ),
    "adadelta, defaults": (.adaDelta(), .none),
    "adadelta, decay": (.adaDelta(learningRate: 0.5, smoothing: 0.95, epsilon: 1e-4, decay: .l2(0.1)), .none),
    "adam, defaults": (.adam(), .none),
    "adam, other moments": (.adam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-4), .none),
    "adam, decay": (.adam(learningRate: 0.05, decay: .l2(0.5)), .none),
    "adamw, defaults": (.adamW(), .none),
    "adamw, strong decay": (.adamW(learningRate: 0.1, weightDecay: 0.5), .none),
    "nadam, defaults": (.nAdam(), .none),
    "nadam, momentum decay": (.nAdam(learningRate: 0.1, beta1: 0.8, beta2: 0.95, momentumDecay: 0.3), .none),
    "nadam, decay": (.nAdam(learningRate: 0.05, decay: .l2(0.5)), .none),
    "nadam, decoupled decay": (.nAdam(learningRate: 0.05, decay: .decoupled(0.5)), .none),
  ]

  static let schedules: [String: LearningRateSchedule] = [
    "step": .step(every: 7, factor: 0.5),
    "step, defaults": .step(every: 20),
    "exponential": .exponential(factor: 0.93),
    "cosine": .cosine(steps: 59),
    "cosine, floor": .cosine(steps: 80, floor: 0.1),
    "warm-up, cosine": .warmUp(steps: 12, from: 0.1, then: .cosine(steps: 47)),
    "one cycle, defaults": .oneCycle(steps: 60),
    "one cycle": .oneCycle(steps: 60, rising: 0.45, startDivisor: 10, endDivisor: 50),
    "plateau, defaults": .reduceOnPlateau(),
    "plateau": .reduceOnPlateau(factor: 0.5, patience: 2, threshold: 0.01, cooldown: 3, floor: 0.07),
  ]

  @Test func everyCaseOfTheFixtureIsOneOfOursAndTheOtherWayRound() throws {
    let fixture = try OptimizerFixture.read()
    #expect(Set(fixture.optimizers.keys) == Set(Self.optimizers.keys))
    #expect(Set(fixture.schedules.keys) == Set(Self.schedules.keys))
  }

  @Test(arguments: optimizers.keys.sorted())
  func tenStepsEndWherePyTorchsDo(_ name: String) throws { try Self.checkTenSteps(name) }

  /// - Parameter device: where weights, gradients and moments are.
  static func checkTenSteps(_ name: String, on device: Device = .cpu) throws {
    let fixture = try OptimizerFixture.read()
    let (expected, ours) = (try #require(fixture.optimizers[name]), try #require(Self.optimizers[name]))
    #expect(expected.count == 10)
    var model = Weights(w: Parameter(Tensor(fixture.start, shape: [fixture.start.count]))).bound()
    try model.move(to: device)
    var optimizer = Optimizer(ours.settings, for: model)
    for (step, weights) in expected.enumerated() {
      let gradients = try model.gradients(fixture.gradient(at: model.w.value.on(.cpu).scalars))
      optimizer.update(
        &model, with: gradients, scale: ours.clipping.scale(norm: globalNorm(of: gradients)),
        limit: ours.clipping.elementLimit, team: ThreadTeam(threads: 1))
      for (value, other) in zip(try model.w.value.on(.cpu).scalars, weights) {
        #expect(abs(value - other) <= 1e-12 * max(1, abs(other)), "step \(step)")
      }
    }
  }

  @Test(arguments: schedules.keys.sorted())
  func sixtyRatesArePyTorchs(_ name: String) throws {
    let fixture = try OptimizerFixture.read()
    let (expected, schedule) = (try #require(fixture.schedules[name]), try #require(Self.schedules[name]))
    #expect(expected.count == 60)
    var plateau: PlateauProgress?
    for (step, rate) in expected.enumerated() {
      let ours = fixture.rate * schedule.factor(after: step) * (plateau?.scale ?? 1)
      // PyTorch computes a rate from the one before, so that its roundings add up.
      #expect(abs(ours - rate) <= 1e-12 * rate + 1e-17, "step \(step): \(ours) and \(rate)")
      plateau = schedule.plateau(plateau, after: fixture.losses[step])
    }
  }
}

/// Optimizers whose weights, gradients and moments are on a device.
@Suite(.enabled(if: hasDevice))
struct DeviceOptimizerParityTests {
  @Test(arguments: OptimizerParityTests.optimizers.keys.sorted())
  func tenStepsEndWherePyTorchsDo(_ name: String) throws {
    try OptimizerParityTests.checkTenSteps(name, on: .openCL(#require(testDevice)))
  }
}
