import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Batches of sequences of different lengths.
@Suite struct RaggedTests {
  private static let allLengths: [[Int]] = [
    [5, 3, 2, 1], [1, 5, 2, 5], [5, 5, 5, 5], [2, 1, 1, 2], [1], [4, 5],
  ]

  /// Results and gradients of a run, sequence by sequence.
  private struct Results {
    /// By sequence: outputs, final state, gradients of input and initial state, up to its own end.
    var sequences: [[Tensor<Double>]] = []
    var parameters: [Tensor<Double>] = []
  }

  private let time = 5
  private let input = 3
  private let hidden = 4

  /// - Parameter padding: what stands in the input behind the end of each sequence.
  private func run<Cell: RecurrentCell<Double>>(
    _ cell: Cell, _ point: SequencePoint<Double>, _ lengths: [Int], padding: Double, threads: Int = 1, tokens: Bool
  ) throws -> Results {
    let cell = cell.bound()
    var x = point.input
    for (b, length) in lengths.enumerated() {
      for t in length..<time { for i in 0..<input { x[t, b, i] = padding } }
    }
    let grid = TokenGrid(
      ids: point.grid.ids.enumerated().map { $0 / lengths.count < lengths[$0 % lengths.count] ? $1 : -7 },
      time: time, batch: lengths.count)
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, workspace: Workspace(threads: threads))
    let steps = try SequenceLengths(lengths, time: time)
    let (inputs, state) = (tape.watch(x), zip(Cell.State.componentNames, point.state).map { tape.watch($1) })
    let (outputs, final) = cell.run(
      tokens ? .tokens(grid, lengths: steps) : .vectors(inputs, lengths: steps), from: .init(components: state),
      in: &context)
    let loss = weighted(outputs, final.components)
    let gradients = loss.gradients()
    var results = Results()
    for (b, length) in lengths.enumerated() {
      let ranges = [outputs.value] + (tokens ? [] : [gradients[inputs]!])
      let padded = ranges.map { $0.slice(axis: 1, b..<b + 1) }
      for part in padded { #expect(part.rows(length..<time).sumOfSquares() == 0, "behind the end there is nothing") }
      results.sequences.append(
        padded.map { $0.rows(0..<length) }
          + (final.components.map(\.value) + state.map { gradients[$0]! }).map { $0.row(b) })
    }
    results.parameters = cell.parameters.map { gradients[$0.parameter]! }
    return results
  }

  /// A sum in which every element has a weight of its own, the same in whatever batch it stands.
  private func weighted(
    _ outputs: Variable<Double>, _ state: [Variable<Double>], first: Int = 0
  ) -> Variable<Double> {
    func weights(_ shape: TensorShape, _ weight: (Int, Int, Int) -> Double) -> Variable<Double> {
      let (t, b, h) = (shape[0], shape[1], shape[2])
      return Variable(Tensor((0..<t * b * h).map { weight($0 / (b * h), $0 / h % b + first, $0 % h) }, shape: shape))
    }
    var loss = (outputs * weights(outputs.shape) { 1 + 0.3 * Double(($0 * 7 + $1 * 3 + $2 * 5) % 11) }).sum()
    for component in state {
      let one = component.reshaped([1] + component.shape.dimensions)
      loss = loss + (one * weights(one.shape) { 1 + 0.2 * Double(($1 * 5 + $2 * 3) % 7) }).sum()
    }
    return loss
  }

