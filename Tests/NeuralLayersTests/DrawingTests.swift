import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// Layers of a `Sequential`: their order, and the draws of their values.
@Suite struct DrawingTests {
  /// The forms that the braces understand.
  private func model(deep: Bool, width: Int?, factors: Int) -> Sequential<Double> {
    Sequential(seed: 4) {
      if deep { Dense(3, 3, activation: .tanh) }
      if let width {
        Dense(3, width)
        Dense(width, 3, bias: false)
      }
      if deep {
        LayerNorm(3)
      } else {
        Dropout(0.5)
        Flatten()
      }
      for _ in 0..<factors { Scale(3) }
      switch factors {
      case 0: Activation(.tanh)
      case 1: Dropout(0.25)
      default: Flatten()
      }
      [Dense<Double>(3, 2), Scale<Double>(2)] as [any Layer<Double>]
    }
  }

  @Test(arguments: [(true, nil), (true, 5), (false, nil), (false, 5)] as [(Bool, Int?)], [0, 1, 2])
  func conditionsLoopsAndListsGiveTheirLayersInOrder(form: (deep: Bool, width: Int?), factors: Int) {
    let (deep, width) = form
    var expected: [any Layer<Double>] = deep ? [Dense<Double>(3, 3, activation: .tanh)] : []
    if let width { expected += [Dense<Double>(3, width), Dense<Double>(width, 3, bias: false)] }
    expected += deep ? [LayerNorm<Double>(3)] : [Dropout<Double>(0.5), Flatten<Double>()]
    for _ in 0..<factors { expected.append(Scale<Double>(3)) }
    expected.append([Activation<Double>(.tanh), Dropout<Double>(0.25), Flatten<Double>()][factors])
    expected += [Dense<Double>(3, 2), Scale<Double>(2)]

    let found = model(deep: deep, width: width, factors: factors)
    #expect(found.layers.map { "\(type(of: $0))" } == expected.map { "\(type(of: $0))" })
    let other = Sequential(expected)
    #expect(found.parameters.map(\.name) == other.parameters.map(\.name))
    #expect(found.parameters.map(\.parameter.shape) == other.parameters.map(\.parameter.shape))
    #expect(found.parameters.allSatisfy { $0.parameter.isDrawn })
  }

  @Test func layersAreAppliedOneAfterTheOther() {
    let found = model(deep: true, width: 4, factors: 1)
    var random = RandomSource(seed: 5)
    let input = Variable(Tensor<Double>.normal([6, 3], using: &random))
    var (context, same) = (ForwardContext<Double>(), ForwardContext<Double>())
    var x = input
    for layer in found.layers { x = layer(x, in: &same) }
    #expect(found(input, in: &context).value == x.value)
    #expect(Sequential<Double>([])(input, in: &context).value == input.value)
    #expect(Sequential<Double> {}(input, in: &context).value == input.value)
  }

  @Test func drawnLayersKeepTheirValuesAndTheOthersShareOneStream() {
    var random = RandomSource(seed: 6)
    let drawn = Dense<Double>(3, 4).drawn(using: &random)
    let given = Dense<Double>(weight: .full([2, 4], 7))
    let found = Sequential<Double>(seed: 8) {
      drawn
      Dense(4, 4)
      given
      Scale(2)
    }
    var stream = RandomSource(seed: 8)
    let weight: Tensor<Double> = Initializer.glorotUniform([4, 4], using: &stream)
    let factor: Tensor<Double> = Initializer.normal(1)([2], using: &stream)
    let expected = [drawn.weight.value, .zeros([4]), weight, .zeros([4]), .full([2, 4], 7), factor]
    #expect(found.parameters.map(\.parameter.value) == expected)
  }

  @Test func theSeedDecidesWhatIsDrawn() {
    func values(seed: UInt64) -> [Tensor<Double>] {
      Sequential<Double>(seed: seed) {
        Dense(3, 4)
        Dense(4, 2)
      }.parameters.map(\.parameter.value)
    }
    let withoutSeed = Sequential<Double> {
      Dense(3, 4)
      Dense(4, 2)
    }
    #expect(values(seed: 0) == withoutSeed.parameters.map(\.parameter.value))
    #expect(values(seed: 1) == values(seed: 1))
    for index in [0, 2] { #expect(values(seed: 1)[index] != values(seed: 2)[index]) }
  }

  @Test func initializingDrawsAgainWhatWasDeclaredAndLeavesWhatWasGiven() {
    let given = Dense<Double>(weight: .full([2, 4], 7))
    var found = Sequential<Double>(seed: 1) {
      Dense(3, 4)
      given
    }
    let before = found.parameters.map(\.parameter.value)
    var (random, same) = (RandomSource(seed: 2), RandomSource(seed: 2))
    found.initialize(using: &random)
    #expect(
      found.parameters.map(\.parameter.value)
        == [Initializer.glorotUniform([4, 3], using: &same), .zeros([4]), .full([2, 4], 7)])
    #expect(found.parameters[0].parameter.value != before[0])
  }

  @Test func aListOfLayersIsTakenAsItIs() async {
    let list = Sequential<Double>([Dense<Double>(3, 4), Scale<Double>(4)])
    #expect(list.parameters.map(\.parameter.isDrawn) == [false, true, false])
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = Sequential<Double>([Dense<Double>(3, 4)])(Variable(.zeros([1, 3])), in: &context)
    }
    expectMessage("a parameter of shape [4, 3] is used before its values were drawn", from: result)
  }
}
