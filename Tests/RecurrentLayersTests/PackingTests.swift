import Autograd
import CharrnnTestSupport
import RecurrentLayers
import TensorCore
import Testing

/// Packing of a batch of sequences without its padding.
@Suite struct PackingTests {
  private static let batches: [[Int]] = [[3, 2, 1], [1, 3, 2], [2, 2], [1], [1, 4, 1, 4]]

  /// Sequences of these lengths in which each token occurs once.
  private func sequences(_ lengths: [Int]) -> [[Int32]] {
    lengths.enumerated().map { sequence, length in (0..<length).map { Int32(100 * sequence + $0) } }
  }

  @Test(arguments: batches) func tokensComeStepByStepWithoutPadding(steps: [Int]) throws {
    let (sequences, time) = (sequences(steps), steps.max()!)
    let (grid, lengths) = (TokenGrid(padding: sequences), try SequenceLengths(of: sequences))
    #expect(grid.time == time && grid.batch == steps.count)
    #expect(lengths == (try SequenceLengths(steps, time: time)))
    let expected = (0..<time).flatMap { t in sequences.filter { t < $0.count }.map { $0[t] } }
    #expect(lengths.packed(grid) == expected)
  }

  @Test(arguments: batches) func rowsComeInTheOrderOfTokens(steps: [Int]) throws {
    let sequences = sequences(steps)
    let (grid, lengths) = (TokenGrid(padding: sequences), try SequenceLengths(of: sequences))
    let values = grid.ids.flatMap { [Double($0), -Double($0)] }
    let rows = lengths.packed(Variable(Tensor(values, shape: [grid.time, grid.batch, 2]))).value
    #expect(
      rows == Tensor(lengths.packed(grid).flatMap { [Double($0), -Double($0)] }, shape: [steps.reduce(0, +), 2]))
  }

  @Test(arguments: batches) func paddingGetsNoGradient(steps: [Int]) throws {
    let lengths = try SequenceLengths(steps, time: 5)
    let tape = Tape<Double>()
    var random = RandomSource(seed: 1)
    let batch = tape.watch(Tensor<Double>.normal([5, steps.count, 3], using: &random))
    let gradient = try #require(lengths.packed(batch).sum().gradients()[batch])
    for (sequence, length) in steps.enumerated() {
      for t in 0..<5 { for i in 0..<3 { #expect(gradient[t, sequence, i] == (t < length ? 1 : 0)) } }
    }
  }

  @Test func anEmptySequenceIsAnError() {
    #expect(throws: SequenceLengthsError.noSteps(sequence: 1, count: 0)) {
      try SequenceLengths(of: [[1, 2], [], [3]])
    }
    #expect(throws: SequenceLengthsError.noSteps(sequence: 0, count: 0)) { try SequenceLengths(of: [[]]) }
  }

  @Test func aBatchOfOtherSizesIsToldWithBoth() async {
    let grid = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lengths = try SequenceLengths([2, 1], time: 2)
      _ = lengths.packed(TokenGrid(ids: [1, 2, 3], time: 1, batch: 3))
    }
    expectMessage("lengths of 2 sequences in 2 steps for a grid of 3 sequences in 1 steps", from: grid)
    let vectors = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let lengths = try SequenceLengths([2, 1], time: 2)
      _ = lengths.packed(Variable(Tensor<Float>.zeros([3, 2, 4])))
    }
    expectMessage("the batch must be [2, 2, features]", from: vectors)
  }
}