  /// The same, each sequence run by itself.
  private func runOneByOne<Cell: RecurrentCell<Double>>(
    _ cell: Cell, _ point: SequencePoint<Double>, _ lengths: [Int], tokens: Bool
  ) -> Results {
    let cell = cell.bound()
    var results = Results()
    for (b, length) in lengths.enumerated() {
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape)
      let x = tape.watch(point.input.slice(axis: 1, b..<b + 1).rows(0..<length))
      let ids = (0..<length).map { point.grid.ids[$0 * lengths.count + b] }
      let state = zip(Cell.State.componentNames, point.state).map { tape.watch($1.rows(b..<b + 1)) }
      let (outputs, final) = cell.run(
        tokens ? .tokens(TokenGrid(ids: ids, time: length, batch: 1)) : .vectors(x), from: .init(components: state),
        in: &context)
      let gradients = weighted(outputs, final.components, first: b).gradients()
      results.sequences.append(
        [outputs.value] + (tokens ? [] : [gradients[x]!])
          + (final.components.map(\.value) + state.map { gradients[$0]! }).map { $0.row(0) })
      let own = cell.parameters.map { gradients[$0.parameter]! }
      results.parameters = b == 0 ? own : zip(results.parameters, own).map { $0 + $1 }
    }
    return results
  }

  private func expectEqual(_ a: Results, _ b: Results, tolerance: Double, _ label: Comment) {
    for (x, y) in zip(a.sequences.joined() + a.parameters, b.sequences.joined() + b.parameters) {
      #expect(x.shape == y.shape, label)
      #expect((x - y).absolute().max().scalar <= tolerance * Swift.max(1, y.absolute().max().scalar), label)
    }
  }

  @Test(arguments: SampleCell.swept, [false, true])
  func aRaggedBatchIsItsSequencesRunOneByOne(kind: SampleCell, tokens: Bool) throws {
    for lengths in Self.allLengths {
      func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
        var random = RandomSource(seed: 11)
        let point = SequencePoint<Double>(
          time: time, batch: lengths.count, input: input, hidden: hidden, using: &random)
        let expected = runOneByOne(Unrolled(cell), point, lengths, tokens: tokens)
        let label: Comment = "\(lengths), seed 11"
        let fused = try run(cell, point, lengths, padding: 0, tokens: tokens)
        expectEqual(fused, expected, tolerance: 1e-12, label)
        expectEqual(
          try run(Unrolled(cell), point, lengths, padding: 0, tokens: tokens), expected, tolerance: 1e-12, label)
        for threads in [2, 3] {
          let several = try run(cell, point, lengths, padding: 0, threads: threads, tokens: tokens)
          expectEqual(several, fused, tolerance: 0, "\(lengths), \(threads) threads, seed 11")
        }
      }
      var random = RandomSource(seed: 12)
      try check(kind.random(input: input, hidden: hidden, using: &random))
    }
  }

  @Test(arguments: SampleCell.swept)
  func paddingHasNoInfluenceWhateverItHolds(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      var random = RandomSource(seed: 13)
      let lengths = [2, 5, 1, 4]
      let point = SequencePoint<Double>(time: time, batch: 4, input: input, hidden: hidden, using: &random)
      let clean = try run(cell, point, lengths, padding: 0, tokens: false)
      let unrolled = try run(Unrolled(cell), point, lengths, padding: 0, tokens: false)
      for padding in [1e30, Double.infinity, .nan] {
        expectEqual(try run(cell, point, lengths, padding: padding, tokens: false), clean, tolerance: 0, "\(padding)")
        expectEqual(
          try run(Unrolled(cell), point, lengths, padding: padding, tokens: false), unrolled, tolerance: 0, "\(padding)"
        )
      }
    }
    var random = RandomSource(seed: 14)
    try check(kind.random(input: input, hidden: hidden, using: &random))
  }

  @Test func lengthsThatAreNoneSayWhichAndWhatToDo() {
    func message(_ lengths: [Int]) -> String {
      do throws(SequenceLengthsError) {
        _ = try SequenceLengths(lengths, time: 4)
        return ""
      } catch { return error.description }
    }
    #expect(message([4, 1, 2]) == "")
    #expect(
      message([4, 5]) == "sequence 1 has a length of 5, and the batch has 4 steps; correct the length or pad the batch")
    #expect(
      message([4, 1, 0])
        == "sequence 2 has a length of 0, and a sequence has at least one step; leave it out of the batch")
  }

  @Test func lengthsOfAnotherBatchTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      var context = ForwardContext<Float>()
      let cell = GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)
      let lengths = try SequenceLengths([3, 2], time: 3)
      _ = cell.run(
        .vectors(Variable(.zeros([3, 4, 2])), lengths: lengths),
        from: cell.initialState(batchSize: 4, in: &context), in: &context)
    }
    expectMessage(
      "recurrent layer: lengths of 2 sequences in 3 steps for an input of 4 sequences in 3 steps", from: result)
  }
}
