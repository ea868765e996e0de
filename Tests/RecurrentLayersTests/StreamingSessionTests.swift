import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct StreamingSessionTests {
  private static let time = 7

  /// Layers, a head and vectors, [time, streams, 5].
  fileprivate struct Sample<Cell: RecurrentCell<Float>> {
    let stack: StackedRecurrent<Cell>
    let head: Dense<Float>
    let vectors: Tensor<Float>
    let streams: Int

    /// Outputs of a pass over the whole sequences, [time · streams, outputs], and the state after it.
    func whole(_ input: SequenceInput<Float>? = nil, hasHead: Bool = true) -> (
      outputs: Tensor<Float>, state: [Tensor<Float>]
    ) {
      var context = ForwardContext<Float>()
      let (outputs, state) = stack.run(input ?? .vectors(Variable(vectors)), in: &context)
      let all = hasHead ? head(outputs, in: &context) : outputs
      return (all.value.reshaped([time * streams, -1]), state.flatMap { $0.components.map(\.value) })
    }

    func session(_ items: StreamItems<Float> = .vectors, hasHead: Bool = true) -> StreamingSession<Float> {
      StreamingSession(stack, reading: items, head: hasHead ? head : nil, streams: streams)
    }

    func item(_ step: Int) -> Tensor<Float> { vectors.row(step) }
  }

  /// Calls `body` with two layers of each kind of cell: with 96 units, which are whole panels, and with 6.
  private func forEachSample(
    _ kind: SampleCell, streams: Int, options: StackOptions = StackOptions(),
    _ body: (_ sample: any StreamChecks) throws -> Void
  ) rethrows {
    for hidden in [96, 6] {
      var random = RandomSource(seed: 3)
      let below = kind.random(Float.self, input: 5, hidden: hidden, using: &random)
      let above = kind.random(Float.self, input: hidden, hidden: hidden, using: &random)
      func make<Cell: RecurrentCell<Float>>(_ below: Cell) -> any StreamChecks {
        Sample(
          stack: StackedRecurrent([below, above as! Cell], options: options),
          head: Dense(weight: .normal([4, hidden], using: &random), bias: .normal([4], using: &random)),
          vectors: .normal([Self.time, streams, 5], using: &random), streams: streams)
      }
      try body(make(below))
    }
  }

  // MARK: Laws

  @Test(arguments: SampleCell.allCases)
  func itemsGiveTheBitsOfAPassOverWholeSequences(kind: SampleCell) {
    for streams in [1, 3] {
      forEachSample(kind, streams: streams) { sample in
        for hasHead in [true, false] {
          #expect(sample.streamed(hasHead: hasHead) == sample.inOnePass(hasHead: hasHead), "\(streams) \(hasHead)")
        }
      }
    }
  }

  @Test func residualLayersAndLearnedStatesAreStreamedToo() {
    var options = StackOptions()
    (options.residual, options.learnsInitialState) = (true, true)
    forEachSample(.lstm, streams: 2, options: options) { sample in
      #expect(sample.streamed(hasHead: true) == sample.inOnePass(hasHead: true))
      #expect(sample.interleaved() == sample.inOnePass(hasHead: true))
    }
  }

  @Test func tokensAreReadOneHotOrByTheirVectors() {
    var random = RandomSource(seed: 4)
    let cell = GRUCell<Float>(input: 5, hidden: 6).drawn(using: &random)
    let sample = Sample(
      stack: StackedRecurrent([cell]), head: Dense<Float>(6, 4).drawn(using: &random),
      vectors: .normal([Self.time, 2, 5], using: &random), streams: 2)
    let ids = (0..<2 * Self.time).map { _ in Int32.random(in: 0..<5, using: &random) }
    let grid = TokenGrid(ids: ids, time: Self.time, batch: 2)
    let table = Tensor<Float>.normal([5, 5], using: &random)
    let embedded = SequenceInput<Float>.vectors(Variable(table.gatherRows(ids).reshaped([Self.time, 2, 5])))
    for (items, whole) in [(.tokens, .tokens(grid)), (.embedded(Embedding(weight: table)), embedded)]
      as [(StreamItems<Float>, SequenceInput<Float>)]
    {
      let session = sample.session(items)
      let outputs = (0..<Self.time).map { step in
        session.push(tokens: Array(ids[2 * step..<2 * step + 2]))
        return session.outputs
      }
      #expect(Tensor.concatenate(outputs) == sample.whole(whole).outputs)
    }
  }

  @Test func aCellOfOnesOwnIsStreamed() throws {
    var random = RandomSource(seed: 5)
    let stack = StackedRecurrent([MinimalGatedCell(input: 2, hidden: 3).drawn(using: &random)])
    let input = Tensor<Double>.normal([Self.time, 2, 2], using: &random)
    var context = ForwardContext<Double>()
    let whole = stack.run(.vectors(Variable(input)), in: &context).outputs.value
    let session = StreamingSession(stack, reading: .vectors, streams: 2)
    for step in 0..<Self.time {
      if step == 4 { try session.setState(of: 1, to: session.state(of: 1)) }
      session.push(input.row(step))
      #expect(session.outputs == whole.row(step))
    }
  }

  @Test func aCellMayKeepItsInput() {
    let session = StreamingSession(StackedRecurrent([DelayCell(inputSize: 2)]), reading: .vectors)
    for step in 0..<4 {
      let item = Float(step)
      session.push(Tensor([item, -item], shape: [1, 2]))
      #expect(session.outputs.scalars == (step == 0 ? [0, 0] : [item - 1, 1 - item]))
    }
  }

  @Test(arguments: SampleCell.allCases)
  func streamsWithoutAnItemStayAsTheyAre(kind: SampleCell) {
    forEachSample(kind, streams: 3) { #expect($0.interleaved() == $0.inOnePass(hasHead: true)) }
  }

  @Test(arguments: SampleCell.allCases)
  func aStateGoesOnInAnotherSession(kind: SampleCell) throws {
    try forEachSample(kind, streams: 2) { sample in
      for step in 1..<Self.time {
        let outputs = try sample.movedOver(after: step)
        #expect(outputs == sample.inOnePass(hasHead: true), "\(step)")
      }
    }
  }

  @Test(arguments: SampleCell.allCases)
  func aResetStreamBeginsInTheInitialState(kind: SampleCell) {
    var options = StackOptions()
    options.learnsInitialState = true
    for options in [StackOptions(), options] {
      forEachSample(kind, streams: 2, options: options) { sample in
        for step in 0..<3 { #expect(sample.begunAgain(after: step), "\(step)") }
      }
    }
  }

  @Test func aStateHasThePlainNamesOfItsComponents() {
    forEachSample(.lstm, streams: 2) {
      #expect($0.stateIsThatOfAPass(["cell_l0", "cell_l1", "hidden_l0", "hidden_l1"]))
    }
    forEachSample(.gru, streams: 2) { #expect($0.stateIsThatOfAPass(["hidden_l0", "hidden_l1"])) }
  }

  @Test func aStateOfOtherLayersIsRefusedAndChangesNothing() throws {
    var random = RandomSource(seed: 6)
    let session = StreamingSession(
      StackedRecurrent([LSTMCell<Float>(input: 2, hidden: 3).drawn(using: &random)]), reading: .vectors)
    session.push(.normal([1, 2], using: &random))
    let state = session.state(of: 0)
    func expect(_ error: StreamStateError, _ change: (inout [String: Tensor<Float>]) -> Void) {
      var other = state.mapValues { $0 * 2 }
      change(&other)
      #expect(throws: error) { try session.setState(of: 0, to: other) }
      #expect(session.state(of: 0) == state)
    }
    expect(.missing("cell_l0")) { $0["cell_l0"] = nil }
    expect(.shape("cell_l0", found: [4], wanted: [3])) { $0["cell_l0"] = .zeros([4]) }
    expect(.notFinite("hidden_l0")) { $0["hidden_l0"]![1] = .nan }
    expect(.unknown(["hidden_l1"])) { $0["hidden_l1"] = .zeros([3]) }
  }

  @Test func aHeadMayHaveAnActivation() {
    var random = RandomSource(seed: 7)
    let cell = GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)
    let weight = Tensor<Float>.normal([4, 3], using: &random)
    let sessions = [ActivationFunction.linear, .sigmoid].map { function in
      StreamingSession(StackedRecurrent([cell]), reading: .vectors, head: Dense(weight: weight, activation: function))
    }
    let vector = Tensor<Float>.normal([1, 2], using: &random)
    for session in sessions { session.push(vector) }
    #expect(sessions[1].outputs == ActivationFunction.sigmoid(Variable(sessions[0].outputs)).value)
    var copy = [Float](repeating: 0, count: 4)
    sessions[1].copyOutput(of: 0, to: &copy)
    #expect(copy == sessions[1].outputs.scalars)
  }

  /// Layers whose weights are more than a mebibyte, which threads share.
  @Test func threadsThatShareAStepChangeNoBit() throws {
    var random = RandomSource(seed: 8)
    let cells = [
      LSTMCell<Float>(input: 5, hidden: 256).drawn(using: &random),
      LSTMCell<Float>(input: 256, hidden: 256).drawn(using: &random),
    ]
    let head = Dense<Float>(256, 70).drawn(using: &random)
    let vectors = Tensor<Float>.normal([Self.time, 2, 5], using: &random)
    let teams = (1...3).map { ThreadTeam(threads: $0) }
    for weights in [ProductFormat.full, .int8Weights] where weights.isSupported(for: Float.self) {
      let sessions = teams.map {
        StreamingSession(
          StackedRecurrent(cells), reading: .vectors, head: head, streams: 2, weights: weights, team: $0)
      }
      for step in 0..<Self.time {
        for session in sessions {
          if step == 3 { session.reset(1) }
          if step == 5 { session.push(vectors.row(step).rows(1..<2), to: [0]) } else { session.push(vectors.row(step)) }
        }
        #expect(sessions[1].outputs == sessions[0].outputs && sessions[2].outputs == sessions[0].outputs, "\(step)")
      }
    }
  }

  // MARK: Traps

  @Test func layersThatReadBackwardAreNoStream() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let cell = GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)
      _ = StreamingSession(StackedRecurrent([cell], reverse: [cell]), reading: .vectors)
    }
    expectMessage("layers that read backward read no stream", from: result)
  }

  @Test func aTokenOutsideOfTheVocabularyTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let stack = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)])
      StreamingSession(stack, reading: .tokens).push(tokens: [2])
    }
    expectMessage("the token 2 is outside of the 2 that there are", from: result)
  }

  @Test func aStreamThatIsNotThereTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let stack = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)])
      StreamingSession(stack, reading: .tokens, streams: 2).reset(2)
    }
    expectMessage("stream 2 of 2", from: result)
  }

  @Test func aStreamHasOneItemInAStep() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let stack = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3).drawn(using: &random)])
      StreamingSession(stack, reading: .tokens, streams: 2).push(tokens: [0, 1], to: [1, 1])
    }
    expectMessage("stream 1 has two items in one step", from: result)
  }
}

