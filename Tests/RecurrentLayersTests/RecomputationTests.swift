import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Runs that keep the states at the borders of segments and compute the rest again.
@Suite struct RecomputationTests {
  enum Input: CaseIterable, Sendable { case vectors, tokens, table, longTable }

  /// Outputs or last outputs, final states, and all gradients, of two layers.
  static func results<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ input: Input, time: Int, batch: Int, lengths: SequenceLengths?,
    resets: StateResets?, atEnd: Bool, givenState: Bool, threads: Int = 1, device: Device = .cpu
  ) -> [Tensor<Double>] {
    var random = RandomSource(seed: 5)
    let tape = Tape<Double>()
    var context = ForwardContext(
      tape: tape, mode: .training, random: RandomSource(seed: 4),
      workspace: Workspace(team: ThreadTeam(threads: threads), products: .full, device: device))
    func watch(_ value: Tensor<Double>) -> Variable<Double> { tape.watch(value.copied(to: device)) }
    let width = stack.cells[0].inputSize
    let rows = input == .longTable ? time * batch + 1 : width
    let grid = TokenGrid(
      ids: (0..<time * batch).map { _ in Int32.random(in: 0..<Int32(rows), using: &random) }, time: time, batch: batch)
    let x = watch(
      .uniform(input == .vectors ? [time, batch, width] : [rows, width], in: -1..<1, using: &random))
    var sequence: SequenceInput<Double> =
      switch input {
      case .vectors: .vectors(x, lengths: lengths)
      case .tokens: .tokens(grid, lengths: lengths)
      case .table, .longTable: .embedded(grid, table: x, lengths: lengths)
      }
    if let resets { sequence = sequence.resetting(at: resets) }
    let initial = stack.cells.map { cell in
      Cell.State(
        components: zip(Cell.State.componentNames, cell.stateWidths).map { name, width in
          watch(.randomState(name, [batch, width], in: -0.5..<0.5, using: &random))
        })
    }
    let given = givenState ? initial : nil
    let (outputs, state) =
      atEnd ? stack.runToEnd(sequence, from: given, in: &context) : stack.run(sequence, from: given, in: &context)
    // The next random draw must not depend on recomputation either.
    let next = dropout(outputs, probability: 0.5, in: &context)
    let gradients = loss(next, state.flatMap(\.components), of: .both).gradients()
    var found = [next.value] + state.flatMap { $0.components.map(\.value) }
    if input != .tokens { found.append(gradients[x]!) }
    if givenState { found += initial.flatMap(\.components).map { gradients[$0]! } }
    let starts = ["initial", "start"]
    for (name, parameter) in stack.parameters where !givenState || !starts.contains(where: name.hasPrefix) {
      found.append(gradients[parameter]!)
    }
    return found
  }

  private func expectSameBits<Cell: RecurrentCell<Double>>(
    _ cells: [Cell], _ options: StackOptions, time: Int, batch: Int, inputs: [Input] = Input.allCases,
    threads: [Int] = [3], _ label: String
  ) throws {
    var recomputing = options
    recomputing.recomputes = true
    let plain = StackedRecurrent(cells, options: options).bound()
    let again = StackedRecurrent(cells, options: recomputing).bound()
    let ragged = try SequenceLengths((0..<batch).map { 1 + ($0 * 7 + time - 1) % time }, time: time)
    var random = RandomSource(seed: 9)
    let resets = StateResets(
      (0..<time * batch).map { _ in Int.random(in: 0..<4, using: &random) == 0 }, time: time, batch: batch)
    for input in inputs {
      for (lengths, atEnd, givenState) in [
        (nil, false, true), (nil, true, false), (ragged, true, true), (ragged, false, false),
      ] {
        func run(_ stack: StackedRecurrent<Cell>, threads: Int = 1) -> [Tensor<Double>] {
          Self.results(
            stack, input, time: time, batch: batch, lengths: lengths, resets: atEnd || lengths != nil ? resets : nil,
            atEnd: atEnd,
            givenState: givenState, threads: threads)
        }
        let expected = run(plain)
        let place: Comment = "\(label), \(input), ragged \(lengths != nil), at end \(atEnd), T \(time), B \(batch)"
        #expect(differences(run(again), expected).isEmpty, place)
        for threads in threads { #expect(differences(run(again, threads: threads), expected).isEmpty, place) }
      }
    }
  }

  /// Indices of the tensors that differ.
  private func differences(_ a: [Tensor<Double>], _ b: [Tensor<Double>]) -> [Int] {
    a.count == b.count ? a.indices.filter { a[$0] != b[$0] } : [-1]
  }

  /// Every regularization that the layers of a cell can have.
  private static func regularized(_ kind: SampleCell) -> StackOptions {
    StackOptions(
      dropout: 0.3, weightDrop: SampleCell.withRecurrentWeight.contains(kind) ? 0.2 : 0, residual: true,
      learnsInitialState: true)
  }

  /// 128 sequences make chunks of 4 steps, 256 of 2: 10 steps are then segments of one chunk, 9 of two.
  @Test(
    arguments: sweep(debug: [.elmanTanh, .gru, .layerNormLSTM, .minLSTM], release: SampleCell.allCases),
    [(10, 128), (9, 256)])
  func fusedRunsThatRecomputeGiveTheSameBits(kind: SampleCell, size: (time: Int, batch: Int)) throws {
    func check<Cell: RecurrentCell<Double>>(_ below: Cell) throws {
      var random = RandomSource(seed: 2)
      let cells = [below, kind.random(input: 3, hidden: 3, using: &random) as! Cell]
      try expectSameBits(
        cells, Self.regularized(kind), time: size.time, batch: size.batch,
        inputs: size.batch == 128 ? sweep(debug: [.tokens], release: Input.allCases) : [.vectors], "seed 1")
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 3, hidden: 3, using: &random))
  }

  @Test(arguments: sweep(debug: [.elmanTanh, .gru, .lstm, .minLSTM], release: SampleCell.allCases))
  func runsWithZoneoutThatRecomputeGiveTheSameBits(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ below: Cell) throws {
      var random = RandomSource(seed: 2)
      let above = kind.random(input: 3, hidden: 3, using: &random) as! Cell
      try check([below, above].map { Zoneout($0, hidden: 0.2, memory: 0.3) }, "zoneout, seed 1")
      guard kind == .gru else { return }
      try check([below, above].map { Zoneout(Unrolled($0), hidden: 0.2, memory: 0.3) }, "unrolled zoneout, seed 1")
    }
    func check<Cell: RecurrentCell<Double>>(_ cells: [Cell], _ label: String) throws {
      try expectSameBits(
        cells, Self.regularized(kind), time: 10, batch: 128, inputs: [.vectors, .longTable], threads: [2], label)
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 3, hidden: 3, using: &random))
  }

  @Test func longSequencesAndOtherStructuresGiveTheSameBits() throws {
    var random = RandomSource(seed: 3)
    let projected = [3, 2].map { LSTMCell<Double>(input: $0, hidden: 4, projection: 2).drawn(using: &random) }
    try expectSameBits(
      projected, StackOptions(dropout: 0.3, dropoutIsLocked: true), time: 300, batch: 1, inputs: [.vectors, .tokens],
      "projected, seed 3")
    let own = [3, 2].map { MinimalGatedCell(input: $0, hidden: 2).drawn(using: &random) }
    try expectSameBits(own, StackOptions(), time: 10, batch: 128, inputs: [.vectors], "a cell of one's own, seed 3")
  }

  @Test func theMemoryOfAManyToOneNetGrowsWithTheRootOfTime() {
    var random = RandomSource(seed: 6)
    let cell = LSTMCell<Double>(input: 20, hidden: 4).drawn(using: &random)
    let batch = 16
    /// Peak size of the pool, and the gradients.
    func run(time: Int, recomputes: Bool) -> (bytes: Int, gradients: [Tensor<Double>]) {
      let stack = StackedRecurrent([cell], options: StackOptions(weightDrop: 0.2, recomputes: recomputes)).bound()
      let workspace = Workspace<Double>()
      var random = RandomSource(seed: 7)
      let grid = TokenGrid(
        ids: (0..<time * batch).map { _ in Int32.random(in: 0..<20, using: &random) }, time: time, batch: batch)
      let tape = Tape<Double>()
      var context = ForwardContext(tape: tape, mode: .training, workspace: workspace)
      let gradients = projection(stack.runToEnd(.tokens(grid), in: &context).output, seed: 1).gradients()
      return (workspace.pool.bytesAllocated, stack.parameters.map { gradients[$0.parameter]! })
    }
    let (short, long) = (run(time: 100, recomputes: true), run(time: 10_000, recomputes: true))
    #expect(long.bytes <= 4 * short.bytes, "at most √100 = 10 times; weights and chunks do not grow")
    let (shortPlain, longPlain) = (run(time: 100, recomputes: false), run(time: 10_000, recomputes: false))
    #expect(longPlain.bytes > 50 * shortPlain.bytes, "what is kept without recomputation grows with time")
    #expect(differences(long.gradients, longPlain.gradients).isEmpty)
    #expect(differences(short.gradients, shortPlain.gradients).isEmpty)
  }

  @Test func theTapeIsReleasedWithItsLastReference() {
    var random = RandomSource(seed: 8)
    let stack = StackedRecurrent(
      [GRUCell<Double>(input: 3, hidden: 2).drawn(using: &random)],
      options: StackOptions(weightDrop: 0.5, recomputes: true)
    ).bound()
    weak var released: Tape<Double>?
    do {
      let tape = Tape<Double>()
      released = tape
      var context = ForwardContext(tape: tape, mode: .training)
      _ = stack.runToEnd(.vectors(Variable(.ones([10, 128, 3]))), in: &context)
    }
    #expect(released == nil)
  }

  @Test func layersOfTwoDirectionsThatRecomputeTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let cell = GRUCell<Float>(input: 3, hidden: 4)
      _ = StackedRecurrent([cell], reverse: [cell], options: StackOptions(recomputes: true))
    }
    expectMessage("StackedRecurrent: layers of two directions cannot recompute", from: result)
  }
}
