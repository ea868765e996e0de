import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Memory of passes over sequences of many lengths.
@Suite struct LengthMemoryTests {
  enum Order: CaseIterable {
    case rising, falling, drawn

    func lengths(upTo longest: Int) -> [Int] {
      var random = RandomSource(seed: 7)
      return switch self {
      case .rising: Array(1...longest)
      case .falling: (1...longest).reversed()
      case .drawn: (0..<3 * longest).map { _ in .random(in: 1...longest, using: &random) } + [longest]
      }
    }
  }

  /// The most bytes that a pool has held for passes over sequences of these lengths, one after the other.
  private func peakBytes(of lengths: [Int], trains: Bool) -> Int {
    var random = RandomSource(seed: 1)
    func cells() -> [GRUCell<Float>] { [8, 128].map { GRUCell(input: $0, hidden: 64).drawn(using: &random) } }
    let stack = StackedRecurrent(cells(), reverse: cells()).bound()
    let output = Dense<Float>(128, 5).drawn(using: &random)
    let workspace = Workspace<Float>()
    for length in lengths {
      let input = Tensor<Float>.normal([length, 12, 8], using: &random)
      var context = ForwardContext(tape: trains ? Tape() : nil, workspace: workspace)
      let hidden = stack.run(.vectors(Variable(input)), in: &context).outputs
      let scores = trains ? hidden : output(hidden, in: &context)
      if trains { _ = scores.squared().sum().gradients() }
    }
    return workspace.pool.peakBytes
  }

  @Test(arguments: Order.allCases, [false, true])
  func manyLengthsTakeTheMemoryOfTheLongestAndAQuarter(order: Order, trains: Bool) {
    let length = amount(debug: 15, release: 30)
    let longest = peakBytes(of: [length, length, length], trains: trains)
    let all = peakBytes(of: order.lengths(upTo: length), trains: trains)
    #expect(Double(all) <= 1.3 * Double(longest))
  }
}
