import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Directions, residual connections, learned initial states and projections.
@Suite struct StackStructureTests {
  private typealias Cell = LSTMCell<Double>
  private let batch = 3
  private let time = 4
  private let lengths = [3, 4, 2]

  private static let options: [StackOptions] = [
    StackOptions(), StackOptions(merging: .sum), StackOptions(residual: true),
    StackOptions(dropout: 0.3, residual: true, learnsInitialState: true, merging: .sum),
    StackOptions(learnsInitialState: true),
  ]

  /// Two layers of either direction.
  private func stack(
    _ options: StackOptions, bidirectional: Bool, projection: Int? = nil, hidden: Int = 4, seed: UInt64
  ) -> StackedRecurrent<Cell> {
    var random = RandomSource(seed: seed)
    let output = projection ?? hidden
    let width = bidirectional && options.merging == .concatenate ? 2 * output : output
    func cells() -> [Cell] {
      [3, width].map { LSTMCell(input: $0, hidden: hidden, projection: projection).drawn(using: &random) }
    }
    let forward = cells()
    var stack = StackedRecurrent(forward, reverse: bidirectional ? cells() : [], options: options)
    // Initial states start at zero, where little can go wrong.
    stack.updateParameters { parameter, name in
      if name.hasPrefix("initial") { parameter.value = .full(parameter.shape, name.contains("cell") ? 0.4 : -0.3) }
    }
    return stack
  }

  private func input(seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal([time, batch, 3], using: &random)
  }

  private func weighted(_ variable: Variable<Double>, seed: UInt64) -> Variable<Double> {
    projection(variable, seed: seed)
  }

  @Test(arguments: zip([options[0], options[3], options[3]], [true, true, false]))
  func gradientsAreNumericOnes(options: StackOptions, bidirectional: Bool) throws {
    let hidden = amount(debug: 2, release: 3)
    let ragged = (hidden - 1 as Int?, try SequenceLengths(lengths, time: time) as SequenceLengths?)
    for (projection, lengths) in sweep(debug: [ragged], release: [(nil, nil), ragged]) {
      let stack = stack(options, bidirectional: bidirectional, projection: projection, hidden: hidden, seed: 1)
      let comparisons = GradientCheck.compare(stack, inputs: [("input", input(seed: 2))], mode: .training) {
        let (outputs, state) = $0.run(.vectors($1[0], lengths: lengths), in: &$2)
        let last = $0.runToEnd(.vectors($1[0], lengths: lengths), in: &$2).output
        let states = state.flatMap(\.components).enumerated().map { weighted($1, seed: UInt64($0 + 3)) }
        return states.reduce(weighted(outputs, seed: 1) + weighted(last, seed: 2), +)
      }
      expectPassing(comparisons, "\(options), projection \(projection ?? 0)")
    }
  }

  @Test(arguments: [nil, 3] as [Int?], [1, 2, 3])
  func fusedAgreesWithUnrolled(projection: Int?, threads: Int) throws {
    for options in Self.options {
      for bidirectional in [false, true] {
        let fused = stack(
          options, bidirectional: bidirectional, projection: projection, hidden: amount(debug: 9, release: 17), seed: 3
        ).bound()
        var unrolled = StackedRecurrent(
          fused.cells.map { Unrolled($0) }, reverse: fused.reverseCells.map { Unrolled($0) }, options: options)
        unrolled.initialStates = fused.initialStates
        unrolled.bind()
        for lengths in [nil, try SequenceLengths(lengths, time: time)] {
          let (a, b) = (results(fused, lengths, threads: threads), results(unrolled, lengths, threads: 1))
          #expect(a.count == b.count)
          for (x, y) in zip(a, b) {
            #expect((x - y).absolute().max().scalar < 1e-10 * max(1, y.absolute().max().scalar), "\(options), seed 3")
          }
          #expect(results(fused, lengths, threads: 1) == a, "\(threads) threads, \(options)")
        }
      }
    }
  }

