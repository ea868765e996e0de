import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct StateTests {
  private func constant<Scalar, State: RecurrentState<Scalar>>(_ tensors: [Tensor<Scalar>]) -> State {
    State(components: tensors.prefix(State.componentNames.count).map { Variable($0) })
  }

  @Test(arguments: SampleCell.allCases)
  func theStatePassedOnEqualsOneLongRun(kind: SampleCell) {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type) {
      for (batch, hidden) in [(1, 17), (3, 4), (5, 33)] {
        var random = RandomSource(seed: 1)
        let cell = kind.random(Scalar.self, input: 3, hidden: hidden, using: &random)
        let point = SequencePoint<Scalar>(time: 9, batch: batch, input: 3, hidden: hidden, using: &random)
        check(cell, point)
        if let cell = cell as? any RecurrentCell<Double>, let point = point as? SequencePoint<Double> {
          checkUnrolled(cell, point)
        }
      }
    }
    func checkUnrolled<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      check(Unrolled(cell), point)
    }
    func check<Scalar, Cell: RecurrentCell<Scalar>>(_ cell: Cell, _ point: SequencePoint<Scalar>) {
      let (ids, batch) = (point.grid.ids, point.grid.batch)
      func part(_ range: Range<Int>, tokens: Bool) -> SequenceInput<Scalar> {
        tokens
          ? .tokens(
            TokenGrid(
              ids: Array(ids[range.lowerBound * batch..<range.upperBound * batch]), time: range.count, batch: batch))
          : .vectors(Variable(point.input.rows(range)))
      }
      for tokens in [false, true] {
        var context = ForwardContext<Scalar>()
        let long = cell.run(part(0..<9, tokens: tokens), from: constant(point.state), in: &context)
        let first = cell.run(part(0..<5, tokens: tokens), from: constant(point.state), in: &context)
        let second = cell.run(part(5..<9, tokens: tokens), from: first.state, in: &context)
        #expect(Tensor.concatenate([first.outputs.value, second.outputs.value]) == long.outputs.value)
        #expect(second.state.components.map(\.value) == long.state.components.map(\.value))
      }
    }
    check(Float.self)
    check(Double.self)
  }

  @Test(arguments: SampleCell.allCases)
  func theLastOutputIsTheFinalHiddenState(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      var context = ForwardContext<Double>()
      let (outputs, final) = cell.run(.vectors(Variable(point.input)), from: constant(point.state), in: &context)
      #expect(outputs.value.row(3) == final.components[0].value)
    }
    var random = RandomSource(seed: 2)
    let cell = kind.random(input: 3, hidden: 4, using: &random)
    check(cell, SequencePoint(time: 4, batch: 2, input: 3, hidden: 4, using: &random))
  }

  @Test(arguments: SampleCell.allCases)
  func tokensEqualOneHotVectors(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let oneHot = Tensor<Double>.oneHot(point.grid.ids, classes: 6).reshaped([7, 3, 6])
      func run(_ sequence: SequenceInput<Double>) -> [Tensor<Double>] {
        let cell = cell.bound()
        var context = ForwardContext(tape: Tape<Double>())
        let (outputs, state) = cell.run(sequence, from: constant(point.state), in: &context)
        let gradients = loss(outputs, state.components, of: .both).gradients()
        return [outputs.value] + state.components.map(\.value) + cell.parameters.map { gradients[$0.parameter]! }
      }
      let (tokens, vectors) = (run(.tokens(point.grid)), run(.vectors(Variable(oneHot))))
      for (a, b) in zip(tokens, vectors) { #expect((a - b).absolute().max().scalar < 1e-12, "seed 3") }
    }
    var random = RandomSource(seed: 3)
    let cell = kind.random(input: 6, hidden: 5, using: &random)
    check(cell, SequencePoint(time: 7, batch: 3, input: 6, hidden: 5, using: &random))
  }

  @Test(arguments: SampleCell.allCases)
  func anAbsentStateEqualsZeros(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ input: Tensor<Double>) {
      let stack = StackedRecurrent([cell]).bound()
      func run(from state: [Cell.State]?) -> [Tensor<Double>] {
        var context = ForwardContext(tape: Tape<Double>())
        let (outputs, final) = stack.run(.vectors(Variable(input)), from: state, in: &context)
        let gradients = outputs.sum().gradients()
        return [outputs.value] + final[0].components.map(\.value)
          + stack.parameters.compactMap { gradients[$0.parameter] }
      }
      let absent = run(from: nil)
      #expect(absent == run(from: [.zeros(batchSize: 2, widths: Cell.State.componentNames.map { _ in 5 })]))
      #expect(absent.count == 1 + Cell.State.componentNames.count + stack.parameters.count)
      // The recurrent bias of a GRU's n gate counts at the zero state too.
      if let bias = stack.parameters.firstIndex(where: { $0.name == "bias_hh_l0" }) {
        let gradient = absent[absent.count - stack.parameters.count + bias]
        #expect(gradient.scalars.suffix(5).allSatisfy { $0 != 0 })
      }
    }
    var random = RandomSource(seed: 4)
    let cell = kind.random(input: 3, hidden: 5, using: &random)
    // Positive inputs of small positive weights keep every ReLU active, and no hard sigmoid is clipped.
    func positive<Cell: RecurrentCell<Double>>(_ cell: Cell) -> any RecurrentCell<Double> {
      var cell = cell
      cell.updateParameters { parameter, _ in parameter.value = parameter.value.absolute() * 0.2 }
      return cell
    }
    check(positive(cell), .uniform([1, 2, 3], in: 0.1..<1, using: &random))
  }

  @Test(arguments: SampleCell.allCases)
  func theZeroStateHasTheHiddenSize(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, input: Int, hidden: Int) {
      var context = ForwardContext<Double>()
      let state = cell.initialState(batchSize: 2, in: &context)
      #expect(state.components.map(\.value) == Cell.State.componentNames.map { _ in .zeros([2, hidden]) })
      let outputs = cell.run(.vectors(Variable(.ones([3, 2, input]))), from: state, in: &context).outputs
      #expect(outputs.shape == [3, 2, hidden])
    }
    for (input, hidden) in [(3, 7), (7, 3), (1, 5)] {
      var random = RandomSource(seed: 5)
      let cell = kind.random(input: input, hidden: hidden, using: &random)
      check(cell, input: input, hidden: hidden)
    }
  }

  @Test(arguments: SampleCell.allCases)
  func theGradientOfAWeightIsTheSumOverItsUsesInTime(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let cell = cell.bound()
      let count = cell.parameters.count
      var context = ForwardContext(tape: Tape<Double>())
      let run = cell.run(.vectors(Variable(point.input)), from: constant(point.state), in: &context)
      let gradients = loss(run.outputs, run.state.components, of: .both).gradients()

      // A copy of the cell for each step gives each use a gradient of its own.
      var apart = ForwardContext(tape: Tape<Double>())
      var (state, outputs): (Cell.State, [Variable<Double>]) = (constant(point.state), [])
      for t in 0..<5 {
        var copy = cell
        var slot = t * count
        copy.updateParameters { parameter, _ in
          parameter.bind(to: slot)
          slot += 1
        }
        let (output, next) = copy.step(Variable(point.input.row(t)), from: state, in: &apart)
        outputs.append(output)
        state = next
      }
      let parts = loss(.stack(outputs), state.components, of: .both).gradients()
      for (index, (name, parameter)) in cell.parameters.enumerated() {
        let uses = (0..<5).map { parts[slot: $0 * count + index]! }
        let sum = uses.dropFirst().reduce(uses[0], +)
        let difference = gradients[parameter]! - sum
        #expect(difference.absolute().max().scalar < 1e-11, "\(name), seed 6")
        #expect(uses.allSatisfy { ($0 - sum).sumOfSquares() > 0 }, "\(name): one use is all of the gradient, seed 6")
      }
    }
    var random = RandomSource(seed: 6)
    let cell = kind.random(input: 3, hidden: 4, using: &random)
    check(cell, SequencePoint(time: 5, batch: 2, input: 3, hidden: 4, using: &random))
  }

  @Test(arguments: SampleCell.allCases)
  func backpropagationStopsAtADetachedState(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ point: SequencePoint<Double>) {
      let cell = cell.bound()
      func gradients(carried: Bool) -> [Tensor<Double>?] {
        let tape = Tape<Double>()
        var context = ForwardContext(tape: tape)
        let first = tape.watch(point.input)
        var state = cell.run(.vectors(first), from: constant(point.state), in: &context).state
        if !carried { state = state.detached() }
        let second = tape.watch(point.input)
        let outputs = cell.run(.vectors(second), from: state, in: &context).outputs
        let gradients = outputs.squared().sum().gradients()
        return [gradients[first], gradients[second]]
      }
      #expect(gradients(carried: true).map { $0 != nil } == [true, true])
      #expect(gradients(carried: false).map { $0 != nil } == [false, true])
      #expect(gradients(carried: true)[1] == gradients(carried: false)[1])
    }
    var random = RandomSource(seed: 7)
    let cell = kind.random(input: 3, hidden: 4, using: &random)
    check(cell, SequencePoint(time: 3, batch: 2, input: 3, hidden: 4, using: &random))
  }
}
