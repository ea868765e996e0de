import Autograd
import TensorCore
import Testing

@Suite struct GradientCheckTests {
  /// x³, with a pullback that is wrong by a factor.
  private func cubed(_ x: Variable<Double>, factor: Double) -> Variable<Double> {
    let value = x.value
    return .operation(value.map { $0 * $0 * $0 }, of: [x]) { [$0 * value.squared() * (3 * factor)] }
  }

  @Test(arguments: [0.0, 0.5, -1, 1.001, 1 + 1e-6])
  func aWrongPullbackIsCaught(factor: Double) {
    let point = Tensor<Double>([0.5, -1, 2], shape: [3])
    let comparison = GradientCheck.compare([("x", point)]) { cubed($0[0], factor: factor).sum() }[0]
    #expect(!comparison.passes)
    #expect(comparison.relativeError > 0.3 * min(abs(factor - 1), 1))
    #expect(GradientCheck.compare([("x", point)]) { cubed($0[0], factor: 1).sum() }[0].passes)
  }

  @Test func aPullbackThatIsWrongForOneElementIsCaught() {
    let point = Tensor<Double>.ones([100])
    let comparison = GradientCheck.compare([("x", point)]) { inputs in
      let product = Variable.operation(inputs[0].value * 2, of: [inputs[0]]) { upstream in
        var gradient = upstream * 2
        gradient[57] += 1e-3
        return [gradient]
      }
      return product.sum()
    }[0]
    #expect(!comparison.passes)
  }

  @Test func anInputWhoseGradientIsForgottenIsCaught() {
    let point = Tensor<Double>([0.5, -1, 2], shape: [3])
    let comparisons = GradientCheck.compare([("detached", point), ("kept", point)]) {
      ($0[0].detached() * $0[1]).sum()
    }
    #expect(comparisons.map(\.passes) == [false, true])
    #expect(comparisons[0].relativeError == 1)
    #expect(comparisons.map(\.name) == ["detached", "kept"])
  }

  @Test func aGradientOfALossThatIsNotRecordedIsZero() {
    let point = Tensor<Double>([0.5, -1, 2], shape: [3])
    #expect(!GradientCheck.compare([("x", point)]) { $0[0].detached().sum() }[0].passes)
    #expect(GradientCheck.compare([("x", point)]) { _ in Variable(Tensor(3)) }[0].passes)
  }

  @Test(arguments: [3e-4, -3e-4, 1.9e-3, -1.9e-3, 5e-5, -5e-5])
  func aPointWhoseStencilStraddlesAKinkPasses(x: Double) {
    let point = Tensor<Double>([x, 0.5, -0.5], shape: [3])
    let comparison = GradientCheck.compare([("x", point)]) { $0[0].relu().sum() }[0]
    #expect(comparison.passes, "relative error \(comparison.relativeError)")
  }

  @Test(arguments: [3e-4, -3e-4])
  func aKinkThatHardlyBendsTheFunctionPassesToo(x: Double) {
    let point = Tensor<Double>(x)
    for weight in [1e-7, 3e-7, 1e-6, 1e-5, 1e-3] {
      let comparison = GradientCheck.compare([("x", point)]) { $0[0] + $0[0].relu() * weight }[0]
      #expect(comparison.passes, "weight \(weight): relative error \(comparison.relativeError)")
    }
  }

  @Test func aWrongPullbackIsCaughtAtAKinkToo() {
    let point = Tensor<Double>(3e-4)
    let comparison = GradientCheck.compare([("x", point)]) { inputs in
      let positive = inputs[0].value.relu()
      return Variable.operation(positive, of: [inputs[0]]) { [$0 * 0.9] }
    }[0]
    #expect(!comparison.passes)
  }

  @Test(arguments: [1, 1e3, 1e6])
  func aGradientThatIsZeroPassesWhateverTheLossIs(scale: Double) {
    var source = RandomSource(seed: 11)
    let points = [("constant", random([7], &source)), ("flat", random([6], in: -2 ..< -1, &source))]
    let comparisons = GradientCheck.compare(points.map { (name: $0.0, value: $0.1) }) { inputs in
      // The sum of a softmax is 1 up to round-off, which the stencil magnifies.
      (inputs[0].softmax().sum() + inputs[1].relu().sum()) * scale
    }
    for comparison in comparisons { #expect(comparison.passes, "\(comparison.name): \(comparison.relativeError)") }
  }

  @Test func smallGradientsBesideLargeOnesPass() {
    var source = RandomSource(seed: 12)
    let points = [random([5], &source), random([5], &source)].enumerated().map { (name: "\($0)", value: $1) }
    let comparisons = GradientCheck.compare(points) { ($0[0].tanh() * 1e-5).sum() + ($0[1].exp() * 10).sum() }
    for comparison in comparisons { #expect(comparison.passes, "\(comparison.name): \(comparison.relativeError)") }
  }

  @Test func theNormIsThatOfTheAnalyticGradient() {
    let comparison = GradientCheck.compare([("x", Tensor<Double>([3, 4], shape: [2]))]) {
      ($0[0].squared() * 0.5).sum()
    }
    #expect(abs(comparison[0].norm - 5) < 1e-12)
    #expect(comparison[0].shape == [2])
  }

  @Test func gradientsFromElsewhereAreComparedAsWell() {
    let point = Tensor<Double>([3, 4], shape: [2])
    func passes(_ analytic: Tensor<Double>) -> Bool {
      GradientCheck.compare([("x", point)], analytic: [analytic]) { $0[0].sumOfSquares() }[0].passes
    }
    #expect(passes(point * 2))
    #expect(!passes(point))
    #expect(!passes(point * .nan))
  }

  /// A pullback that captures a variable holds its tape for ever, with all that the pass computed.
  @Test func aPullbackThatHoldsItsTapeIsFound() {
    let inputs = [(name: "x", value: Tensor<Double>([1, 2], shape: [2]))]
    let comparisons = GradientCheck.compare(inputs) { variables in
      let x = variables[0]
      return Variable.operation(x.value.squared(), of: [x]) { [x.value * 2 * $0] }.sum()
    }
    #expect(comparisons.map(\.passes) == [true, false])
    #expect(comparisons.last?.description.contains("a pullback captures a variable") ?? false)
  }
}
