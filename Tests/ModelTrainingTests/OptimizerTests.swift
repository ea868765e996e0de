import Autograd
import ModelTraining
import NeuralLayers
import TensorCore
import Testing

@Suite struct OptimizerTests {
  /// Every rule, plain and with all that it offers.
  static let settings: [OptimizerSettings] = [
    .sgd(), .sgd(learningRate: 0.1, momentum: 0.9), .sgd(learningRate: 0.1, momentum: 0.8, nesterov: true),
    .adaGrad(learningRate: 0.1), .adaGrad(learningRate: 0.2, rateDecay: 0.3, epsilon: 1e-3),
    .rmsProp(), .rmsProp(smoothing: 0.8, epsilon: 1e-3, momentum: 0.7),
    .rmsProp(smoothing: 0.9, epsilon: 1e-2, centered: true), .rmsProp(epsilon: 1e-2, momentum: 0.5, centered: true),
    .adaDelta(), .adaDelta(learningRate: 0.5, smoothing: 0.95, epsilon: 1e-3),
    .adam(learningRate: 0.1), .adam(learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3),
    .nAdam(learningRate: 0.1), .nAdam(learningRate: 0.1, beta1: 0.5, beta2: 0.9, epsilon: 1e-3, momentumDecay: 0.2),
    .lion(), .lion(learningRate: 0.05, weightDecay: 0.1, beta1: 0.8, beta2: 0.95),
  ]

  static let decays = [
    WeightDecay.none, .l2(0.2), .l1(0.1), .decoupled(0.3), WeightDecay(l2: 0.1, l1: 0.05, decoupled: 0.2),
  ]

  private let team = ThreadTeam(threads: 1)

  /// Ten updates are those of the plain formulas, with the gradients scaled and clipped, decay, and the rate changed.
  @Test(arguments: settings)
  func tenUpdatesAreThoseOfThePlainFormulas(settings: OptimizerSettings) {
    for decay in Self.decays {
      var settings = settings
      settings.decay = decay
      var random = RandomSource(seed: 5)
      var expected = (0..<4).map { _ in random.normal() } + [0]
      var plain = expected.map { _ in ScalarOptimizer(settings) }
      var model = Vector(values: Parameter(Tensor(expected, shape: [5]))).bound()
      var optimizer = Optimizer(settings, for: model)
      for step in 1...10 {
        let slopes = expected.map { _ in random.normal() }
        let (scale, limit) = (step % 3 == 0 ? 0.25 : 1, step % 4 == 0 ? 0.3 : .infinity)
        let rate = settings.learningRate * (step < 6 ? 1 : 0.1)
        optimizer.learningRate = rate
        optimizer.update(&model, with: model.gradients(slopes), scale: scale, limit: limit, team: team)
        for index in expected.indices {
          plain[index].update(&expected[index], slope: scale * slopes[index], limit: limit, rate: rate)
        }
        for (value, other) in zip(model.values.value.scalars, expected) {
          #expect(abs(value - other) < 1e-11 * max(1, abs(other)), "step \(step), \(decay)")
        }
      }
      #expect(optimizer.step == 10)
      #expect(model.idle.value == .ones([2]), "a parameter without a gradient stays, whatever the decay")
    }
  }

  /// An optimizer restored from its named moments goes on as the one that was saved.
  @Test(arguments: settings)
  func anOptimizerRestoredFromItsMomentsContinuesAsTheSavedOne(settings: OptimizerSettings) throws {
    var random = RandomSource(seed: 6)
    let slopes = (0..<40).map { _ in (0..<3).map { _ in random.normal() } }
    var model = Vector(values: Parameter(.ones([3]))).bound()
    var optimizer = Optimizer(settings, for: model)
    for step in 0..<30 { optimizer.update(&model, with: model.gradients(slopes[step]), team: team) }

    let saved = Dictionary(uniqueKeysWithValues: optimizer.namedMoments(of: model).map { ($0.name, $0.tensor) })
    var (otherModel, other) = (model, Optimizer(settings, for: model))
    try other.restore(step: optimizer.step, for: otherModel) { name, shape throws in
      let moment = try #require(saved[name])
      #expect(moment.shape == shape)
      return moment
    }
    #expect(other.step == 30)
    for step in 30..<40 {
      optimizer.update(&model, with: model.gradients(slopes[step]), team: team)
      other.update(&otherModel, with: otherModel.gradients(slopes[step]), team: team)
    }
    #expect(model.values.value == otherModel.values.value)
  }