/// A cell whose output is its last input.
private struct DelayCell: RecurrentCell {
  typealias Scalar = Float
  typealias State = HiddenState<Float>

  let inputSize: Int
  var hiddenSize: Int { inputSize }

  func step(
    _ input: Variable<Float>, from state: State, in context: inout ForwardContext<Float>
  ) -> (output: Variable<Float>, state: State) { (state.hidden, State(hidden: input)) }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {}
}

/// Runs of a session, for cells of any type.
private protocol StreamChecks {
  func streamed(hasHead: Bool) -> Tensor<Float>
  func inOnePass(hasHead: Bool) -> Tensor<Float>
  func interleaved() -> Tensor<Float>
  func movedOver(after step: Int) throws -> Tensor<Float>
  func begunAgain(after step: Int) -> Bool
  func stateIsThatOfAPass(_ names: [String]) -> Bool
}

extension StreamingSessionTests.Sample: StreamChecks {
  private var time: Int { vectors.shape[0] }

  func inOnePass(hasHead: Bool) -> Tensor<Float> { whole(hasHead: hasHead).outputs }

  func streamed(hasHead: Bool) -> Tensor<Float> {
    let session = session(hasHead: hasHead)
    return .concatenate(
      (0..<time).map { step in
        session.push(item(step))
        return session.outputs
      })
  }