  /// Outputs, last outputs, final states and all gradients.
  private func results<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ lengths: SequenceLengths?, threads: Int
  ) -> [Tensor<Double>] {
    let tape = Tape<Double>()
    var context = ForwardContext(
      tape: tape, mode: .training, random: RandomSource(seed: 4), workspace: Workspace(threads: threads))
    let x = tape.watch(input(seed: 5))
    let (outputs, state) = stack.run(.vectors(x, lengths: lengths), in: &context)
    var again = ForwardContext(
      tape: tape, mode: .training, random: RandomSource(seed: 4), workspace: Workspace(threads: threads))
    let last = stack.runToEnd(.vectors(x, lengths: lengths), in: &again).output
    let states = state.flatMap(\.components)
    let loss = states.enumerated().reduce(projection(outputs, seed: 1) + projection(last, seed: 2)) {
      $0 + projection($1.element, seed: UInt64($1.offset + 3))
    }
    let gradients = loss.gradients()
    return [outputs.value, last.value] + states.map(\.value) + [gradients[x]!]
      + stack.parameters.map { gradients[$0.parameter]! }
  }

  @Test(arguments: [false, true])
  func theBackwardDirectionIsTheForwardOneOnTheReversedSequence(ragged: Bool) throws {
    let both = stack(StackOptions(), bidirectional: true, seed: 6)
    let layer = StackedRecurrent([both.cells[0]], reverse: [both.reverseCells[0]])
    let x = input(seed: 7)
    let steps = ragged ? lengths : Array(repeating: time, count: batch)
    var context = ForwardContext<Double>()
    let sequence = SequenceInput.vectors(Variable(x), lengths: try SequenceLengths(steps, time: time))
    let (outputs, state) = layer.run(sequence, in: &context)
    let last = layer.runToEnd(sequence, in: &context).output.value
    #expect(outputs.shape == [time, batch, 8])
    for (b, count) in steps.enumerated() {
      let own = x.slice(axis: 1, b..<b + 1).rows(0..<count)
      let turned = Tensor.stack((0..<count).reversed().map { own.row($0) })
      func run(_ cell: Cell, _ x: Tensor<Double>) -> (outputs: Tensor<Double>, state: [Tensor<Double>]) {
        let (outputs, state) = cell.run(
          .vectors(Variable(x)), from: cell.initialState(batchSize: 1, in: &context), in: &context)
        return (outputs.value, state.components.map(\.value))
      }
      let (forward, backward) = (run(layer.cells[0], own), run(layer.reverseCells[0], turned))
      for t in 0..<count {
        let expected = forward.outputs.row(t).scalars + backward.outputs.row(count - 1 - t).scalars
        let found = outputs.value.row(t).row(b).scalars
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-14 }, "sequence \(b), step \(t)")
      }
      let ends = forward.outputs.row(count - 1).scalars + backward.outputs.row(count - 1).scalars
      #expect(zip(last.row(b).scalars, ends).allSatisfy { abs($0 - $1) < 1e-14 }, "sequence \(b)")
      let finals = state.flatMap { $0.components.map { $0.value.row(b).scalars } }.joined()
      let expected = (forward.state + backward.state).flatMap(\.scalars)
      #expect(zip(finals, expected).allSatisfy { abs($0 - $1) < 1e-14 }, "sequence \(b)")
    }
  }

  @Test func parametersHavePyTorchsNames() {
    let stack = stack(StackOptions(learnsInitialState: true), bidirectional: true, projection: 2, seed: 8)
    let own = ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"]
    let places = ["_l0", "_l0_reverse", "_l1", "_l1_reverse"]
    let initial = places.flatMap { place in ["initial_hidden", "initial_cell"].map { $0 + place } }
    #expect(stack.parameters.map(\.name) == places.flatMap { place in own.map { $0 + place } } + initial)
    #expect(stack.parameters.suffix(2).map(\.parameter.shape) == [[2], [4]])
    #expect(stack.outputSize == 4)
  }

  @Test func aResidualConnectionAddsWhatALayerReads() {
    let plain = stack(StackOptions(), bidirectional: false, seed: 9)
    let residual = StackedRecurrent(plain.cells, options: StackOptions(residual: true))
    var context = ForwardContext<Double>()
    let x = SequenceInput.vectors(Variable(input(seed: 10)))
    let below = StackedRecurrent([plain.cells[0]]).run(x, in: &context).outputs.value
    #expect(residual.run(x, in: &context).outputs.value == plain.run(x, in: &context).outputs.value + below)
    #expect(
      residual.runToEnd(x, in: &context).output.value
        == plain.runToEnd(x, in: &context).output.value + below.row(time - 1))
  }

  @Test func aLearnedStateIsTheSameForEverySequence() {
    let learned = stack(StackOptions(learnsInitialState: true), bidirectional: false, seed: 11)
    var context = ForwardContext<Double>()
    let state = learned.initialState(batchSize: 2, in: &context)
    #expect(state.flatMap { $0.components.map(\.value) } == [-0.3, 0.4, -0.3, 0.4].map { .full([2, 4], $0) })
    let given = StackedRecurrent(learned.cells).run(
      .vectors(Variable(input(seed: 12))), from: learned.initialState(batchSize: 3, in: &context), in: &context)
    #expect(learned.run(.vectors(Variable(input(seed: 12))), in: &context).outputs.value == given.outputs.value)
  }

  @Test func cellsOfTwoDirectionsThatDifferTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let (four, five) = (
        GRUCell<Float>(input: 3, hidden: 4).drawn(using: &random),
        GRUCell<Float>(input: 3, hidden: 5).drawn(using: &random)
      )
      _ = StackedRecurrent([four], reverse: [five])
    }
    expectMessage("StackedRecurrent: the cells of the two directions differ in number or sizes", from: result)
    let projection = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = LSTMCell<Float>(input: 3, hidden: 4, projection: 4)
    }
    expectMessage("a recurrent cell of 4 hidden units cannot have a projection to 4", from: projection)
  }

  /// Each layer's outputs are those of the stack that ends with it.
  @Test(arguments: [StackOptions(), StackOptions(residual: true), StackOptions(merging: .sum)])
  func theOutputsOfEveryLayerAreThoseOfTheStackBelow(options: StackOptions) {
    var random = RandomSource(seed: 3)
    let isBidirectional = options.merging == .sum
    let sizes = [(3, 4), (4, 4), (4, 4)]
    func cells() -> [GRUCell<Double>] { sizes.map { GRUCell(input: $0, hidden: $1).drawn(using: &random) } }
    let (forward, reverse) = (cells(), isBidirectional ? cells() : [])
    let input = SequenceInput.vectors(
      Variable(Tensor<Double>.normal([5, 2, 3], mean: 0, standardDeviation: 1, using: &random)))
    var context = ForwardContext<Double>()
    let whole = StackedRecurrent(forward, reverse: reverse, options: options).runEveryLayer(input, in: &context)
    #expect(whole.outputs.count == 3)
    for count in 1...3 {
      var options = options
      if count == 1 { options.residual = false }
      let part = StackedRecurrent(Array(forward[..<count]), reverse: Array(reverse.prefix(count)), options: options)
      let (outputs, state) = part.run(input, in: &context)
      #expect(outputs.value == whole.outputs[count - 1].value)
      #expect(state.map { $0.hidden.value } == whole.state.prefix(state.count).map { $0.hidden.value })
    }
  }
}
