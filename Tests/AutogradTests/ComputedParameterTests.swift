import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Parameters that stand for what a pass computed, gradients of what lies between, and randomness by step.
@Suite struct ComputedParameterTests {
  @Test(arguments: gradientSeeds)
  func gradientsFlowThroughAParameterThatStandsForAVariable(seed: UInt64) {
    var source = RandomSource(seed: seed)
    expectGradients(at: [random([4, 3], &source), random([2, 3], &source)], "seed \(seed)") { inputs in
      var context = ForwardContext<Double>(mode: .training)
      let weight = context.parameter(holding: inputs[0].squared())
      // Twice, as in a loop over steps.
      return linear(inputs[1], weight: weight, bias: nil, in: context)
        + linear(inputs[1].tanh(), weight: weight, bias: nil, in: context)
    }
  }

  @Test func theGradientOfWhatLiesBetweenIsKeptWhereItIsAskedFor() {
    let tape = Tape<Double>()
    let x = tape.watch(Tensor([1, 2, 3], shape: [3]))
    let (between, other) = (x.squared(), x * 3)
    between.keepGradient()
    let gradients = (between * 5 + between * other).sum().gradients()
    #expect(gradients[between]!.scalars == [8, 11, 14])
    #expect(gradients[other] == nil)
    // 2x · (5 + 3x) + 3 · x².
    #expect(gradients[x]!.scalars == [19, 56, 111])
  }

  @Test func whatAStepDrawsDependsOnTheStepAlone() {
    func draws(_ steps: Range<Int>, each count: (Int) -> Int) -> (steps: [RandomSource?], next: RandomSource) {
      var context = ForwardContext<Double>(random: RandomSource(seed: 5))
      _ = context.nextRandomSource()
      var sources: [RandomSource?] = []
      context.forEachStep(steps) { t, context in
        sources.append((0..<count(t)).map { _ in context.nextRandomSource() }.last)
      }
      return (sources, context.nextRandomSource())
    }
    let whole = draws(0..<6) { _ in 1 }
    #expect(Set(whole.steps.map { $0!.seed } + [whole.next.seed]).count == 7, "all are different")
    #expect(draws(4..<6) { _ in 1 }.steps == Array(whole.steps[4...]))
    #expect(draws(0..<6) { $0 == 2 ? 3 : 1 }.steps[3...] == whole.steps[3...])
    #expect(draws(0..<6) { $0 == 2 ? 3 : 0 }.next == whole.next, "the steps count as one user")
    var without = ForwardContext<Double>(random: RandomSource(seed: 5))
    _ = without.nextRandomSource()
    #expect(draws(0..<6) { _ in 0 }.next == without.nextRandomSource(), "which draws nothing does not count")
  }

  @Test func aConstantHasNoGradientToKeep() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      Variable(Tensor<Double>(1)).keepGradient()
    }
    expectMessage("keepGradient: the variable does not depend on anything on a tape", from: result)
  }
}
