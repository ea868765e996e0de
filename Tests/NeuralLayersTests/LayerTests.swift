import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

@Suite struct LayerTests {
  @Test(arguments: [[2], [5, 2], [3, 4, 2]])
  func denseMapsTheLastAxis(dimensions: [Int]) {
    var random = RandomSource(seed: 1)
    var layer = Dense<Double>(2, 3).drawn(using: &random)
    layer.bias!.value = Tensor([10, 20, 30], shape: [3])
    let input = Tensor<Double>.normal(TensorShape(dimensions), using: &random)
    var context = ForwardContext<Double>()
    let output = layer(Variable(input), in: &context).value
    #expect(output.shape.dimensions == dimensions.dropLast() + [3])
    for row in 0..<input.count / 2 {
      for unit in 0..<3 {
        let products = (0..<2).map { input.scalars[row * 2 + $0] * layer.weight.value[unit, $0] }
        #expect(abs(output.scalars[row * 3 + unit] - (products[0] + products[1] + Double(unit + 1) * 10)) < 1e-13)
      }
    }
  }

  @Test func denseStartsWithGlorotWeightsAndNoBias() {
    var (random, same) = (RandomSource(seed: 1), RandomSource(seed: 1))
    let layer = Dense<Float>(20, 10).drawn(using: &random)
    #expect(layer.weight.value == Initializer.glorotUniform([10, 20], using: &same))
    #expect(layer.bias?.value == .zeros([10]))
    #expect(
      Dense<Float>(20, 10, bias: false, initializer: .constant(2)).drawn(using: &random).weight.value
        == .full([10, 20], 2))
  }

  @Test func lookingUpIsTheProductWithOneHotVectors() {
    var random = RandomSource(seed: 2)
    let layer = Embedding<Double>(tokens: 5, features: 3).drawn(using: &random)
    var context = ForwardContext<Double>()
    let tokens: [Int32] = [4, 0, 2, 2, 4, 1]
    let rows = layer(tokens, in: &context).value
    #expect(rows.shape == [6, 3])
    #expect(rows == Tensor.oneHot(tokens, classes: 5).matmul(layer.weight.value))
  }

  @Test func anEmbeddingOfGivenVectorsLooksThemUp() {
    var context = ForwardContext<Double>()
    let layer = Embedding<Double>(weight: Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
    #expect(layer([2, 0], in: &context).value == Tensor([5, 6, 1, 2], shape: [2, 2]))
  }

  @Test func aConvolutionOfGivenWeightsUsesThem() {
    var context = ForwardContext<Double>()
    let layer = Convolution1D<Double>(
      weight: Tensor([1, 10], shape: [1, 1, 2]), bias: Tensor([0.5], shape: [1]), stride: 2, padding: 1)
    let line = Variable(Tensor<Double>([1, 2, 3, 4], shape: [1, 4, 1]))
    #expect(layer(line, in: &context).value == Tensor([10.5, 32.5, 4.5], shape: [1, 3, 1]))
  }

  @Test func theGradientOfAnEmbeddingCountsItsUses() {
    var random = RandomSource(seed: 3)
    let layer = Embedding<Double>(tokens: 4, features: 2).drawn(using: &random).bound()
    var context = ForwardContext(tape: Tape<Double>())
    let gradient = layer([3, 1, 3, 3], in: &context).sum().gradients()[layer.weight]
    #expect(gradient == Tensor([0, 0, 1, 1, 0, 0, 3, 3], shape: [4, 2]))
  }

  @Test func aTokenOutsideOfTheTableTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 3)
      var context = ForwardContext<Double>()
      _ = Embedding<Double>(tokens: 4, features: 2).drawn(using: &random)([0, 4], in: &context)
    }
    expectMessage("index 4 (at position 1) is outside of a table of shape [4, 2]", from: result)
  }

  @Test func aLayerThatWasNotBoundTrapsUnderATape() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 3)
      var context = ForwardContext(tape: Tape<Double>())
      _ = Dense<Double>(2, 3).drawn(using: &random)(Variable(.zeros([1, 2])), in: &context)
    }
    expectMessage("a parameter of shape [3, 2] is used under a tape before its model was bound", from: result)
  }
}
