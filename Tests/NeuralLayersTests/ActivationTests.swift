import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Every function, those with a parameter also with one of another size.
private let functions: [ActivationFunction] = [
  .linear, .binaryStep, .sigmoid, .logistic, .tanh, .relu, .leakyReLU(), .leakyReLU(slope: 0.3), .elu(),
  .elu(alpha: 0.5),
  .gelu, .silu, .softplus, .hardSigmoid, .softmax, .logSoftmax,
]

@Suite struct ActivationTests {
  private func drawn(_ shape: TensorShape, seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal(shape, using: &random)
  }

  /// The gradients are the numeric ones; none is zero, but for a step, whose all are.
  private func expectGradients(_ comparisons: [GradientCheck.Comparison], of function: ActivationFunction) {
    for comparison in comparisons {
      let place: Comment = "\(function), \(comparison.name): relative error \(comparison.relativeError), seed 1"
      #expect(comparison.passes, place)
      #expect((comparison.norm > 0) == (function != .binaryStep), place)
    }
  }

  @Test(arguments: functions)
  func asALayerItAppliesTheFunctionAndHasNoParameters(function: ActivationFunction) {
    let layer = Activation<Double>(function)
    #expect(layer.parameters.isEmpty)
    for shape: TensorShape in [[4], [3, 5], [2, 3, 4], [0, 3]] {
      let x = drawn(shape, seed: 1)
      for mode in [ForwardMode.training, .inference] {
        var context = ForwardContext<Double>(mode: mode)
        #expect(layer(Variable(x), in: &context).value == function(x), "\(shape), seed 1")
      }
    }
    let points = [(name: "input", value: drawn([3, 4], seed: 1))]
    let target = Variable(drawn([3, 4], seed: 2))
    expectGradients(
      GradientCheck.compare(layer, inputs: points) { meanSquaredError($0($1[0], in: &$2), target) }, of: function)
  }

  @Test(arguments: functions)
  func aDenseLayerAppliesItToItsSums(function: ActivationFunction) {
    for bias in [nil, drawn([4], seed: 3)] {
      let weight = drawn([4, 3], seed: 4)
      let layer = Dense(weight: weight, bias: bias, activation: function)
      let x = drawn([5, 3], seed: 5)
      let products = x.matmul(weight.transposed())
      let expected = function(bias.map { products + $0 } ?? products)
      var context = ForwardContext<Double>()
      let found = layer(Variable(x), in: &context).value
      // The sums may be rounded in another order, over which a step would fall.
      if function != .binaryStep { #expect((found - expected).absolute().max().scalar < 1e-12) }
      let target = Variable(drawn([5, 4], seed: 6))
      expectGradients(
        GradientCheck.compare(layer, inputs: [(name: "input", value: x)]) {
          meanSquaredError($0($1[0], in: &$2), target)
        }, of: function)
    }
  }

  @Test func aDenseLayerOfGivenWeightsKeepsThem() {
    let (weight, bias) = (drawn([4, 3], seed: 1), drawn([4], seed: 2))
    var layer = Dense(weight: weight, bias: bias)
    var random = RandomSource(seed: 3)
    layer.initialize(using: &random)
    #expect(layer.parameters.map(\.name) == ["weight", "bias"])
    #expect(layer.parameters.map(\.parameter.value) == [weight, bias])
    #expect(Dense(weight: weight).parameters.map(\.name) == ["weight"])
  }

  @Test func givenWeightsThatDoNotFitNameBothShapes() async {
    let bias = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dense<Float>(weight: .zeros([4, 3]), bias: .zeros([3]))
    }
    expectMessage("Dense: shapes [4, 3] and [3] do not fit; a weight [out, in] and a bias [out]", from: bias)
    let weight = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Dense<Float>(weight: .zeros([4]))
    }
    expectMessage("Dense: shapes [4] and", from: weight)
  }
}
