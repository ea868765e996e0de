import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Runs on a device that compute activations again: the host's numbers, and those of runs that keep them but for rounding, since sums
/// over time are taken in other parts. They read vectors, tokens and tables of vectors.
@Suite(.enabled(if: hasDevice))
struct DeviceRecomputationTests {
  @Test(arguments: [SampleCell.lstm, .gruResetBefore, .minLSTM], RecomputationTests.Input.allCases)
  func recomputedRunsAreTheSame(kind: SampleCell, input: RecomputationTests.Input) throws {
    let device = Device.openCL(try #require(testDevice))
    let (time, batch) = (9, 70)
    func check<Cell: RecurrentCell<Double>>(_ first: Cell, using random: inout RandomSource) throws {
      let cells = [first, kind.random(input: 4, hidden: 4, using: &random) as! Cell]
      let lengths = try SequenceLengths((0..<batch).map { 1 + $0 % time }, time: time)
      let resets = StateResets((0..<time * batch).map { $0 % 11 == 3 }, time: time, batch: batch)
      func results(recomputes: Bool, on device: Device) throws -> [Tensor<Double>] {
        let options = StackOptions(dropout: 0.3, learnsInitialState: true, recomputes: recomputes)
        let stack = try StackedRecurrent(cells, options: options).bound().on(device)
        return try RecomputationTests.results(
          stack, input, time: time, batch: batch, lengths: lengths, resets: resets, atEnd: input == .tokens,
          givenState: input == .table, device: device
        ).map { try $0.on(.cpu) }
      }
      let expected = try results(recomputes: false, on: .cpu)
      for recomputes in [false, true] {
        for (found, expected) in zip(try results(recomputes: recomputes, on: device), expected) {
          #expect(found.largestDifference(to: expected) <= 1e-12, "recomputes \(recomputes), seed 1")
        }
      }
    }
    #expect(StackedRecurrent<GRUCell<Double>>.stepsOfSegment(time: time, batch: batch) < time)
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 3, hidden: 4, using: &random), using: &random)
  }
}
