import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// State resets where a new document starts.
@Suite struct ResetTests {
  private let time = 6
  private let input = 3
  private let hidden = 4

  /// Length of a sequence and the steps before which its state is reset: the first, the last, two in a row, or none.
  private struct Stream: Sendable {
    let length: Int
    let resets: [Int]

    /// The documents' steps.
    var documents: [Range<Int>] {
      let starts = [0] + resets.filter { $0 > 0 && $0 < length }
      return zip(starts, starts.dropFirst() + [length]).map { $0..<$1 }
    }
  }

  private static let streams: [[Stream]] = [
    [
      Stream(length: 6, resets: [3]), Stream(length: 6, resets: [0, 1, 2, 5]), Stream(length: 6, resets: []),
      Stream(length: 6, resets: [0]),
    ],
    [
      Stream(length: 2, resets: [1, 4]), Stream(length: 6, resets: [2, 4]), Stream(length: 1, resets: [1]),
      Stream(length: 5, resets: [0, 4, 5]), Stream(length: 4, resets: [1]),
    ],
    [Stream(length: 6, resets: [1, 2])],
  ]

  /// Results and gradients of a run.
  private struct Results {
    /// By sequence: outputs, gradients of the input, final states, gradients of the initial states.
    var sequences: [[Tensor<Double>]] = []
    var parameters: [Tensor<Double>] = []
  }

  /// Weights of a loss, one for each number, the same in whatever batch it stands.
  private func weights(time: Int, batch: Int, width: Int, from t: Int = 0, sequence: Int = 0) -> Variable<Double> {
    let scalars = (0..<time * batch * width).map { place in
      let (step, b, unit) = (place / (batch * width) + t, place / width % batch + sequence, place % width)
      return 1 + 0.3 * Double((step * 7 + b * 3 + unit * 5) % 11)
    }
    return Variable(Tensor(scalars, shape: [time, batch, width]))
  }

  private func weighted(_ outputs: Variable<Double>, from t: Int = 0, sequence: Int = 0) -> Variable<Double> {
    let shape = outputs.shape
    return (outputs * weights(time: shape[0], batch: shape[1], width: shape[2], from: t, sequence: sequence)).sum()
  }

  private func weighted(state: Variable<Double>, sequence: Int = 0) -> Variable<Double> {
    weighted(state.reshaped([1] + state.shape.dimensions), sequence: sequence)
  }

