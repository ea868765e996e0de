import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Passes over sequences with lengths, resets, zoneout and projections are the host's on a device.
@Suite(.enabled(if: hasDevice))
struct DeviceSequenceTests {
  private let device: Device
  private let time = 5
  private let batch = 4
  private let input = 3
  private let hidden = 4

  init() throws { device = .openCL(try #require(testDevice)) }

  /// Lengths and resets of a batch: one, the other, both.
  private func arrangements() throws -> [(lengths: SequenceLengths?, resets: StateResets?)] {
    let lengths = try SequenceLengths([5, 1, 4, 2], time: time)
    // At the first step, in the middle, twice in a row, at the last step, and behind an end.
    let positions = [0, 5, 6, 9, 13, 16, 19]
    let resets = StateResets((0..<time * batch).map(positions.contains), time: time, batch: batch)
    return [(lengths, nil), (nil, resets), (lengths, resets)]
  }

  private func expectAgreement<Cell: RecurrentCell<Double>>(
    _ cell: Cell, cellSize: Int? = nil, mode: ForwardMode = .inference, _ label: String = ""
  ) throws {
    var random = RandomSource(seed: 2)
    let point = SequencePoint<Double>(
      time: time, batch: batch, input: input, hidden: cell.hiddenSize, cellSize: cellSize, using: &random)
    for (index, (lengths, resets)) in try arrangements().enumerated() {
      let tokens = index == 1
      let found = try SequenceRun(
        cell, on: point, tokens: tokens, lengths: lengths, resets: resets, mode: mode, device: device, seed: 3)
      let expected = SequenceRun(
        cell, on: point, tokens: tokens, lengths: lengths, resets: resets, mode: mode, seed: 3)
      #expect(found.names == expected.names)
      #expect(found.differences(from: expected, tolerance: 1e-12) == [], "\(label), arrangement \(index), seed 2")
    }
  }

  @Test(arguments: SampleCell.allCases)
  func lengthsAndResetsAgreeWithTheHost(kind: SampleCell) throws {
    var random = RandomSource(seed: 1)
    try expectAgreement(kind.random(input: input, hidden: hidden, using: &random))
  }

  @Test(arguments: [SampleCell.lstm, .gruResetBefore, .slstmHeads])
  func unrolledLengthsAndResetsAgreeWithTheHost(kind: SampleCell) throws {
    var random = RandomSource(seed: 1)
    try expectAgreement(unrolled(kind.random(input: input, hidden: hidden, using: &random)))
  }

  @Test(arguments: SampleCell.allCases, [ForwardMode.training, .inference])
  func zoneoutAgreesWithTheHost(kind: SampleCell, mode: ForwardMode) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      for (hidden, memory) in [(0.4, 0.3), (0, 0.5)] {
        try expectAgreement(Zoneout(cell, hidden: hidden, memory: memory), mode: mode, "\(hidden), \(memory)")
      }
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: input, hidden: hidden, using: &random))
  }

  @Test func projectionsAgreeWithTheHost() throws {
    var random = RandomSource(seed: 1)
    let cell = LSTMCell<Double>(input: input, hidden: hidden, projection: 2).drawn(using: &random)
    try expectAgreement(cell, cellSize: hidden)
    try expectAgreement(Unrolled(cell), cellSize: hidden, "unrolled")
    try expectAgreement(Zoneout(cell, hidden: 0.3, memory: 0.4), cellSize: hidden, mode: .training, "zoneout")
  }

  /// What stands in the input behind the end of a sequence does not count.
  @Test(arguments: SampleCell.swept)
  func paddingHasNoInfluenceWhateverItHolds(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      let steps = [5, 1, 4, 2]
      let lengths = try SequenceLengths(steps, time: time)
      func outputs(padding: Double) throws -> Tensor<Double> {
        var random = RandomSource(seed: 4)
        var x = Tensor<Double>.normal([time, batch, input], using: &random)
        for (b, length) in steps.enumerated() {
          for t in length..<time { for i in 0..<input { x[t, b, i] = padding } }
        }
        var context = ForwardContext(workspace: Workspace<Double>(device: device))
        let stack = try StackedRecurrent([cell]).on(device)
        return try stack.run(.vectors(Variable(x.on(device)), lengths: lengths), in: &context).outputs.value.on(.cpu)
      }
      #expect(try outputs(padding: .nan) == outputs(padding: 0), "seed 4")
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: input, hidden: hidden, using: &random))
  }
}
