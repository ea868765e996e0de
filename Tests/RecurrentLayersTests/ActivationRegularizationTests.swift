import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct ActivationRegularizationTests {
  private typealias Penalty = @Sendable (Variable<Double>, SequenceLengths?) -> Variable<Double>
  private static let penalties: [Penalty] = [
    { activationRegularization($0, weight: 2, lengths: $1) },
    { temporalActivationRegularization($0, weight: 3, lengths: $1) },
  ]

  private func outputs(seed: UInt64, padding: Double? = nil, lengths: [Int] = []) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    var h = Tensor<Double>.normal([5, 3, 4], using: &random)
    guard let padding else { return h }
    for (b, length) in lengths.enumerated() { for t in length..<5 { for i in 0..<4 { h[t, b, i] = padding } } }
    return h
  }

  /// The definitions, number by number.
  private func expected(_ h: Tensor<Double>, _ lengths: [Int]) -> [Double] {
    var (squares, steps, changes, pairs) = (0.0, 0.0, 0.0, 0.0)
    for (b, length) in lengths.enumerated() {
      for t in 0..<length {
        for i in 0..<4 {
          squares += h[t, b, i] * h[t, b, i]
          steps += 1
          if t > 0 {
            changes += (h[t, b, i] - h[t - 1, b, i]) * (h[t, b, i] - h[t - 1, b, i])
            pairs += 1
          }
        }
      }
    }
    return [2 * squares / max(steps, 1), 3 * changes / max(pairs, 1)]
  }

  @Test(arguments: [nil, [5, 2, 3], [1, 1, 5], [1, 1, 1], [5, 5, 5]] as [[Int]?])
  func penaltiesAreMeansOverWhatIsNoPadding(lengths: [Int]?) throws {
    let h = outputs(seed: 1)
    let steps = try lengths.map { try SequenceLengths($0, time: 5) }
    for (penalty, value) in zip(Self.penalties, expected(h, lengths ?? [5, 5, 5])) {
      let found = penalty(Variable(h), steps)
      #expect(found.shape == [])
      #expect(abs(found.value.scalar - value) < 1e-13)
    }
    guard let lengths else { return }
    for padding in [1e30, Double.nan] {
      for penalty in Self.penalties {
        let tape = Tape<Double>()
        let variables = [outputs(seed: 1), outputs(seed: 1, padding: padding, lengths: lengths)].map { tape.watch($0) }
        let values = variables.map { penalty($0, steps) }
        #expect(values[0].value == values[1].value, "padding \(padding)")
        #expect(values[0].gradients()[variables[0]]! == values[1].gradients()[variables[1]]!, "padding \(padding)")
      }
    }
  }

  @Test(arguments: [nil, [5, 2, 3], [1, 1, 5]] as [[Int]?])
  func gradientsAreNumericOnes(lengths: [Int]?) throws {
    let steps = try lengths.map { try SequenceLengths($0, time: 5) }
    for penalty in Self.penalties {
      expectPassing(GradientCheck.compare([("outputs", outputs(seed: 2))]) { penalty($0[0], steps) }, "seed 2")
    }
  }

  @Test func oneStepHasNoChange() {
    #expect(temporalActivationRegularization(Variable(Tensor<Double>.ones([1, 2, 3])), weight: 1).value.scalar == 0)
  }

  @Test func lengthsOfOtherOutputsTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lengths = try SequenceLengths([2, 2], time: 2)
      _ = activationRegularization(Variable(Tensor<Double>.ones([3, 2, 1])), weight: 1, lengths: lengths)
    }
    expectMessage(
      "activationRegularization: lengths of 2 sequences in 2 steps for outputs of shape [3, 2, 1]", from: result)
  }
}