  private func initial<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, batch: Int, on tape: Tape<Double>
  ) -> [[Variable<Double>]] {
    var random = RandomSource(seed: 3)
    let places = stack.isBidirectional ? 2 : 1
    return stack.cells.flatMap { cell in
      (0..<places).map { _ in
        zip(Cell.State.componentNames, cell.stateWidths).map { name, width in
          tape.watch(.randomState(name, [batch, width], in: -0.9..<0.9, using: &random))
        }
      }
    }
  }

  private func sequence(_ tokens: Bool, _ x: Variable<Double>, _ ids: [Int32], lengths: SequenceLengths? = nil)
    -> SequenceInput<Double>
  {
    let grid = TokenGrid(ids: ids, time: x.shape[0], batch: x.shape[1])
    return tokens ? .tokens(grid, lengths: lengths) : .vectors(x, lengths: lengths)
  }

  private func run<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ streams: [Stream], _ point: SequencePoint<Double>, tokens: Bool, threads: Int = 1
  ) throws -> Results {
    let batch = streams.count
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, workspace: Workspace(threads: threads))
    let (x, state) = (tape.watch(point.input), initial(stack, batch: batch, on: tape))
    let isRagged = streams.contains { $0.length < time }
    let lengths = isRagged ? try SequenceLengths(streams.map(\.length), time: time) : nil
    let places = (0..<time * batch).map { streams[$0 % batch].resets.contains($0 / batch) }
    let (outputs, final) = stack.run(
      sequence(tokens, x, point.grid.ids, lengths: lengths).resetting(
        at: StateResets(places, time: time, batch: batch)),
      from: state.map { Cell.State(components: $0) }, in: &context)
    var loss = weighted(outputs)
    for component in final.flatMap(\.components) { loss = loss + weighted(state: component) }
    let gradients = loss.gradients()
    var results = Results()
    for (b, stream) in streams.enumerated() {
      let steps = [outputs.value] + (tokens ? [] : [gradients[x]!])
      let states = final.flatMap(\.components).map(\.value) + state.joined().map { gradients[$0]! }
      results.sequences.append(
        steps.map { $0.slice(axis: 1, b..<b + 1).rows(0..<stream.length) } + states.map { $0.row(b) })
    }
    results.parameters = stack.parameters.map { gradients[$0.parameter]! }
    return results
  }

  /// Each document by itself: the first one that a cell reads begins with the state given, unless it is marked too.
  private func runOneByOne<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ streams: [Stream], _ point: SequencePoint<Double>, tokens: Bool
  ) -> Results {
    var results = Results()
    var sums: [Tensor<Double>]?
    for (b, stream) in streams.enumerated() {
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape)
      let given = initial(stack, batch: streams.count, on: tape)
      let count = stream.documents.count
      var final = given.map { _ in [Variable<Double>]() }
      var loss: Variable<Double>?
      func add(_ term: Variable<Double>) { loss = loss.map { $0 + term } ?? term }
      var (xs, outputs) = ([Variable<Double>](), [Tensor<Double>]())
      for (number, steps) in stream.documents.enumerated() {
        let x = tape.watch(point.input.slice(axis: 1, b..<b + 1).rows(steps))
        let state = stack.initialState(batchSize: 1, in: &context).enumerated().map { place, zeros in
          let readsBackward = stack.isBidirectional && place % 2 == 1
          let isGiven = readsBackward ? number == count - 1 : number == 0 && !stream.resets.contains(0)
          return isGiven ? Cell.State(components: given[place].map { $0.slice(axis: 0, b..<b + 1) }) : zeros
        }
        let ids = steps.map { point.grid.ids[$0 * streams.count + b] }
        let (ofDocument, end) = stack.run(sequence(tokens, x, ids), from: state, in: &context)
        add(weighted(ofDocument, from: steps.lowerBound, sequence: b))
        outputs.append(ofDocument.value)
        xs.append(x)
        for (place, state) in end.enumerated() {
          let readsBackward = stack.isBidirectional && place % 2 == 1
          if number == (readsBackward ? 0 : count - 1) { final[place] = state.components }
        }
      }
      for component in final.joined() { add(weighted(state: component, sequence: b)) }
      let gradients = loss!.gradients()
      results.sequences.append(
        [.concatenate(outputs)] + (tokens ? [] : [.concatenate(xs.map { gradients[$0]! })])
          + final.joined().map { $0.value.row(0) }
          + given.joined().map { (gradients[$0] ?? .zeros(like: $0.value)).row(b) })
      let own = stack.parameters.map { gradients[$0.parameter] ?? .zeros(like: $0.parameter.value) }
      sums = sums.map { zip($0, own).map { $0 + $1 } } ?? own
    }
    results.parameters = sums ?? []
    return results
  }

  private func expectEqual(_ a: Results, _ b: Results, tolerance: Double, _ label: Comment) {
    #expect(a.sequences.map(\.count) == b.sequences.map(\.count) && a.parameters.count == b.parameters.count, label)
    for (x, y) in zip(a.sequences.joined() + a.parameters, b.sequences.joined() + b.parameters) {
      #expect(x.shape == y.shape, label)
      #expect((x - y).absolute().max().scalar <= tolerance * Swift.max(1, y.absolute().max().scalar), label)
    }
  }

  private func check<Cell: RecurrentCell<Double>>(_ stack: StackedRecurrent<Cell>, tokens: Bool, _ label: String) throws
  {
    var stack = stack.bound()
    var drawn = RandomSource(seed: 10)
    stack.updateParameters { parameter, name in
      guard name.hasPrefix("initial") else { return }
      parameter.value = .randomState(name, parameter.shape, in: -1..<1, using: &drawn)
    }
    for (index, streams) in Self.streams.enumerated() {
      var random = RandomSource(seed: 11)
      let point = SequencePoint<Double>(
        time: time, batch: streams.count, input: input, hidden: hidden, using: &random)
      let expected = runOneByOne(stack, streams, point, tokens: tokens)
      let found = try run(stack, streams, point, tokens: tokens)
      expectEqual(found, expected, tolerance: 1e-12, "\(label), streams \(index), seed 11")
      let several = try run(stack, streams, point, tokens: tokens, threads: 3)
      expectEqual(several, found, tolerance: 0, "\(label), streams \(index), 3 threads, seed 11")
    }
  }

  @Test(arguments: SampleCell.swept, [false, true])
  func streamsOfDocumentsAreTheirDocumentsRunOneByOne(kind: SampleCell, tokens: Bool) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      for learns in [false, true] {
        let options = StackOptions(learnsInitialState: learns)
        try self.check(StackedRecurrent([cell], options: options), tokens: tokens, "learned \(learns)")
        try self.check(
          StackedRecurrent([Unrolled(cell)], options: options), tokens: tokens, "unrolled, learned \(learns)")
      }
      let zoneout = Zoneout(cell, hidden: 0.2, memory: 0.3)
      try self.check(StackedRecurrent([zoneout]), tokens: tokens, "zoneout")
    }
    var random = RandomSource(seed: 12)
    try check(kind.random(input: input, hidden: hidden, using: &random))
  }

  @Test func layersAndDirectionsForgetTogether() throws {
    var random = RandomSource(seed: 13)
    func cells(_ inputs: [Int]) -> [GRUCell<Double>] {
      inputs.map { SampleCell.gru.random(input: $0, hidden: hidden, using: &random) as! GRUCell<Double> }
    }
    try check(
      StackedRecurrent(cells([input, hidden]), options: StackOptions(residual: true)), tokens: false, "two layers")
    let inputs = [input, 2 * hidden]
    let learning = StackOptions(learnsInitialState: true)
    try check(StackedRecurrent(cells(inputs), reverse: cells(inputs)), tokens: true, "two directions")
    try check(
      StackedRecurrent(cells(inputs), reverse: cells(inputs), options: learning), tokens: false,
      "two directions, learned")
    let minimal = [input, input].map {
      SampleCell.minLSTM.random(input: $0, hidden: hidden, using: &random) as! MinLSTMCell<Double>
    }
    try check(
      StackedRecurrent([minimal[0]], reverse: [minimal[1]]), tokens: false, "two directions without recurrent weights")
    let own = [input, hidden].map { MinimalGatedCell(input: $0, hidden: hidden).drawn(using: &random) }
    try check(StackedRecurrent(own), tokens: false, "a cell of one's own, that begins with a state of its own")
    let projected = [input, 2].map { LSTMCell<Double>(input: $0, hidden: hidden, projection: 2).drawn(using: &random) }
    try check(StackedRecurrent(projected, options: learning), tokens: false, "projected, learned")
  }

  @Test(arguments: SampleCell.swept)
  func resetsThatAreNoneChangeNoBit(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      let stack = StackedRecurrent([cell]).bound()
      var random = RandomSource(seed: 14)
      let point = SequencePoint<Double>(time: time, batch: 2, input: input, hidden: hidden, using: &random)
      func outputs(_ sequence: SequenceInput<Double>) -> [Tensor<Double>] {
        var context = ForwardContext<Double>()
        let (outputs, state) = stack.run(sequence, in: &context)
        return [outputs.value] + state[0].components.map(\.value)
      }
      let lengths = try SequenceLengths([6, 3], time: time)
      let plain = SequenceInput.vectors(Variable(point.input), lengths: lengths)
      // Behind the end of the second sequence.
      let behind = (0..<time * 2).map { $0 % 2 == 1 && $0 / 2 >= 3 }
      #expect(
        outputs(plain) == outputs(plain.resetting(at: StateResets(behind, time: time, batch: 2))), "seed 14")
    }
    var random = RandomSource(seed: 15)
    try check(kind.random(input: input, hidden: hidden, using: &random))
  }

  @Test func noGradientReachesAStateBeforeADocument() {
    var random = RandomSource(seed: 16)
    let stack = StackedRecurrent([LSTMCell<Double>(input: input, hidden: hidden).drawn(using: &random)]).bound()
    let x = Variable(Tensor<Double>.normal([time, 2, input], using: &random))
    let resets = StateResets((0..<time * 2).map { $0 / 2 == 4 }, time: time, batch: 2)
    var context = ForwardContext(tape: Tape<Double>())
    let norms = stack.gradientNorms(over: SequenceInput.vectors(x).resetting(at: resets), in: &context) {
      outputs, state, _ in weighted(state: state[0].hidden + outputs.row(time - 1))
    }
    for component in norms {
      #expect(component.norms[..<4].allSatisfy { $0 == 0 }, "\(component)")
      #expect(component.norms[4] > 0, "\(component)")
    }
  }

  @Test func documentsBeginBehindTheTokenThatEndsThem() {
    let grid = TokenGrid(ids: [7, 1, 2, 7, 7, 7], time: 3, batch: 2)
    #expect(StateResets(after: 7, in: grid).positions == [false, false, true, false, false, true])
    #expect(StateResets(after: 7, in: grid, preceding: [1, 7]).positions == [false, true, true, false, false, true])
  }

  @Test func resetsThatDoNotFitTrap() async {
    let count = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StateResets([true, false, true], time: 2, batch: 2)
    }
    expectMessage("StateResets: 3 positions for 2 steps of 2 sequences", from: count)
    let preceding = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StateResets(after: 1, in: TokenGrid(ids: [0, 1], time: 1, batch: 2), preceding: [1])
    }
    expectMessage("StateResets: 1 preceding tokens for 2 sequences", from: preceding)
    let shape = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      var context = ForwardContext<Float>()
      let stack = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)])
      let resets = StateResets([true, false], time: 1, batch: 2)
      _ = stack.run(SequenceInput.vectors(Variable(.zeros([3, 2, 2]))).resetting(at: resets), in: &context)
    }
    expectMessage(
      "recurrent layer: resets of 2 sequences in 1 steps for an input of 2 sequences in 3 steps", from: shape)
  }
}
