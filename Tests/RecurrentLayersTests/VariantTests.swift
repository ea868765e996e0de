import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Variants agree with the cell that they vary where their formulas agree, and differ elsewhere.
@Suite struct VariantTests {
  private func outputs<Cell: RecurrentCell<Double>>(_ cell: Cell, _ input: Tensor<Double>) -> Tensor<Double> {
    var context = ForwardContext<Double>()
    let state = cell.initialState(batchSize: input.shape[1], in: &context)
    return cell.run(.vectors(Variable(input)), from: state, in: &context).outputs.value
  }

  @Test func aPeepholeCellStartsAsTheCellWithoutThem() {
    var (random, same) = (RandomSource(seed: 1), RandomSource(seed: 1))
    var cell = PeepholeLSTMCell<Double>(input: 3, hidden: 5).drawn(using: &random)
    let plain = LSTMCell<Double>(input: 3, hidden: 5).drawn(using: &same)
    let input = Tensor<Double>.normal([6, 2, 3], using: &random)
    let difference = outputs(cell, input) - outputs(plain, input)
    #expect(difference.absolute().max().scalar < 1e-14, "seed 1")
    for peephole in [\PeepholeLSTMCell<Double>.inputPeephole, \.forgetPeephole, \.outputPeephole] {
      cell[keyPath: peephole].value = .ones([5])
      let difference = outputs(cell, input) - outputs(plain, input)
      #expect(difference.absolute().max().scalar > 1e-3, "seed 1")
      cell[keyPath: peephole].value = .zeros([5])
    }
  }

  @Test func whereTheResetGateActsMakesADifferenceFromTheFirstStateThatIsNotZero() {
    var (random, same) = (RandomSource(seed: 2), RandomSource(seed: 2))
    let after = GRUCell<Double>(input: 3, hidden: 5).drawn(using: &random)
    let before = GRUCell<Double>(input: 3, hidden: 5, reset: .beforeProduct).drawn(using: &same)
    #expect(after.parameters.map(\.parameter.value) == before.parameters.map(\.parameter.value))
    let input = Tensor<Double>.normal([6, 2, 3], using: &random)
    let steps = (outputs(after, input) - outputs(before, input)).absolute()
    #expect(steps.row(0).max().scalar < 1e-14, "seed 2")
    #expect(steps.row(1).max().scalar > 1e-4, "seed 2")
  }

  @Test func layerNormalizedCellsDoNotSeeTheScaleOfTheirInput() {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell, _ input: Tensor<Double>) {
      let difference = outputs(cell, input * 1e4) - outputs(cell, input * 1e5)
      #expect(difference.absolute().max().scalar < 1e-6, "seed 3")
    }
    var random = RandomSource(seed: 3)
    for kind in [SampleCell.layerNormLSTM, .layerNormGRU] {
      check(kind.random(input: 3, hidden: 5, using: &random), .normal([4, 2, 3], using: &random))
    }
  }

  /// Both gates underflow in single precision, and their quotient is 0/0 where it is computed as such.
  @Test func aMinimalLSTMDividesGatesThatAreNextToZero() {
    var cell = MinLSTMCell<Float>(input: 1, hidden: 1)
    cell.weights.inputWeight.value = .zeros([3, 1])
    // f/(i + f) = e^1/(1 + e^1), and the candidate is 1.
    cell.weights.inputBias!.value = Tensor([-201, -200, 1], shape: [3])
    var context = ForwardContext<Float>()
    let start = HiddenState<Float>(hidden: Variable(.zeros([1, 1])))
    let output = cell.run(.vectors(Variable(.ones([1, 1, 1]))), from: start, in: &context).outputs.value.scalars[0]
    #expect(abs(output - 0.26894142) < 1e-5)
  }

  @Test func aMinimalCellForgetsNothingOverManyStepsWithItsGateShut() {
    var cell = MinGRUCell<Double>(input: 1, hidden: 2)
    cell.weights.inputWeight.value = .zeros([4, 1])
    cell.weights.inputBias!.value = Tensor([-800, -800, 1, 1], shape: [4])
    var context = ForwardContext<Double>()
    let start = HiddenState<Double>(hidden: Variable(Tensor([0.25, -3], shape: [1, 2])))
    let final = cell.run(.vectors(Variable(.ones([5000, 1, 1]))), from: start, in: &context).state
    #expect(final.hidden.value.scalars == [0.25, -3])
  }

  /// exp(ĩ + 500) alone would overflow.
  @Test func anSLSTMDoesNotSeeAShiftOfItsInputGates() {
    var random = RandomSource(seed: 8)
    let kind = SampleCell.slstmHeads
    let cell = kind.random(input: 3, hidden: 4, using: &random) as! SLSTMCell<Double>
    let input = Tensor<Double>.normal([6, 2, 3], using: &random)
    for shift in [-500.0, 2, 500] {
      var shifted = cell
      for unit in 0..<4 { shifted.weights.inputBias!.value[unit] += shift }
      let difference = outputs(cell, input) - outputs(shifted, input)
      #expect(difference.absolute().max().scalar < 1e-11, "shift \(shift), seed 8")
    }
  }

  @Test func aHeadOfAnSLSTMDoesNotReadTheOthers() {
    var random = RandomSource(seed: 9)
    let cell = SampleCell.slstmHeads.random(input: 3, hidden: 6, using: &random) as! SLSTMCell<Double>
    #expect(cell.heads == 2)
    let input = Variable(Tensor<Double>.normal([5, 2, 3], using: &random))
    var context = ForwardContext<Double>()
    func run(from hidden: Tensor<Double>) -> Tensor<Double> {
      var state = cell.initialState(batchSize: 2, in: &context)
      state.hidden = Variable(hidden)
      return cell.run(.vectors(input), from: state, in: &context).outputs.value
    }
    var other = Tensor<Double>.zeros([2, 6])
    for row in 0..<2 { for unit in 3..<6 { other[row, unit] = 1 } }
    let difference = (run(from: other) - run(from: .zeros([2, 6]))).absolute()
    #expect(difference.slice(axis: 2, 0..<3).max().scalar == 0, "seed 9")
    #expect(difference.slice(axis: 2, 3..<6).max().scalar > 1e-3, "seed 9")
  }

  @Test func headsThatDoNotDivideTheUnitsTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = SLSTMCell<Float>(input: 3, hidden: 6, heads: 4)
    }
    expectMessage("an sLSTM of 6 hidden units cannot have 4 heads", from: result)
  }
}