  @Test func theMomentsKeepTheirNamesByWhichFilesHoldThem() {
    func names(_ settings: OptimizerSettings) -> [String] {
      let model = Vector(values: Parameter(.ones([3]))).bound()
      return Optimizer(settings, for: model).namedMoments(of: model).map(\.name).filter { $0.hasSuffix("values") }
    }
    func expected(_ moments: String...) -> [String] { moments.map { "optimizer.\($0).values" } }
    #expect(names(.sgd()) == [])
    #expect(names(.sgd(momentum: 0.9)) == expected("velocity"))
    #expect(names(.adaGrad()) == expected("square_sum"))
    #expect(names(.rmsProp()) == expected("square_mean"))
    #expect(
      names(.rmsProp(momentum: 0.9, centered: true)) == expected("square_mean", "gradient_mean", "velocity"))
    #expect(names(.adaDelta()) == expected("square_mean", "change_square_mean"))
    for settings in [OptimizerSettings.adam(), .adamW(), .nAdam()] {
      #expect(names(settings) == expected("first_moment", "second_moment"))
    }
  }

  /// A restored optimizer of any number of updates is there at once, and goes on as at the end of a long run.
  @Test func aRestoredOptimizerOfAnyNumberOfUpdatesIsThereAtOnce() throws {
    var results: [[Double]] = []
    for step in [1 << 20, 1 << 50] {
      var model = Vector(values: Parameter(.ones([3]))).bound()
      var optimizer = Optimizer(.nAdam(beta1: 0.999), for: model)
      optimizer.restore(step: step, for: model) { .ones($1) }
      optimizer.update(&model, with: model.gradients([1, 2, 3]), team: team)
      results.append(model.values.value.scalars)
    }
    #expect(results[0] == results[1])
    #expect(results[0].allSatisfy { $0.isFinite })
  }

  @Test func adamWIsAdamWithDecoupledDecay() {
    #expect(.adamW(weightDecay: 0.2, on: .matrices) == OptimizerSettings.adam(decay: .decoupled(0.2, on: .matrices)))
  }

  @Test func settingsAreToldFromSettingsThatCannotBeWhichSayWhatIsWrong() {
    for settings in Self.settings { #expect(settings.problem == nil, "\(settings)") }
    let bad: [(OptimizerSettings, String)] = [
      (.sgd(learningRate: -1), "learning rate"), (.adam(learningRate: .infinity), "learning rate"),
      (.sgd(learningRate: .nan), "learning rate"), (.sgd(momentum: -0.1), "momentum"),
      (.sgd(nesterov: true), "nesterov"),
      (.adaGrad(rateDecay: -1), "rateDecay"), (.adaGrad(epsilon: -1), "epsilon"), (.rmsProp(smoothing: 1), "smoothing"),
      (.adaDelta(smoothing: .nan), "smoothing"), (.adam(beta1: 1), "beta1"), (.adam(beta2: -0.1), "beta2"),
      (.nAdam(momentumDecay: -1), "momentumDecay"), (.sgd(decay: .l2(-1)), "l2"), (.sgd(decay: .l1(.infinity)), "l1"),
      (.adamW(weightDecay: .nan), "decoupled"),
    ]
    for (settings, word) in bad { #expect(settings.problem?.contains(word) == true, "\(settings)") }
  }

  /// Clipping by norm leaves short gradients alone and shortens long ones to the limit; by value it bounds elements.
  @Test func clippingByNormLeavesShortGradientsAlone() {
    let model = Vector(values: Parameter(.ones([2]))).bound()
    #expect(globalNorm(of: model.gradients([3, 4])) == 5)
    #expect(GradientClipping.none.scale(norm: 5) == 1)
    #expect(GradientClipping.none.elementLimit == .infinity)
    #expect(GradientClipping.norm(5.1).scale(norm: 5) == 1)
    #expect(GradientClipping.norm(5.1).elementLimit == .infinity)
    #expect(GradientClipping.value(2).scale(norm: 5) == 1)
    #expect(GradientClipping.value(2).elementLimit == 2)
    for norm in [5.0, 50, 1e6] {
      let clipped = norm * GradientClipping.norm(2).scale(norm: norm)
      #expect(clipped <= 2 && clipped > 2 - 1e-5, "norm \(norm)")
    }
    for limit in [0, -1, Double.nan] {
      #expect(GradientClipping.norm(limit).problem != nil)
      #expect(GradientClipping.value(limit).problem != nil)
    }
  }
}
