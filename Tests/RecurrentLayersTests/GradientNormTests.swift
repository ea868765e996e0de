import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

/// Norm of the gradient of a loss at the end of a sequence on its way back. At T = 40, from the last step to the first:
///
/// | steps back | Elman, ‖W_hh‖ = 0.5 | LSTM, forget bias 5: c |
/// | --- | --- | --- |
/// | 0 | 1 | 1 |
/// | 39 | below 10⁻¹¹ | above 0.5 |
@Suite struct GradientNormTests {
  private func norms<Cell: RecurrentCell<Double>>(
    _ stack: StackedRecurrent<Cell>, _ x: Tensor<Double>, lengths: SequenceLengths? = nil, atEnd: Bool
  ) -> [StateGradientNorms] {
    var context = ForwardContext(tape: Tape<Double>())
    return stack.bound().gradientNorms(over: .vectors(Variable(x), lengths: lengths), in: &context) {
      outputs, state, _ in
      atEnd ? projection(state.last!.components[0], seed: 1) : projection(outputs, seed: 2)
    }
  }

  @Test func theGradientVanishesInASmallElmanNetAndStaysInTheMemoryOfAnLSTM() throws {
    var random = RandomSource(seed: 1)
    let x = Tensor<Double>.normal([40, 2, 3], standardDeviation: 0.3, using: &random)
    var elman = ElmanCell<Double>(input: 3, hidden: 8).drawn(using: &random)
    elman.weights.recurrentWeight.value *= 0.5
    var lstm = LSTMCell<Double>(input: 3, hidden: 8).drawn(using: &random)
    lstm.updateParameters { parameter, name in
      if name == "bias_ih" { for unit in 8..<16 { parameter.value[unit] = 5 } }
    }
    let vanishing = norms(StackedRecurrent([elman]), x, atEnd: true)
    #expect(vanishing.map(\.component) == ["hidden"])
    let ratio = vanishing[0].norms[0] / vanishing[0].norms[39]
    #expect(ratio > 0 && ratio < 1e-11, "0.5³⁹ is 1.8e-12")
    for (earlier, later) in zip(vanishing[0].norms, vanishing[0].norms.dropFirst()) { #expect(earlier < 0.51 * later) }
    let kept = norms(StackedRecurrent([lstm]), x, atEnd: true)
    #expect(kept.map(\.component) == ["hidden", "cell"])
    #expect(kept[1].norms[0] / kept[1].norms[39] > 0.5)
  }

  /// ∂L/∂hₜ is what a run of the steps after t gives as the gradient of its initial state, and what the output of t has to do
  /// with the loss.
  @Test(arguments: SampleCell.allCases)
  func aNormIsThatOfTheWholeDerivative(kind: SampleCell) {
    func check<Cell: RecurrentCell<Double>>(_ cell: Cell) {
      let stack = StackedRecurrent([cell]).bound()
      var random = RandomSource(seed: 3)
      let x = Tensor<Double>.normal([5, 2, 3], using: &random)
      let found = norms(stack, x, atEnd: true)
      for t in 0..<4 {
        var context = ForwardContext<Double>()
        let state = stack.run(.vectors(Variable(x.rows(0..<t + 1))), in: &context).state[0]
        let tape = Tape<Double>()
        var rest = ForwardContext(tape: tape)
        let start = Cell.State(components: state.components.map { tape.watch($0.value) })
        let final = stack.run(.vectors(Variable(x.rows(t + 1..<5))), from: [start], in: &rest).state[0]
        let gradients = projection(final.components[0], seed: 1).gradients()
        let norm = gradients[start.components[0]]!.sumOfSquares().squareRoot()
        #expect(abs(found[0].norms[t] - norm) < 1e-12 * max(norm, 1), "step \(t), seed 3")
      }
      let direct = norms(stack, x, atEnd: false)[0].norms[4]
      #expect(abs(direct - projectionWeights(x.shape[1], cell.hiddenSize)) < 1e-12, "the last output's own part")
    }
    var random = RandomSource(seed: 2)
    check(kind.random(input: 3, hidden: 4, using: &random))
  }

  /// The norm of what `projection` with seed 2 multiplies the last of 5 steps with.
  private func projectionWeights(_ batch: Int, _ hidden: Int) -> Double {
    let tape = Tape<Double>()
    let x = tape.watch(.zeros([5, batch, hidden]))
    return projection(x, seed: 2).gradients()[x]!.row(4).sumOfSquares().squareRoot()
  }

  @Test func everyCellOfAStackHasItsNormsAndPaddingHasNone() throws {
    var random = RandomSource(seed: 4)
    func cells() -> [GRUCell<Double>] { [3, 4].map { GRUCell(input: $0, hidden: 2).drawn(using: &random) } }
    let stack = StackedRecurrent(cells(), reverse: cells())
    let x = Tensor<Double>.normal([5, 2, 3], using: &random)
    let found = norms(stack, x, lengths: try SequenceLengths([3, 2], time: 5), atEnd: false)
    #expect(found.map(\.layer) == [0, 0, 1, 1])
    #expect(found.map(\.isReverse) == [false, true, false, true])
    for cell in found {
      #expect(cell.norms.count == 5)
      #expect(cell.norms[..<3].allSatisfy { $0 > 0 } && cell.norms[3...].allSatisfy { $0 == 0 }, "\(cell)")
    }
  }
}
