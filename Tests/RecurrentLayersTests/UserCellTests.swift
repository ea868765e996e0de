import Autograd
import CharrnnTestSupport
import NeuralLayers
import RecurrentLayers
import TensorCore
import Testing

@Suite struct UserCellTests {
  private func stack(seed: UInt64) -> (stack: StackedRecurrent<MinimalGatedCell>, input: Tensor<Double>) {
    var random = RandomSource(seed: seed)
    let cells = [
      MinimalGatedCell(input: 2, hidden: 3).drawn(using: &random),
      MinimalGatedCell(input: 3, hidden: 2).drawn(using: &random),
    ]
    return (StackedRecurrent(cells, dropout: 0.3), .normal([4, 2, 2], using: &random))
  }

  @Test(arguments: LossTerms.allCases)
  func aCellOfOnesOwnIsStackedAndDifferentiated(terms: LossTerms) {
    let (stack, input) = stack(seed: 1)
    let comparisons = GradientCheck.compare(
      stack, inputs: [("input", input)], mode: .training
    ) { stack, inputs, context in
      let (outputs, final) = stack.run(.vectors(inputs[0]), in: &context)
      return loss(outputs, final.flatMap(\.components), of: terms)
    }
    expectPassing(comparisons, "seed 1")
    #expect(comparisons.contains { $0.name == "start_l1" }, "the trained initial state is checked")
  }

  @Test func aCellOfOnesOwnReadsTokens() {
    let (stack, _) = stack(seed: 2)
    let grid = TokenGrid(ids: [0, 1, 1, 0, 1, 1], time: 3, batch: 2)
    let oneHot = Tensor<Double>.oneHot(grid.ids, classes: 2).reshaped([3, 2, 2])
    var context = ForwardContext<Double>()
    let (fromTokens, _) = stack.run(.tokens(grid), in: &context)
    let (fromVectors, _) = stack.run(.vectors(Variable(oneHot)), in: &context)
    #expect(fromTokens.shape == [3, 2, 2])
    #expect(fromTokens.value == fromVectors.value)
  }

  @Test func theStateThatACellOfOnesOwnPassesOnEqualsOneLongRun() {
    let (stack, input) = stack(seed: 3)
    var context = ForwardContext<Double>()
    let long = stack.run(.vectors(Variable(input)), in: &context)
    let first = stack.run(.vectors(Variable(input.rows(0..<3))), in: &context)
    let second = stack.run(.vectors(Variable(input.rows(3..<4))), from: first.state, in: &context)
    #expect(Tensor.concatenate([first.outputs.value, second.outputs.value]) == long.outputs.value)
  }

  @Test func theParametersOfACellOfOnesOwnCarryTheirLayer() {
    let names = stack(seed: 4).stack.parameters.map(\.name)
    let own = ["forget.weight", "forget.bias", "candidate.weight", "candidate.bias", "start"]
    #expect(names == [0, 1].flatMap { layer in own.map { "\($0)_l\(layer)" } })
  }
}