  /// Outputs of streams of which every other one alone has an item in each step, so that they drift apart.
  func interleaved() -> Tensor<Float> {
    let session = session()
    var (next, outputs) = ([Int](repeating: 0, count: streams), [Int: Tensor<Float>]())
    for round in 0..<3 * time {
      let chosen = (0..<streams).filter {
        next[$0] < time && (round + $0) % 2 == 0 || next[$0] < time && round % 3 == $0
      }
      if chosen.isEmpty { continue }
      session.push(.concatenate(chosen.map { item(next[$0]).rows($0..<$0 + 1) }), to: chosen)
      for stream in chosen {
        outputs[next[stream] * streams + stream] = session.outputs.rows(stream..<stream + 1)
        next[stream] += 1
      }
    }
    return .concatenate((0..<time * streams).map { outputs[$0]! })
  }

  /// Outputs of streams that change their places and their session after some steps.
  func movedOver(after step: Int) throws -> Tensor<Float> {
    let (first, second) = (session(), session())
    second.push(item(0))
    var outputs = (0..<step).map { step in
      first.push(item(step))
      return first.outputs
    }
    let last = streams - 1
    for stream in 0..<streams { try second.setState(of: last - stream, to: first.state(of: stream)) }
    let turned = Array((0..<streams).reversed())
    for step in step..<time {
      second.push(item(step).rows(turned))
      outputs.append(second.outputs.rows(turned))
    }
    return .concatenate(outputs)
  }

  /// Whether a stream that is reset goes on like a new one, and the others as they would have.
  func begunAgain(after step: Int) -> Bool {
    let (session, other, new) = (session(), session(), session())
    for step in 0..<step {
      session.push(item(step))
      other.push(item(step))
    }
    session.reset(1)
    return (step..<step + 3).allSatisfy { step in
      for each in [session, other, new] { each.push(item(step)) }
      return session.outputs.row(1) == new.outputs.row(1) && session.outputs.row(0) == other.outputs.row(0)
    }
  }

  func stateIsThatOfAPass(_ names: [String]) -> Bool {
    let session = session()
    for step in 0..<time { session.push(item(step)) }
    let state = session.state(of: 1)
    let wanted = whole().state.map { $0.row(1) }
    let ofLayers = stack.cells.indices.flatMap { layer in Cell.State.componentNames.map { "\($0)_l\(layer)" } }
    return state.keys.sorted() == names && zip(ofLayers, wanted).allSatisfy { state[$0] == $1 }
  }
}
