import Autograd
import CharrnnTestSupport
import Foundation
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Mistakes that recurrent networks elsewhere have made, each with the law that it breaks.
@Suite struct TrapTests {
  private func constant<Scalar, State: RecurrentState<Scalar>>(_ tensors: [Tensor<Scalar>]) -> State {
    State(components: tensors.prefix(State.componentNames.count).map { Variable($0) })
  }

  /// The reset gate applied to h before the product, as in Cho et al. (2014), is another network: with W_hn of two units it
  /// mixes what the gate lets through.
  @Test func theResetGateOfAGRUActsAfterTheProduct() {
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    var random = RandomSource(seed: 1)
    let cell = SampleCell.gru.random(input: 1, hidden: 2, using: &random) as! GRUCell<Double>
    let (x, h) = (0.7, [0.9, -0.8])
    let values = cell.parameters.map(\.parameter.value.scalars)
    func fromInput(_ row: Int) -> Double { values[0][row] * x + values[2][row] }
    func fromHidden(_ row: Int, _ h: [Double]) -> Double {
      values[1][2 * row] * h[0] + values[1][2 * row + 1] * h[1] + values[3][row]
    }
    let (r, z) = (
      [0, 1].map { sigmoid(fromInput($0) + fromHidden($0, h)) },
      [2, 3].map { sigmoid(fromInput($0) + fromHidden($0, h)) }
    )
    let gated = [r[0] * h[0], r[1] * h[1]]
    let after = [0, 1].map { tanh(fromInput(4 + $0) + r[$0] * fromHidden(4 + $0, h)) }
    let before = [0, 1].map { tanh(fromInput(4 + $0) + fromHidden(4 + $0, gated)) }
    func output(_ n: [Double]) -> [Double] { [0, 1].map { (1 - z[$0]) * n[$0] + z[$0] * h[$0] } }

    let input = SequenceInput.vectors(Variable(Tensor<Double>([x], shape: [1, 1, 1])))
    let state = HiddenState(hidden: Variable(Tensor<Double>(h, shape: [1, 2])))
    var context = ForwardContext<Double>()
    let fused = cell.run(input, from: state, in: &context).outputs.value.scalars
    for found in [fused, Unrolled(cell).run(input, from: state, in: &context).outputs.value.scalars] {
      #expect(zip(found, output(after)).allSatisfy { abs($0 - $1) < 1e-14 }, "seed 1")
      #expect(zip(found, output(before)).allSatisfy { abs($0 - $1) > 1e-2 }, "seed 1")
    }
  }

