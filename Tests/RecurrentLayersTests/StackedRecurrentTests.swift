import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct StackedRecurrentTests {
  @Test(arguments: SampleCell.allCases)
  func aStackIsOneCellAfterTheOther(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ below: Cell, _ above: Cell) {
      var context = ForwardContext<Double>()
      let input = SequenceInput.vectors(Variable<Double>(point.input))
      let states = [below, above].map { Cell.State.zeros(batchSize: 2, widths: $0.stateWidths) }
      let (outputs, final) = StackedRecurrent([below, above]).run(input, in: &context)
      let lower = below.run(input, from: states[0], in: &context)
      let upper = above.run(.vectors(lower.outputs), from: states[1], in: &context)
      #expect(outputs.value == upper.outputs.value)
      #expect(final[0].components.map(\.value) == lower.state.components.map(\.value))
      #expect(final[1].components.map(\.value) == upper.state.components.map(\.value))
    }
    func check<Cell: RecurrentCell<Double>>(_ below: Cell, above: any RecurrentCell<Double>) {
      check(below, above as! Cell)
    }
    var random = RandomSource(seed: 1)
    let below = kind.random(input: 3, hidden: 4, using: &random)
    let above = kind.random(input: 4, hidden: 5, using: &random)
    let point = SequencePoint<Double>(time: 6, batch: 2, input: 3, hidden: 4, using: &random)
    check(below, above: above)
  }

  /// Outputs, final states and all gradients of a stack.
  private func results<Scalar: TensorScalar>(
    _ kind: SampleCell, _ type: Scalar.Type, threads: Int, mode: ForwardMode, seed: UInt64
  ) -> [Tensor<Scalar>] {
    func run<Cell: RecurrentCell<Scalar>>(_ below: Cell, _ above: any RecurrentCell<Scalar>) -> [Tensor<Scalar>] {
      let stack = StackedRecurrent([below, above as! Cell], dropout: 0.4).bound()
      let tape = Tape<Scalar>()
      var context = ForwardContext(
        tape: tape, mode: mode, random: RandomSource(seed: seed), workspace: Workspace(threads: threads))
      let input = tape.watch(point.input)
      let (outputs, final) = stack.run(.vectors(input), in: &context)
      let gradients = (outputs.sum() + final[0].components[0].sum()).squared().gradients()
      return [outputs.value] + final.flatMap { $0.components.map(\.value) } + [gradients[input]!]
        + stack.parameters.map { gradients[$0.parameter]! }
    }
    var random = RandomSource(seed: 2)
    let below = kind.random(Scalar.self, input: 3, hidden: 20, using: &random)
    let above = kind.random(Scalar.self, input: 20, hidden: 7, using: &random)
    let point = SequencePoint<Scalar>(time: 5, batch: 3, input: 3, hidden: 1, using: &random)
    return run(below, above)
  }

  @Test(arguments: SampleCell.allCases)
  func withDropoutTheNumberOfThreadsChangesNoBit(kind: SampleCell) {
    for threads in [2, 3] {
      for mode in [ForwardMode.training, .inference] {
        let (float, double) = (Float.self, Double.self)
        #expect(
          results(kind, float, threads: threads, mode: mode, seed: 1)
            == results(kind, float, threads: 1, mode: mode, seed: 1))
        #expect(
          results(kind, double, threads: threads, mode: mode, seed: 1)
            == results(kind, double, threads: 1, mode: mode, seed: 1))
      }
    }
  }

  @Test(arguments: SampleCell.allCases)
  func dropoutActsBetweenLayersWhileTrainingOnly(kind: SampleCell) {
    func outputs(_ mode: ForwardMode, seed: UInt64) -> Tensor<Double> {
      results(kind, Double.self, threads: 1, mode: mode, seed: seed)[0]
    }
    #expect(outputs(.training, seed: 1) == outputs(.training, seed: 1))
    #expect(outputs(.training, seed: 1) != outputs(.training, seed: 2))
    #expect(outputs(.training, seed: 1) != outputs(.inference, seed: 1))
    #expect(outputs(.inference, seed: 1) == outputs(.inference, seed: 2))
  }

  @Test func dropoutLeavesTheTopLayersOutputsAndTheStatesAlone() {
    var random = RandomSource(seed: 3)
    let cell = GRUCell<Double>(input: 3, hidden: 8).drawn(using: &random)
    let single = StackedRecurrent([cell])
    let double = StackedRecurrent([cell, GRUCell(input: 8, hidden: 8).drawn(using: &random)], dropout: 0.9)
    let input = SequenceInput.vectors(Variable(Tensor<Double>.normal([4, 2, 3], using: &random)))
    var (training, inference) = (ForwardContext<Double>(mode: .training), ForwardContext<Double>(mode: .inference))
    let plain = single.run(input, in: &inference)
    let (outputs, state) = double.run(input, in: &training)
    #expect(state[0].hidden.value == plain.state[0].hidden.value)
    #expect(outputs.value.row(3) == state[1].hidden.value)
  }

  @Test func aTapeChangesNoBitOfTheOutputs() {
    var random = RandomSource(seed: 4)
    let stack = StackedRecurrent([LSTMCell<Float>(input: 3, hidden: 9).drawn(using: &random)]).bound()
    let input = SequenceInput.vectors(Variable(Tensor<Float>.normal([4, 2, 3], using: &random)))
    var (taped, plain) = (ForwardContext<Float>(tape: Tape()), ForwardContext<Float>())
    let (recorded, constant) = (stack.run(input, in: &taped), stack.run(input, in: &plain))
    #expect(recorded.outputs.value == constant.outputs.value)
    #expect(recorded.outputs.isRecorded && !constant.outputs.isRecorded)
    #expect(taped.tape?.count == 1)
  }

  @Test func noPassKeepsItsTapeAliveAndUpdatesStayInPlace() {
    var random = RandomSource(seed: 5)
    var stack = StackedRecurrent([
      LSTMCell<Float>(input: 3, hidden: 4).drawn(using: &random), LSTMCell(input: 4, hidden: 4).drawn(using: &random),
    ]).bound()
    let workspace = Workspace<Float>()
    let grid = TokenGrid(ids: [0, 1, 2, 1], time: 2, batch: 2)
    func addresses() -> [UInt] {
      stack.parameters.map { $0.parameter.value.withScalars { UInt(bitPattern: $0.baseAddress) } }
    }
    let before = addresses()
    var losses: [Float] = []
    for _ in 0..<3 {
      weak var released: Tape<Float>?
      let gradients = {
        let tape = Tape<Float>()
        released = tape
        var context = ForwardContext(tape: tape, workspace: workspace)
        let loss = stack.run(.tokens(grid), in: &context).outputs.squared().mean()
        losses.append(loss.value.scalar)
        return loss.gradients()
      }()
      #expect(released == nil)
      stack.updateParameters { parameter, _ in parameter.value.addScaled(-0.5, gradients[parameter]!) }
      #expect(addresses() == before)
    }
    // The workspace's packed weights follow the weights.
    #expect(losses[1] < losses[0] && losses[2] < losses[1])
  }

  @Test func cellsThatDoNotFitTrap() async {
    let sizes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let cell = GRUCell<Float>(input: 3, hidden: 4).drawn(using: &random)
      _ = StackedRecurrent([cell, cell])
    }
    expectMessage("a cell of input size 3 stands above a layer of output size 4", from: sizes)
    let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = StackedRecurrent<GRUCell<Float>>([])
    }
    expectMessage("StackedRecurrent: no cells", from: none)
  }

  @Test func inputsThatDoNotFitTrap() async {
    let width = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      run(.vectors(Variable(.zeros([2, 1, 5]))))
    }
    expectMessage("recurrent layer: shapes [2, 1, 5] do not fit; the input must be [time, batch, 3]", from: width)
    let token = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      run(.tokens(TokenGrid(ids: [0, 3], time: 2, batch: 1)))
    }
    expectMessage("recurrent layer: the token 3 is outside of the 3", from: token)
    let empty = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      run(.tokens(TokenGrid(ids: [], time: 0, batch: 1)))
    }
    expectMessage("recurrent layer: the sequence has no steps", from: empty)
    let state = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      run(.vectors(Variable(.zeros([2, 1, 3]))), from: [HiddenState(hidden: Variable(.zeros([1, 3])))])
    }
    expectMessage("initial state: shapes [1, 3] and [1, 4] do not fit", from: state)
    let grid = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = TokenGrid(ids: [1, 2, 3], time: 2, batch: 2)
    }
    expectMessage("TokenGrid: 3 ids for 2 steps of 2 sequences", from: grid)
  }
}

/// Runs a GRU of 3 inputs and 4 hidden units.
private func run(_ input: SequenceInput<Double>, from state: [HiddenState<Double>]? = nil) {
  var random = RandomSource(seed: 1)
  var context = ForwardContext<Double>()
  _ = StackedRecurrent([GRUCell(input: 3, hidden: 4).drawn(using: &random)]).run(input, from: state, in: &context)
}
