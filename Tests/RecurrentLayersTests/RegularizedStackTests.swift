import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Locked dropout between layers, and weight drop.
@Suite struct RegularizedStackTests {
  private static let options = [
    StackOptions(dropout: 0.4, dropoutIsLocked: true), StackOptions(weightDrop: 0.4),
    StackOptions(dropout: 0.3, dropoutIsLocked: true, weightDrop: 0.3, residual: true),
  ]
  private let time = 5
  private let batch = 3

  private func layers<Cell: RecurrentCell<Double>>(_ below: Cell, _ kind: SampleCell, seed: UInt64) -> [Cell] {
    var random = RandomSource(seed: seed)
    return [below, kind.random(input: below.hiddenSize, hidden: below.hiddenSize, using: &random) as! Cell]
  }

  private func first(_ kind: SampleCell, hidden: Int, seed: UInt64) -> any RecurrentCell<Double> {
    var random = RandomSource(seed: seed)
    return kind.random(input: 3, hidden: hidden, using: &random)
  }

  private func input(seed: UInt64, time: Int = 5) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal([time, batch, 3], using: &random)
  }

  @Test(arguments: SampleCell.sweptWithRecurrentWeight, [false, true])
  func gradientsAreNumericOnes(kind: SampleCell, isUnrolled: Bool) throws {
    let time = amount(debug: 3, release: 5)
    func check<Cell: RecurrentCell<Double>>(_ cells: [Cell], _ options: StackOptions, _ lengths: SequenceLengths?) {
      let stack = StackedRecurrent(cells, options: options)
      let inputs = [(name: "input", value: input(seed: 2, time: time))]
      let comparisons = GradientCheck.compare(stack, inputs: inputs, mode: .training) {
        let (outputs, state) = $0.run(.vectors($1[0], lengths: lengths), in: &$2)
        return loss(outputs, state.flatMap(\.components), of: .both)
      }
      expectPassing(comparisons, "\(options), seed 1")
    }
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) throws {
      let cells = layers(cell, kind, seed: 7)
      let lengths = try SequenceLengths([2, time, min(3, time)], time: time)
      if isUnrolled {
        check(cells.map { Unrolled($0) }, Self.options[2], lengths)
      } else {
        for (index, lengths) in sweep(debug: [(2, lengths)], release: [(0, nil), (2, lengths)]) {
          check(cells, Self.options[index], lengths)
        }
      }
    }
    try check(first(kind, hidden: 2, seed: 1))
  }

  @Test(arguments: SampleCell.sweptWithRecurrentWeight)
  func fusedAgreesWithUnrolledAndThreadsChangeNoBit(kind: SampleCell) throws {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ options: StackOptions, _ lengths: SequenceLengths?) {
      let fused = StackedRecurrent(layers(cell, kind, seed: 3), options: options).bound()
      let unrolled = StackedRecurrent(fused.cells.map { Unrolled($0) }, options: options).bound()
      let (a, b) = (results(fused, lengths, threads: 1), results(unrolled, lengths, threads: 1))
      for (x, y) in zip(a, b) {
        #expect((x - y).absolute().max().scalar < 1e-10 * max(1, y.absolute().max().scalar), "\(options), seed 3")
      }
      for threads in [2, 3] {
        #expect(results(fused, lengths, threads: threads) == a, "\(options), \(threads) threads, seed 3")
      }
    }
    for options in Self.options {
      for lengths in [nil, try SequenceLengths([5, 1, 3], time: time)] {
        check(first(kind, hidden: 17, seed: 3), options, lengths)
      }
    }
  }

  private func results<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ lengths: SequenceLengths?, threads: Int
  ) -> [Tensor<Double>] {
    let tape = Tape<Double>()
    var context = ForwardContext(
      tape: tape, mode: .training, random: RandomSource(seed: 4), workspace: Workspace(threads: threads))
    let x = tape.watch(input(seed: 5))
    let (outputs, state) = stack.run(.vectors(x, lengths: lengths), in: &context)
    let gradients = loss(outputs, state.flatMap(\.components), of: .both).gradients()
    return [outputs.value] + state.flatMap { $0.components.map(\.value) } + [gradients[x]!]
      + stack.parameters.map { gradients[$0.parameter]! }
  }

  @Test func outputsBetweenLayersDropForAWholeSequence() {
    let stack = StackedRecurrent(
      layers(first(.gru, hidden: 6, seed: 8) as! GRUCell<Double>, .gru, seed: 9), options: Self.options[0])
    var whole = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 1))
    let found = stack.run(.vectors(Variable(input(seed: 10))), in: &whole).outputs.value
    var parts = ForwardContext<Double>(mode: .training, random: RandomSource(seed: 1))
    let below = StackedRecurrent([stack.cells[0]]).run(.vectors(Variable(input(seed: 10))), in: &parts).outputs
    let between = lockedDropout(below, probability: 0.4, in: &parts)
    #expect(StackedRecurrent([stack.cells[1]]).run(.vectors(between), in: &parts).outputs.value == found)
  }

  @Test(arguments: [0.2, 0.5], [1, 2] as [UInt64])
  func aPassDropsElementsOfTheRecurrentWeightOnce(probability: Double, seed: UInt64) {
    var random = RandomSource(seed: 20)
    let cell = LSTMCell<Double>(input: 3, hidden: 30).drawn(using: &random)
    let dropped = StackedRecurrent([cell], options: StackOptions(weightDrop: probability)).bound()
    let tape = Tape<Double>()
    var context = ForwardContext(tape: tape, mode: .training, random: RandomSource(seed: seed))
    let (outputs, _) = dropped.run(.vectors(Variable(input(seed: 21))), in: &context)
    let gradient = projection(outputs, seed: 1).gradients()[dropped.cells[0].weights.recurrentWeight]!
    let n = Double(gradient.count)
    let share = Double(gradient.scalars.count { $0 == 0 }) / n
    #expect(abs(share - probability) < 5 * (probability * (1 - probability) / n).squareRoot(), "seed \(seed)")
    // With what was dropped taken out of the weight, the plain cell gives the same at every step.
    var masked = cell
    let mask = gradient.scalars.map { $0 == 0 ? 0 : 1 / (1 - probability) }
    masked.weights.recurrentWeight.value = cell.weights.recurrentWeight.value * Tensor(mask, shape: gradient.shape)
    var plain = ForwardContext<Double>()
    #expect(
      StackedRecurrent([masked]).run(.vectors(Variable(input(seed: 21))), in: &plain).outputs.value == outputs.value)
    var other = ForwardContext<Double>(mode: .training, random: RandomSource(seed: seed + 50))
    #expect(dropped.run(.vectors(Variable(input(seed: 21))), in: &other).outputs.value != outputs.value)
  }

  @Test func aDroppedWeightIsNeverTakenForTheWholeOne() {
    let cells = layers(first(.lstm, hidden: 6, seed: 8) as! LSTMCell<Double>, .lstm, seed: 9)
    let (plain, dropped) = (
      StackedRecurrent(cells).bound(), StackedRecurrent(cells, options: StackOptions(weightDrop: 0.5)).bound()
    )
    let x = SequenceInput.vectors(Variable(input(seed: 11)))
    var fresh = ForwardContext<Double>()
    let expected = plain.run(x, in: &fresh).outputs.value
    let workspace = Workspace<Double>()
    for step in 0..<3 {
      let tape = Tape<Double>()
      var training = ForwardContext(
        tape: tape, mode: .training, random: RandomSource(seed: UInt64(step)), workspace: workspace)
      _ = projection(dropped.run(x, in: &training).outputs, seed: 1).gradients()
      var inference = ForwardContext(workspace: workspace)
      #expect(dropped.run(x, in: &inference).outputs.value == expected, "at inference nothing is dropped, step \(step)")
    }
  }

  @Test func weightDropOfACellWithoutRecurrentWeightsTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let cell = MinimalGatedCell(input: 2, hidden: 3).drawn(using: &random)
      _ = StackedRecurrent([cell], options: StackOptions(weightDrop: 0.1))
    }
    expectMessage(
      "StackedRecurrent: weight drop needs recurrent weights, and a MinimalGatedCell names none", from: result)
    let probability = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3)], options: StackOptions(weightDrop: 1))
    }
    expectMessage("StackedRecurrent: the probability 1.0 of weight drop is not in 0..<1", from: probability)
  }

  @Test func optionsBetweenLayersWithNothingBetweenTrap() async {
    let dropout = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 3)], dropout: 0.5)
    }
    expectMessage("StackedRecurrent: dropout acts between layers, and there is 1 layer", from: dropout)
    let layer = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Recurrent(GRUCell<Float>(input: 2, hidden: 3), dropout: 0.5)
    }
    expectMessage("StackedRecurrent: dropout acts between layers, and there is 1 layer", from: layer)
    let residual = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StackedRecurrent(
        [GRUCell<Float>(input: 2, hidden: 3), GRUCell(input: 3, hidden: 4)], options: StackOptions(residual: true))
    }
    expectMessage("StackedRecurrent: residual connections lead around layers above the first", from: residual)
  }
}
