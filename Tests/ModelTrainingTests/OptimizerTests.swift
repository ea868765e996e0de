import Autograd
import ModelTraining
import NeuralLayers
import TensorCore
import Testing

/// A model that is one vector, so that every number can be followed by hand.
private struct Vector: Module {
  typealias Scalar = Double
  var values: Parameter<Double>
  /// The loss never depends on it.
  var idle = Parameter<Double>(.ones([2]))

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&values, "values")
    try visitor.visit(&idle, "idle")
  }

  /// The gradients of Σ slope·value, which are the slopes.
  func gradients(_ slopes: [Double]) -> Gradients<Double> {
    let context = ForwardContext<Double>(tape: Tape())
    return (context.variable(values) * Variable(Tensor(slopes, shape: [slopes.count]))).sum().gradients()
  }
}

/// The same rules for a single number, as the papers write them.
private struct ScalarOptimizer {
  let rule: OptimizerRule
  var first = 0.0
  var second = 0.0

  mutating func update(_ value: inout Double, slope: Double, rate: Double, step: Int) {
    switch rule {
    case .sgd(let momentum):
      first = momentum * first + slope
      value -= rate * first
    case .adam(let beta1, let beta2, let epsilon):
      first = beta1 * first + (1 - beta1) * slope
      second = beta2 * second + (1 - beta2) * slope * slope
      var (power1, power2) = (1.0, 1.0)
      for _ in 0..<step { (power1, power2) = (power1 * beta1, power2 * beta2) }
      value -= rate * (first / (1 - power1)) / ((second / (1 - power2)).squareRoot() + epsilon)
    }
  }
}

@Suite struct OptimizerTests {
  static let rules: [OptimizerRule] = [
    .sgd(), .sgd(momentum: 0.9), .adam(), .adam(beta1: 0.5, beta2: 0.9, epsilon: 1e-3),
  ]

  @Test("Ten updates are those of the plain formulas, with the gradients scaled and the rate changed", arguments: rules)
  func tenUpdates(rule: OptimizerRule) {
    var random = RandomSource(seed: 5)
    var expected = (0..<5).map { _ in random.normal() }
    var plain = expected.map { _ in ScalarOptimizer(rule: rule) }
    var model = Vector(values: Parameter(Tensor(expected, shape: [5]))).bound()
    var optimizer = Optimizer(rule, learningRate: 0.1, for: model)
    let team = ThreadTeam(threads: 1)
    for step in 1...10 {
      let slopes = expected.map { _ in random.normal() }
      let (scale, rate) = (step % 3 == 0 ? 0.25 : 1, step < 6 ? 0.1 : 0.01)
      optimizer.learningRate = rate
      optimizer.update(&model, with: model.gradients(slopes), scale: scale, team: team)
      for index in expected.indices {
        plain[index].update(&expected[index], slope: scale * slopes[index], rate: rate, step: step)
      }
      for (value, other) in zip(model.values.value.scalars, expected) {
        #expect(abs(value - other) < 1e-12 * max(1, abs(other)), "step \(step)")
      }
    }
    #expect(optimizer.step == 10)
    #expect(model.idle.value == .ones([2]), "a parameter without a gradient stays")
  }

  @Test("An optimizer restored from its named moments goes on as the one that was saved", arguments: rules)
  func restored(rule: OptimizerRule) throws {
    var random = RandomSource(seed: 6)
    let slopes = (0..<8).map { _ in (0..<3).map { _ in random.normal() } }
    var model = Vector(values: Parameter(.ones([3]))).bound()
    var optimizer = Optimizer(rule, learningRate: 0.1, for: model)
    let team = ThreadTeam(threads: 1)
    for step in 0..<4 { optimizer.update(&model, with: model.gradients(slopes[step]), team: team) }

    let saved = Dictionary(uniqueKeysWithValues: optimizer.namedMoments(of: model).map { ($0.name, $0.tensor) })
    var (otherModel, other) = (model, Optimizer(rule, learningRate: 0.1, for: model))
    try other.restore(step: optimizer.step, for: otherModel) { name, shape throws in
      let moment = try #require(saved[name])
      #expect(moment.shape == shape)
      return moment
    }
    for step in 4..<8 {
      optimizer.update(&model, with: model.gradients(slopes[step]), team: team)
      other.update(&otherModel, with: otherModel.gradients(slopes[step]), team: team)
    }
    #expect(model.values.value == otherModel.values.value)
  }

  @Test("Clipping leaves short gradients alone and shortens long ones to the limit")
  func clipping() {
    let model = Vector(values: Parameter(.ones([2]))).bound()
    #expect(globalNorm(of: model.gradients([3, 4])) == 5)
    #expect(clippingScale(norm: 5, limit: 0) == 1, "no limit")
    #expect(clippingScale(norm: 5, limit: 5.1) == 1)
    for norm in [5.0, 50, 1e6] {
      let clipped = norm * clippingScale(norm: norm, limit: 2)
      #expect(clipped <= 2 && clipped > 2 - 1e-5, "norm \(norm)")
    }
  }
}
