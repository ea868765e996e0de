import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

private let input: Tensor<Double> = {
  var random = RandomSource(seed: 21)
  return .normal([5, 3], using: &random)
}()

@Suite struct ModuleTests {
  @Test(arguments: [true, false])
  func denseConforms(hasBias: Bool) {
    var random = RandomSource(seed: 1)
    let module = Dense<Double>(3, 4, bias: hasBias).drawn(using: &random)
    expectConformance(
      module, parameterCount: hasBias ? 16 : 12, names: hasBias ? ["weight", "bias"] : ["weight"]
    ) { $0(Variable(input), in: &$1).tanh().sum() }
  }

  @Test func embeddingConforms() {
    var random = RandomSource(seed: 1)
    let module = Embedding<Double>(tokens: 7, features: 2).drawn(using: &random)
    expectConformance(module, parameterCount: 14, names: ["weight"]) { $0([3, 0, 3], in: &$1).tanh().sum() }
  }

  @Test func dropoutConforms() {
    expectConformance(Dropout<Double>(0.5), parameterCount: 0, names: []) {
      let tape = $1.tape!
      return $0(tape.watch(input), in: &$1).sum()
    }
  }

  @Test func modulesWithinModulesConformAndAreNamedByTheirPath() {
    var random = RandomSource(seed: 1)
    let network = TwoLayerNetwork(3, 4, 2, dropout: 0.25).drawn(using: &random)
    expectConformance(
      network, parameterCount: 24, names: ["hidden.weight", "hidden.bias", "output.weight"]
    ) { $0(Variable(input), in: &$1).squared().sum() }

    let names = (0..<2).flatMap { ["hidden.weight_f\($0)", "hidden.bias_f\($0)", "output.weight_f\($0)"] } + ["factor"]
    expectConformance(Tower(floors: 2).drawn(using: &random), parameterCount: 59, names: names) {
      $0(Variable(input), in: &$1).squared().sum()
    }
    expectConformance(
      Pair(first: network, second: Tower(floors: 1).drawn(using: &random)), parameterCount: 24 + 31,
      names: ["a.hidden.weight", "a.hidden.bias", "a.output.weight"]
        + ["b.hidden.weight_f0", "b.hidden.bias_f0", "b.output.weight_f0", "b.factor"]
    ) { pair, context in
      let sum = pair.first(Variable(input), in: &context).sum()
      return sum.squared() + pair.second(Variable(input), in: &context).squared().sum()
    }
  }

  @Test func gradientsOfModelsAreNumericOnes() {
    for seed: UInt64 in [1, 2] {
      var random = RandomSource(seed: seed)
      let points = [(name: "input", value: Tensor<Double>.normal([4, 3], using: &random))]
      let network = TwoLayerNetwork(3, 5, 2, dropout: 0.3).drawn(using: &random)
      for mode in [ForwardMode.training, .inference] {
        let comparisons = GradientCheck.compare(network, inputs: points, mode: mode) { model, inputs, context in
          softmaxCrossEntropy(model(inputs[0], in: &context), targets: [0, 1, 1, 0], in: context)
        }
        expectPassing(comparisons)
        #expect(comparisons.map(\.name) == ["input", "hidden.weight", "hidden.bias", "output.weight"])
      }
      expectPassing(
        GradientCheck.compare(Tower(floors: 2).drawn(using: &random), inputs: points) { model, inputs, context in
          meanSquaredError(model(inputs[0], in: &context), Variable(.ones([4, 3])))
        })
      let embedding = Embedding<Double>(tokens: 4, features: 3).drawn(using: &random)
      let comparisons = GradientCheck.compare(embedding) { model, _, context in
        model([1, 3, 1], in: &context).tanh().sum()
      }
      expectPassing(comparisons)
    }
  }

  @Test func aParameterThatIsLeftOutOfTheBackwardPassIsCaught() {
    var random = RandomSource(seed: 1)
    let model = Dense<Double>(3, 2).drawn(using: &random)
    let comparisons = GradientCheck.compare(model) { model, _, context in
      let x = Variable(input)
      return (linear(x, weight: model.weight, bias: nil, in: context) + Variable(model.bias!.value)).squared().sum()
    }
    #expect(comparisons.map(\.passes) == [true, false])
  }

  @Test func bindingGivesSlotsInTheOrderOfVisitingAndLeavesTheOriginalAlone() {
    var random = RandomSource(seed: 1)
    var model = Tower(floors: 2).drawn(using: &random)
    #expect(model.parameters.allSatisfy { $0.parameter.slot == nil })
    #expect(model.bound().parameters.map(\.parameter.slot) == Array(0..<7))
    #expect(model.parameters.allSatisfy { $0.parameter.slot == nil })
    model.bind()
    #expect(model.factor.slot == 6)
    #expect(model.bound().parameters.map(\.parameter.generation) == model.parameters.map(\.parameter.generation))
  }

  @Test func aModuleIsAValue() {
    var random = RandomSource(seed: 1)
    var model = TwoLayerNetwork(3, 4, 2).drawn(using: &random)
    let snapshot = model
    model.updateParameters { parameter, _ in parameter.value *= 0 }
    #expect(model.parameters.allSatisfy { $0.parameter.value.sumOfSquares() == 0 })
    #expect(snapshot.hidden.weight.value.sumOfSquares() > 0)
  }

  @Test func aVisitorThatThrowsEndsTheVisit() {
    var random = RandomSource(seed: 1)
    var model = Tower(floors: 2).drawn(using: &random)
    var visitor = Searcher(sought: "output.weight_f0")
    #expect(throws: Found(name: "output.weight_f0")) { try model.visitParameters(&visitor) }
    #expect(visitor.seen == ["hidden.weight_f0", "hidden.bias_f0"])
  }
}

/// Two modules of different types side by side.
private struct Pair: Module {
  typealias Scalar = Double
  var first: TwoLayerNetwork
  var second: Tower

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&first, "a")
    try visitor.visit(&second, "b")
  }
}

private struct Found: Error, Equatable {
  let name: String
}

private struct Searcher: ParameterVisitor {
  typealias Scalar = Double
  var path = ParameterPath()
  let sought: String
  var seen: [String] = []

  mutating func visit(_ parameter: inout Parameter<Double>, at name: String) throws(Found) {
    if name == sought { throw Found(name: name) }
    seen.append(name)
  }
}