  @Test(arguments: SampleCell.allCases)
  func theStartStateIsUsedAtTheFirstStepAlone(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      var context = ForwardContext<Double>()
      let outputs = cell.run(.vectors(Variable(point.input)), from: constant(point.state), in: &context).outputs.value
      let start: Cell.State = constant(point.state)
      var state = start
      for t in 0..<4 {
        let x = Variable(point.input.row(t))
        let fromStart = cell.step(x, from: start, in: &context).output.value
        let next: Variable<Double>
        (next, state) = cell.step(x, from: state, in: &context)
        #expect((outputs.row(t) - next.value).absolute().max().scalar < 1e-14, "step \(t), seed 2")
        #expect((t == 0) == ((outputs.row(t) - fromStart).absolute().max().scalar < 1e-3), "step \(t), seed 2")
      }
    }
    func checkUnrolled<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      check(Unrolled(cell), point)
    }
    var random = RandomSource(seed: 2)
    let cell = kind.random(input: 3, hidden: 4, using: &random)
    let point = SequencePoint<Double>(time: 4, batch: 2, input: 3, hidden: 4, using: &random)
    check(cell, point)
    checkUnrolled(cell, point)
  }

  @Test(arguments: SampleCell.allCases)
  func theStateIsResetBetweenIndependentSequences(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ below: Cell, _ above: any RecurrentCell<Double>) {
      for options in [StackOptions(), StackOptions(learnsInitialState: true)] {
        for stack in [
          StackedRecurrent([below, above as! Cell], options: options),
          StackedRecurrent([below], reverse: [below], options: options),
        ] {
          check(Recurrent(stack, returning: .last))
          check(Recurrent(stack, returning: .all))
        }
      }
    }
    func check<Cell: RecurrentCell<Double>>(_ layer: Recurrent<Cell>) {
      // A single context and workspace, as in training: nothing kept there may act as state.
      var context = ForwardContext<Double>(workspace: Workspace())
      let fresh = documents.map { document in
        var context = ForwardContext<Double>(workspace: Workspace())
        return layer(Variable(document), in: &context).value
      }
      for place in [0, 1, 0, 2, 1] {
        #expect(layer(Variable(documents[place]), in: &context).value == fresh[place], "document \(place), seed 3")
      }
    }
    var random = RandomSource(seed: 3)
    let documents = [2, 5, 3].map { Tensor<Double>.normal([1, $0, 3], using: &random) }
    let below = kind.random(input: 3, hidden: 4, using: &random)
    check(below, kind.random(input: 4, hidden: 4, using: &random))
  }

  @Test func theZeroStateOfAProjectedLSTMIsAsWideAsItsOutputAndItsCell() {
    var random = RandomSource(seed: 4)
    for (input, hidden, projection) in [(3, 7, 2), (7, 3, 1), (2, 5, 4)] {
      let cell = LSTMCell<Double>(input: input, hidden: hidden, projection: projection).drawn(using: &random)
      var context = ForwardContext<Double>()
      let state = cell.initialState(batchSize: 2, in: &context)
      #expect(state.components.map(\.value) == [.zeros([2, projection]), .zeros([2, hidden])])
      let (outputs, final) = cell.run(.vectors(Variable(.ones([3, 2, input]))), from: state, in: &context)
      #expect(outputs.shape == [3, 2, projection])
      #expect(final.components.map(\.shape) == [[2, projection], [2, hidden]])
    }
  }

  /// Fused passes sum gradients over chunks of steps: around the ends of chunks a last one of one step, a whole one and
  /// one that a step is missing from.
  @Test(arguments: SampleCell.allCases, [false, true])
  func theLastChunkOfStepsIsNotOneOff(kind: SampleCell, ragged: Bool) throws {
    let (batch, input, hidden) = (40, 2, 3)
    let chunk = ChunkPlan(time: 1000, batch: batch).chunks[0].count
    #expect(chunk > 3 && chunk < 20)
    func compare<Cell: RecurrentCell<Double>>(_ cell: Cell, time: Int, cellSize: Int, seed: UInt64) throws {
      var random = RandomSource(seed: seed)
      let point = SequencePoint<Double>(
        time: time, batch: batch, input: input, hidden: cell.hiddenSize, cellSize: cellSize, using: &random)
      let steps = (0..<batch).map { _ in Int.random(in: 1...time, using: &random) }
      let lengths = ragged ? try SequenceLengths(steps, time: time) : nil
      let unrolled = SequenceRun(Unrolled(cell), on: point, tokens: false, lengths: lengths, seed: 6)
      for threads in [1, 3] {
        let fused = SequenceRun(cell, on: point, tokens: false, lengths: lengths, threads: threads, seed: 6)
        #expect(fused.differences(from: unrolled, tolerance: 1e-10) == [], "\(time) steps, seed \(seed)")
      }
    }
    var random = RandomSource(seed: 5)
    let cell = kind.random(input: input, hidden: hidden, using: &random)
    let projected = LSTMCell<Double>(input: input, hidden: hidden, projection: 2).drawn(using: &random)
    for time in [chunk - 1, chunk, chunk + 1, 2 * chunk, 2 * chunk + 1] {
      try compare(cell, time: time, cellSize: hidden, seed: UInt64(time))
      if kind == .lstm { try compare(projected, time: time, cellSize: hidden, seed: UInt64(time)) }
    }
  }
}
