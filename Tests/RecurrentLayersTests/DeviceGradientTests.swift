import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Gradients that a device computes, against numeric ones of what it computes.
@Suite(.enabled(if: hasDevice))
struct DeviceGradientTests {
  private let device: Device

  init() throws { device = .openCL(try #require(testDevice)) }

  private func point(time: Int, hidden: Int, using random: inout RandomSource) -> SequencePoint<Double> {
    SequencePoint(time: time, batch: 2, input: 2, hidden: hidden, using: &random)
  }

  @Test(arguments: SampleCell.allCases)
  func fusedGradientsAreNumericOnes(kind: SampleCell) {
    let cases: [(UInt64, Biases, Bool)] = [(1, .both, false), (2, .none, true)]
    // Without biases, and for tokens, one cell of each structure.
    for (seed, biases, tokens) in cases where !tokens || SampleCell.swept.contains(kind) {
      var random = RandomSource(seed: seed)
      // Two units of ReLU may both be inactive, and have no gradient.
      let hidden = kind == .elmanReLU ? 3 : 2
      let cell = kind.random(input: 2, hidden: hidden, biases: biases, using: &random)
      let point = point(time: 2, hidden: hidden, using: &random)
      expectGradients(
        of: cell, on: point, device: device, tokens: tokens, terms: .both, "\(biases) biases, seed \(seed)")
    }
  }

  @Test(arguments: [SampleCell.lstm, .layerNormGRU])
  func unrolledGradientsAreNumericOnes(kind: SampleCell) {
    var random = RandomSource(seed: 3)
    let cell = unrolled(kind.random(input: 2, hidden: 2, using: &random))
    let point = point(time: 2, hidden: 2, using: &random)
    expectGradients(of: cell, on: point, device: device, tokens: false, terms: .both, "seed 3")
  }

  /// Locked dropout between the layers, weight drop, residual connections and zoneout, over sequences of several lengths.
  @Test func gradientsOfARegularizedStackAreNumericOnes() throws {
    var random = RandomSource(seed: 4)
    let cells = [2, 2].map { LSTMCell<Double>(input: $0, hidden: 2).drawn(using: &random) }
    let stack = StackedRecurrent(
      cells.map { Zoneout($0, hidden: 0.3, memory: 0.2) },
      options: StackOptions(dropout: 0.3, dropoutIsLocked: true, weightDrop: 0.3, residual: true))
    let inputs = [(name: "input", value: point(time: 2, hidden: 2, using: &random).input)]
    let lengths = try SequenceLengths([2, 1], time: 2)
    let comparisons = GradientCheck.compare(stack, inputs: inputs, on: device, mode: .training) {
      let (outputs, state) = $0.run(.vectors($1[0], lengths: lengths), in: &$2)
      return loss(outputs, state.flatMap(\.components), of: .both)
    }
    expectPassing(comparisons, "seed 4")
  }
}
