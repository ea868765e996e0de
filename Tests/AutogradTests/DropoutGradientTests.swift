import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct DropoutGradientTests {
  @Test(arguments: [0.1, 0.5, 0.8], gradientSeeds)
  func dropoutInTrainingModePassesOnTheGradientsOfWhatItKeeps(probability: Double, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let workspace = Workspace<Double>(threads: 2)
    expectGradients(at: [random([5, 7], &source)], "seed \(seed)") { inputs in
      var context = ForwardContext<Double>(mode: .training, random: RandomSource(seed: seed), workspace: workspace)
      let first = dropout(inputs[0], probability: probability, in: &context)
      return dropout(first.tanh(), probability: 0.2, in: &context) + inputs[0] * 0.1
    }
  }

  @Test func dropoutIsTheIdentityAtInferenceAndAtProbability0() {
    let input = Variable(Tensor<Double>.arange(20))
    var inference = ForwardContext<Double>(mode: .inference)
    var training = ForwardContext<Double>(mode: .training)
    #expect(dropout(input, probability: 0.9, in: &inference).value == input.value)
    #expect(dropout(input, probability: 0, in: &training).value == input.value)
  }

  @Test func aProbabilityOf1Traps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>(mode: .inference)
      _ = dropout(Variable(.zeros([1])), probability: 1, in: &context)
    }
    expectMessage("dropout: the probability 1.0 is not in 0..<1", from: result)
  }
}
