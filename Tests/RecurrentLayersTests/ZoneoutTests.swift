import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct ZoneoutTests {
  private let time = 4
  private let batch = 3
  private let lengths = [2, 4, 1]

  private func input(seed: UInt64, padding: Double? = nil) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    var x = Tensor<Double>.normal([time, batch, 2], using: &random)
    guard let padding else { return x }
    for (b, length) in lengths.enumerated() {
      for t in length..<time { for i in 0..<2 { x[t, b, i] = padding } }
    }
    return x
  }

  @Test(arguments: SampleCell.sweptWithRecurrentWeight, [ForwardMode.training, .inference])
  func gradientsAreNumericOnes(kind: SampleCell, mode: ForwardMode) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      let stack = StackedRecurrent(
        [Zoneout(cell, hidden: 0.4, memory: 0.3)], options: StackOptions(weightDrop: 0.2))
      for lengths in [nil, try SequenceLengths(lengths, time: time)] {
        let comparisons = GradientCheck.compare(stack, inputs: [("input", input(seed: 3))], mode: mode) {
          let (outputs, state) = $0.run(.vectors($1[0], lengths: lengths), in: &$2)
          return loss(outputs, state.flatMap(\.components), of: .both)
        }
        expectPassing(comparisons, "seed 1")
      }
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 2, hidden: 2, using: &random))
  }

  @Test(arguments: [1, 2] as [UInt64])
  func unitsKeepTheirValuesStepByStepWithProbabilitiesOfTheirOwn(seed: UInt64) {
    var random = RandomSource(seed: seed)
    let cell = Zoneout(LSTMCell<Double>(input: 2, hidden: 200).drawn(using: &random), hidden: 0.2, memory: 0.6)
    var context = ForwardContext<Double>(mode: .training, random: RandomSource(seed: seed))
    var state = cell.initialState(batchSize: 20, in: &context)
    var kept: [[[Bool]]] = [[], []]
    for _ in 0..<3 {
      let (output, next) = cell.step(Variable(.uniform([20, 2], using: &random)), from: state, in: &context)
      #expect(output.value == next.hidden.value)
      for (index, (new, old)) in zip(next.components, state.components).enumerated() {
        kept[index].append(zip(new.value.scalars, old.value.scalars).map { $0 == $1 })
      }
      state = next
    }
    for (masks, probability) in zip(kept, [0.2, 0.6]) {
      for mask in masks {
        let share = Double(mask.count { $0 }) / 4000
        #expect(abs(share - probability) < 5 * (probability * (1 - probability) / 4000).squareRoot(), "seed \(seed)")
      }
      let both = Double(zip(masks[0], masks[1]).count { $0 && $1 }) / 4000
      #expect(abs(both - probability * probability) < 0.04, "steps are independent, seed \(seed)")
    }
  }

  /// c, n and m of an sLSTM are one number, scaled.
  @Test func theComponentsOfAMemoryKeepTheirValuesTogether() {
    var random = RandomSource(seed: 15)
    let cell = Zoneout(SLSTMCell<Double>(input: 2, hidden: 40).drawn(using: &random), hidden: 0.2, memory: 0.6)
    var context = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 15))
    let drawn = zip(SLSTMState<Double>.componentNames, cell.stateWidths).map { name, width in
      Variable(.randomState(name, [5, width], in: -0.9..<0.9, using: &random))
    }
    let state = SLSTMState(components: drawn)
    let next = cell.step(Variable(.uniform([5, 2], using: &random)), from: state, in: &context).state
    let kept = zip(next.components, state.components).map { new, old in
      zip(new.value.scalars, old.value.scalars).map { $0 == $1 }
    }
    #expect(kept[1] == kept[2] && kept[1] == kept[3] && kept[0] != kept[1], "seed 15")
    #expect(kept[1].contains(true) && kept[1].contains(false), "seed 15")
  }

  @Test func atInferenceTheStateIsTheMeanOfKeepingAndGoingOn() {
    var random = RandomSource(seed: 5)
    let plain = LSTMCell<Double>(input: 2, hidden: 3).drawn(using: &random)
    let cell = Zoneout(plain, hidden: 0.25, memory: 0.5)
    var context = ForwardContext<Double>()
    let state = LSTMState<Double>(
      hidden: Variable(.uniform([3, 3], using: &random)), cell: Variable(.uniform([3, 3], using: &random)))
    let x = Variable(input(seed: 6).row(0))
    let next = plain.step(x, from: state, in: &context).state
    let found = cell.step(x, from: state, in: &context).state
    #expect(found.hidden.value == state.hidden.value * 0.25 + next.hidden.value * 0.75)
    #expect(found.cell.value == state.cell.value * 0.5 + next.cell.value * 0.5)
    #expect(cell.parameters.map(\.name) == plain.parameters.map(\.name))
    let without = Zoneout(plain)
    var training = ForwardContext<Double>(mode: .training)
    let long = SequenceInput.vectors(Variable(input(seed: 7)))
    #expect(
      without.run(long, from: state, in: &training).outputs.value
        == plain.run(long, from: state, in: &training).outputs.value)
  }

  /// 130 sequences make chunks of 3 steps.
  @Test(arguments: SampleCell.swept, [ForwardMode.training, .inference])
  func fusedAgreesWithUnrolled(kind: SampleCell, mode: ForwardMode) throws {
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell, cellSize: Int? = nil) throws {
      for (time, batch) in [(1, 1), (5, 3), (amount(debug: 4, release: 7), 130)] {
        var random = RandomSource(seed: UInt64(time))
        let point = SequencePoint<Double>(
          time: time, batch: batch, input: 2, hidden: cell.hiddenSize, cellSize: cellSize, using: &random)
        let steps = (0..<batch).map { _ in Int.random(in: 1...time, using: &random) }
        let places = (0..<time * batch).map { _ in Int.random(in: 0..<3, using: &random) == 0 }
        let ragged = try SequenceLengths(steps, time: time)
        let resets = StateResets(places, time: time, batch: batch)
        for (hidden, memory) in [(0.4, 0.3), (0.3, 0), (0, 0.5)] {
          for (tokens, lengths, resets) in [(false, nil, nil), (true, ragged, nil), (false, ragged, resets)] {
            func run<C: RecurrentCell<Double>>(_ cell: C, threads: Int = 1) -> SequenceRun<Double> {
              SequenceRun(
                Zoneout(cell, hidden: hidden, memory: memory), on: point, tokens: tokens, lengths: lengths,
                resets: resets, mode: mode, threads: threads, seed: 2)
            }
            let place: Comment = "\(hidden), \(memory), T \(time), B \(batch), ragged \(lengths != nil), seed \(time)"
            let (fused, unrolled) = (run(cell), run(Unrolled(cell)))
            #expect(fused.names == unrolled.names)
            #expect(fused.differences(from: unrolled, tolerance: 1e-10) == [], place)
            #expect(run(cell, threads: 3).differences(from: fused) == [], place)
          }
        }
      }
    }
    var random = RandomSource(seed: 8)
    try compare(kind.random(input: 2, hidden: 3, using: &random))
    if kind == .lstm {
      try compare(LSTMCell<Double>(input: 2, hidden: 3, projection: 2).drawn(using: &random), cellSize: 3)
    }
  }

  /// After a reset the state is the learned initial one; units in zoneout keep their values of it or of the state before.
  @Test(arguments: SampleCell.swept)
  func sequencesThatForgetALearnedStateAgreeWithUnrolled(kind: SampleCell) throws {
    func results<Cell: RecurrentCell<Double>>(
      _ cell: Cell, _ lengths: SequenceLengths?, threads: Int = 1
    ) -> [Tensor<Double>] {
      var stack = StackedRecurrent(
        [Zoneout(cell, hidden: 0.4, memory: 0.3)], options: StackOptions(learnsInitialState: true)
      ).bound()
      var drawn = RandomSource(seed: 12)
      stack.updateParameters { parameter, name in
        guard name.hasPrefix("initial") else { return }
        parameter.value = .randomState(name, parameter.shape, in: -1..<1, using: &drawn)
      }
      let tape = Tape<Double>()
      var context = ForwardContext(
        tape: tape, mode: .training, random: RandomSource(seed: 13), workspace: Workspace(threads: threads))
      let x = tape.watch(input(seed: 14))
      // At the first step, in the middle, at a last step, and behind an end.
      let resets = StateResets((0..<time * batch).map { [0, 4, 5, 7, 8, 10].contains($0) }, time: time, batch: batch)
      let sequence = SequenceInput.vectors(x, lengths: lengths).resetting(at: resets)
      let (outputs, state) = stack.run(sequence, in: &context)
      let gradients = loss(outputs, state.flatMap(\.components), of: .both).gradients()
      return [outputs.value, gradients[x]!] + state.flatMap { $0.components.map(\.value) }
        + stack.parameters.map { gradients[$0.parameter]! }
    }
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      for lengths in [nil, try SequenceLengths(lengths, time: time)] {
        let fused = results(cell, lengths)
        for (a, b) in zip(fused, results(Unrolled(cell), lengths)) {
          let difference = (a - b).absolute().max().scalar
          #expect(difference <= 1e-10 * max(1, b.absolute().max().scalar), "ragged \(lengths != nil), seed 11")
        }
        #expect(results(cell, lengths, threads: 3) == fused, "ragged \(lengths != nil), seed 11")
      }
    }
    var random = RandomSource(seed: 11)
    try compare(kind.random(input: 2, hidden: 3, using: &random))
  }

  @Test func singlePrecisionAgreesWithUnrolledWithinItsRounding() {
    var random = RandomSource(seed: 9)
    let cell = LSTMCell<Float>(input: 5, hidden: 12).drawn(using: &random)
    let point = SequencePoint<Float>(time: 6, batch: 3, input: 5, hidden: 12, using: &random)
    func run<Cell: RecurrentCell<Float>>(_ cell: Cell) -> SequenceRun<Float> {
      SequenceRun(
        Zoneout(cell, hidden: 0.2, memory: 0.4), on: point, tokens: false, mode: .training, seed: 6)
    }
    #expect(run(cell).differences(from: run(Unrolled(cell)), tolerance: 2e-5) == [], "seed 9")
  }

  /// Dropout masks between and after the layers do not depend on the way through time.
  @Test func theWayThroughTimeDrawsNothingElse() {
    var random = RandomSource(seed: 10)
    let cells = [2, 3].map { GRUCell<Double>(input: $0, hidden: 3).drawn(using: &random) }
    let x = Variable(input(seed: 3))
    func outputs<Cell: RecurrentCell<Double>>(_ cells: [Cell]) -> Tensor<Double> {
      let stack = StackedRecurrent(cells.map { Zoneout($0, hidden: 0.3) }, dropout: 0.4).bound()
      var context = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 11))
      return dropout(stack.run(.vectors(x), in: &context).outputs, probability: 0.5, in: &context).value
    }
    let (fused, unrolled) = (outputs(cells), outputs(cells.map { Unrolled($0) }))
    #expect((fused - unrolled).absolute().max().scalar < 1e-14, "seed 10")
  }

  @Test(arguments: SampleCell.sweptWithRecurrentWeight)
  func neitherPaddingNorThreadsChangeABit(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      let stack = StackedRecurrent(
        [Zoneout(cell, hidden: 0.4, memory: 0.3)], options: StackOptions(weightDrop: 0.2)
      ).bound()
      let lengths = try SequenceLengths(lengths, time: time)
      func results(padding: Double, threads: Int) -> [Tensor<Double>] {
        let tape = Tape<Double>()
        var context = ForwardContext(tape: tape, mode: .training, workspace: Workspace(threads: threads))
        let x = tape.watch(input(seed: 3, padding: padding))
        let (outputs, state) = stack.run(.vectors(x, lengths: lengths), in: &context)
        let gradients = loss(outputs, state.flatMap(\.components), of: .both).gradients()
        return [outputs.value, gradients[x]!] + state.flatMap { $0.components.map(\.value) }
          + stack.parameters.map { gradients[$0.parameter]! }
      }
      let expected = results(padding: 0, threads: 1)
      for padding in [1e30, Double.infinity, .nan] { #expect(results(padding: padding, threads: 1) == expected) }
      for threads in [2, 3] { #expect(results(padding: 0, threads: threads) == expected) }
    }
    var random = RandomSource(seed: 1)
    try check(kind.random(input: 2, hidden: 3, using: &random))
  }

  @Test func aProbabilityOutsideOfTheRangeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Zoneout(LSTMCell<Float>(input: 2, hidden: 3), hidden: 0.1, memory: 1)
    }
    expectMessage("Zoneout: the probability 1.0 is not in 0..<1", from: result)
  }
}
