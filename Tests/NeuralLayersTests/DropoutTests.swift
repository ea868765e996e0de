import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

@Suite struct DropoutTests {
  private func dropped<Scalar>(
    _ shape: TensorShape, probability: Double = 0.5, seed: UInt64, threads: Int = 1, mode: ForwardMode = .training,
    as type: Scalar.Type = Double.self
  ) -> Tensor<Scalar> {
    var context = ForwardContext<Scalar>(
      mode: mode, random: RandomSource(seed: seed), workspace: Workspace(threads: threads))
    return Dropout<Scalar>(probability)(Variable(.full(shape, 2)), in: &context).value
  }

  @Test(arguments: [0.1, 0.25, 0.5, 0.9], [1, 2] as [UInt64])
  func aShareOfTheElementsIsDroppedAndTheMeanStays(probability: Double, seed: UInt64) {
    let n = 20_000.0
    let values = dropped([100, 200], probability: probability, seed: seed).scalars
    let share = Double(values.count { $0 == 0 }) / n
    #expect(abs(share - probability) < 5 * (probability * (1 - probability) / n).squareRoot(), "seed \(seed)")
    let kept = 2 * (1 / (1 - probability))
    #expect(values.allSatisfy { $0 == 0 || $0 == kept }, "seed \(seed)")
  }

  @Test func neighboursAreDroppedIndependently() {
    let values = dropped([40_000], seed: 3).scalars.map { $0 == 0 }
    for distance in 1...5 {
      let both = zip(values, values.dropFirst(distance)).count { $0 && $1 }
      #expect(abs(Double(both) / 40_000 - 0.25) < 5 * (0.1875 / 40_000).squareRoot(), "distance \(distance), seed 3")
    }
  }

  @Test func atInferenceNothingIsDropped() {
    #expect(dropped([30], probability: 0.9, seed: 1, mode: .inference) == .full([30], 2))
  }

  @Test func anElementsFateDependsOnSeedAndPositionAlone() {
    for count in [1, 2, 3, 4, 5, 63, 64, 1_001] {
      let values = dropped([count], seed: 4).scalars
      #expect(values == dropped([count], seed: 4).scalars)
      #expect(values == dropped([1, count, 1], seed: 4).scalars, "the shape does not count")
      #expect(values == Array(dropped([1_234], seed: 4).scalars[..<count]), "nor does what comes after")
      #expect(values.map { $0 == 0 } == dropped([count], seed: 4, as: Float.self).scalars.map { $0 == 0 })
    }
    #expect(dropped([100], seed: 4) != dropped([100], seed: 5))
  }

  @Test func theNumberOfThreadsChangesNothing() {
    for count in [1, 3, 4, 7, 1_001] {
      for threads in [2, 3] {
        #expect(dropped([count], seed: 6, threads: threads) == dropped([count], seed: 6, threads: 1))
      }
    }
  }

  @Test func theLayersOfAPassDropDifferentElements() {
    var context = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 7))
    let (layer, input) = (Dropout<Double>(0.5), Variable(Tensor<Double>.ones([200])))
    let (first, second) = (layer(input, in: &context).value, layer(input, in: &context).value)
    #expect(first != second)
    var again = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 7))
    #expect(layer(input, in: &again).value == first)
    #expect(layer(input, in: &again).value == second)
  }

  @Test func aProbabilityOutsideOfTheRangeTraps() async {
    let one = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dropout<Float>(1)
    }
    expectMessage("Dropout: the probability 1.0 is not in 0..<1", from: one)
    let negative = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dropout<Float>(-0.5)
    }
    expectMessage("Dropout: the probability -0.5 is not in 0..<1", from: negative)
  }
}
