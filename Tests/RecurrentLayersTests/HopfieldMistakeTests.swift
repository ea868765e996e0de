import CharrnnTestSupport
import RecurrentLayers
import TensorCore
import Testing

/// Each way of giving a Hopfield network what it cannot work on, and what its message must name.
enum HopfieldMistake: String, CaseIterable, Codable, Sendable {
  case pattern, patternShape, state, stateShape, asymmetry, diagonal, notSquare, noSweeps, overlap

  var message: String {
    switch self {
    case .pattern: "HopfieldNetwork: patterns[1, 2] is 0.5, neither 1 nor -1"
    case .patternShape: "HopfieldNetwork: patterns of shape [3] are not [patterns, units]"
    case .state: "HopfieldNetwork: state[1] is 0.0, neither 1 nor -1"
    case .stateShape: "HopfieldNetwork: shapes [2, 2] and [3] do not fit"
    case .asymmetry: "HopfieldNetwork: weights[1, 0] is 2.0 but weights[0, 1] is 1.0"
    case .diagonal: "HopfieldNetwork: weights[1, 1] is 3.0; the diagonal must be zero"
    case .notSquare: "HopfieldNetwork: weights of shape [2, 3] are not [units, units]"
    case .noSweeps: "HopfieldNetwork: settling takes at least one sweep, not 0"
    case .overlap: "overlap: shapes [2] and [1, 2] do not fit"
    }
  }

  func make() {
    let network = HopfieldNetwork<Float>(weights: Tensor([0, 1, 1, 0], shape: [2, 2]))
    var random = RandomSource(seed: 1)
    switch self {
    case .pattern: _ = HopfieldNetwork<Float>(learning: Tensor([1, 1, 1, -1, 1, 0.5], shape: [2, 3]))
    case .patternShape: _ = HopfieldNetwork<Float>(learning: .ones([3]))
    case .state: _ = network.settle(Tensor([1, 0], shape: [2]), using: &random)
    case .stateShape: _ = network.settle(.ones([3]), using: &random)
    case .asymmetry: _ = HopfieldNetwork<Float>(weights: Tensor([0, 1, 2, 0], shape: [2, 2]))
    case .diagonal: _ = HopfieldNetwork<Float>(weights: Tensor([0, 1, 1, 3], shape: [2, 2]))
    case .notSquare: _ = HopfieldNetwork<Float>(weights: .zeros([2, 3]))
    case .noSweeps: _ = network.settle(.ones([2]), using: &random, mostSweeps: 0)
    case .overlap: _ = Tensor<Float>.ones([2]).overlap(with: .ones([1, 2]))
    }
  }
}

@Suite(.serialized)
struct HopfieldMistakeTests {
  @Test(arguments: HopfieldMistake.allCases)
  func aMistakeStopsTheProgramAndSaysWhere(mistake: HopfieldMistake) async throws {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [mistake = mistake as HopfieldMistake] in mistake.make()
    }
    let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(message.contains(mistake.message), "\(message.prefix(300))")
  }
}
