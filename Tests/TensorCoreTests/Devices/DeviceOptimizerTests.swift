import CharrnnTestSupport
import TensorCore
import Testing

/// Steps of optimizers are on a device what they are on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceOptimizerTests {
  /// A step of a rule, by its number, and how many moments it has.
  struct Rule: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let moments: Int
    let step: @Sendable (Int) -> OptimizerStep

    static let all: [Rule] =
      [
        Rule(testDescription: "sgd", moments: 0) { _ in .sgd(rate: 0.1, momentum: 0, nesterov: false) },
        Rule(testDescription: "sgd, momentum", moments: 1) { _ in .sgd(rate: 0.1, momentum: 0.9, nesterov: false) },
        Rule(testDescription: "sgd, nesterov", moments: 1) { _ in .sgd(rate: 0.1, momentum: 0.9, nesterov: true) },
        Rule(testDescription: "adagrad", moments: 1) { _ in .adaGrad(rate: 0.1, epsilon: 1e-3) },
        Rule(testDescription: "adadelta", moments: 2) { _ in .adaDelta(rate: 0.5, smoothing: 0.9, epsilon: 1e-3) },
        Rule(testDescription: "adam", moments: 2) {
          .adam(rate: 0.02, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: $0)
        },
        Rule(testDescription: "nadam", moments: 2) {
          .nAdam(momentRate: 0.03, gradientRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, step: $0)
        },
        Rule(testDescription: "lion", moments: 1) { _ in .lion(rate: 0.02, beta1: 0.9, beta2: 0.99) },
      ]
      + [(false, 0.0), (false, 0.8), (true, 0), (true, 0.8)].map { centered, momentum in
        Rule(
          testDescription: "rmsprop, centered \(centered), momentum \(momentum)",
          moments: 1 + (centered ? 1 : 0) + (momentum == 0 ? 0 : 1)
        ) { _ in .rmsProp(rate: 0.02, smoothing: 0.9, epsilon: 1e-3, momentum: momentum, centered: centered) }
      }
  }

  /// Nothing, each treatment by itself, and all of them.
  private var treatments: [GradientTreatment] {
    var treatments = [GradientTreatment](repeating: GradientTreatment(), count: 7)
    for index in [1, 6] { treatments[index].scale = 0.25 }
    for index in [2, 6] { treatments[index].limit = 0.3 }
    for index in [3, 6] { treatments[index].l2 = 0.2 }
    for index in [4, 6] { treatments[index].l1 = 0.1 }
    for index in [5, 6] { treatments[index].shrinkage = 0.05 }
    return treatments
  }

  @Test(arguments: Rule.all)
  func stepsAgreeWithTheHost(rule: Rule) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) throws {
      for (index, treatment) in treatments.enumerated() {
        try expectSame("treatment \(index)", within: Scalar.deviceTolerance) { device in
          try results(rule, treatment, elements: nil, on: device, type)
        }
      }
      try expectSame("a part of the weights", within: Scalar.deviceTolerance) { device in
        try results(rule, treatments[6], elements: 7..<72, on: device, type)
      }
    }
    try check(Float.self)
    try check(Double.self)
  }

  /// Weights and moments after three steps.
  private func results<Scalar: TensorScalar>(
    _ rule: Rule, _ treatment: GradientTreatment, elements: Range<Int>?, on device: Device, _ type: Scalar.Type
  ) throws -> [(name: String, value: Tensor<Scalar>?)] {
    var start = sample([10, 13], of: type)
    start[0, 3] = 0
    var weights = try start.on(device)
    let shape = elements.map { [$0.count] } ?? [10, 13]
    var moments = try (0..<rule.moments).map { _ in try Tensor<Scalar>.zeros(TensorShape(shape)).on(device) }
    for step in 1...3 {
      let gradient = try sample(shape, seed: UInt64(step) + 5, of: type).on(device)
      weights.apply(
        rule.step(step), gradient: gradient, moments: &moments, treatment: treatment, elements: elements,
        team: ThreadTeam(threads: 1))
    }
    return [("weights", weights)] + moments.enumerated().map { ("moment \($0)", $1) }
  }

  /// A gradient that is no number reaches the weights, so that divergence is seen, whatever it is clamped to.
  @Test func aGradientThatIsNoNumberIsNotClamped() throws {
    for limit in [Double.infinity, 0.5] {
      try expectSame("limit \(limit)", within: 1e-6) { device in
        var weights = try Tensor<Float>.ones([3]).on(device)
        let gradient = try Tensor<Float>([.nan, 1, -.infinity], shape: [3]).on(device)
        var (moments, treatment) = ([Tensor<Float>](), GradientTreatment())
        treatment.limit = limit
        weights.apply(
          .sgd(rate: 0.1, momentum: 0, nesterov: false), gradient: gradient, moments: &moments, treatment: treatment,
          team: ThreadTeam(threads: 1))
        return [("weights", weights)]
      }
    }
  }

  @Test func aStepLeavesCopiesOfTheWeightsAlone() throws {
    let device = Device.openCL(try #require(testDevice))
    let original = try Tensor<Float>.ones([5]).on(device)
    var (weights, moments) = (original, [Tensor<Float>]())
    weights.apply(
      .sgd(rate: 0.5, momentum: 0, nesterov: false), gradient: original, moments: &moments,
      treatment: GradientTreatment(), team: ThreadTeam(threads: 1))
    #expect(try original.on(.cpu) == .ones([5]))
    #expect(try weights.on(.cpu) == .full([5], 0.5))
  }
}
