import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

/// A layer of one's own, in ten lines.
struct Scale<Scalar: TensorScalar>: Layer {
  var factor: Parameter<Scalar>

  init(_ width: Int) { factor = Parameter([width], .normal(1)) }

  func callAsFunction(_ input: Variable<Scalar>, in context: inout ForwardContext<Scalar>) -> Variable<Scalar> {
    input * context.variable(factor)
  }

  mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&factor, "factor")
  }
}

@Suite struct SequentialTests {
  private let input: Tensor<Double> = {
    var random = RandomSource(seed: 21)
    return .normal([5, 3], using: &random)
  }()

  @Test func withoutASignItIsOfSinglePrecision() {
    let model = Sequential {
      Dense(3, 4)
      Dense(4, 2)
    }
    #expect(type(of: model) == Sequential<Float>.self)
    let double = Sequential<Double> {
      Dense(3, 4)
      Dense(4, 2)
    }
    #expect(double.parameterCount == 26)
    #expect(
      model.parameters.map(\.parameter.value.scalars)
        == double.parameters.map { $0.parameter.value.scalars.map { Float($0) } })
  }

  @Test func itConformsAndIsNamedByPlace() {
    expectConformance(
      Sequential<Double> {
        Dense(3, 4)
        Scale(4)
        Flatten()
        Sequential {
          Dropout(0.25)
          Dense(4, 2, bias: false)
        }
      }, parameterCount: 28, names: ["0.weight", "0.bias", "1.factor", "3.1.weight"]
    ) { $0(Variable(input), in: &$1).squared().sum() }
  }

  @Test func noTwoLayersOfANetStartAlikeHoweverTheyAreNested() {
    func values(seed: UInt64?) -> [Tensor<Double>] {
      Sequential<Double>(seed: seed) {
        Dense(3, 3, bias: false)
        Sequential { Dense(3, 3, bias: false) }
        Sequential {
          Sequential { Dense(3, 3, bias: false) }
        }
      }.parameters.map(\.parameter.value)
    }
    let nested = values(seed: nil)
    #expect(nested[0] != nested[1] && nested[1] != nested[2] && nested[0] != nested[2])
    #expect(values(seed: nil) == nested && values(seed: 0) == nested && values(seed: 1) != nested)
    let inner = Sequential<Double>(seed: 5) { Dense(3, 3) }
    let given = inner.parameters.map(\.parameter.value)
    #expect(Sequential<Double> { inner }.parameters.map(\.parameter.value) == given, "a seed given is kept")
  }

  @Test func twoParametersOfOneNameTrap() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Twins().bound()
    }
    expectMessage("two parameters are called a.weight: visit each under a name of its own", from: result)
  }
}

private struct Twins: Module {
  typealias Scalar = Double
  var first = Dense<Double>(1, 1, initializer: .zeros)
  var second = Dense<Double>(1, 1, initializer: .zeros)

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&first, "a")
    try visitor.visit(&second, "a")
  }
}
