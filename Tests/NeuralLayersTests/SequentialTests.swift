import Autograd
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
}
