import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// A function of one variable, and where it is checked.
struct UnaryOperation: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var range: Range<Double> = -2..<2
  let apply: @Sendable (Variable<Double>) -> Variable<Double>

  static let all: [UnaryOperation] = [
    .init(testDescription: "tanh") { $0.tanh() },
    .init(testDescription: "sigmoid") { $0.sigmoid() },
    .init(testDescription: "relu") { $0.relu() },
    .init(testDescription: "leakyReLU") { $0.leakyReLU(slope: 0.2) },
    .init(testDescription: "elu") { $0.elu(alpha: 0.7) },
    .init(testDescription: "gelu") { $0.gelu() },
    .init(testDescription: "silu") { $0.silu() },
    .init(testDescription: "softplus") { $0.softplus() },
    .init(testDescription: "hardSigmoid", range: -4..<2) { $0.hardSigmoid() },
    .init(testDescription: "linear") { ActivationFunction.linear($0).squared() },
    .init(testDescription: "absolute") { $0.absolute() },
    .init(testDescription: "reciprocal", range: 0.5..<3) { $0.reciprocal() },
    .init(testDescription: "exp") { $0.exp() },
    .init(testDescription: "log", range: 0.5..<3) { $0.log() },
    .init(testDescription: "squared") { $0.squared() },
    .init(testDescription: "squareRoot", range: 0.5..<3) { $0.squareRoot() },
    .init(testDescription: "negated") { -$0 },
    .init(testDescription: "x + number") { $0 + 1.5 },
    .init(testDescription: "number + x") { 1.5 + $0 },
    .init(testDescription: "x - number") { $0 - 1.5 },
    .init(testDescription: "number - x") { 1.5 - $0 },
    .init(testDescription: "x * number") { $0 * -1.5 },
    .init(testDescription: "number * x") { -1.5 * $0 },
    .init(testDescription: "x / number") { $0 / -1.5 },
    .init(testDescription: "number / x", range: 0.5..<3) { 1.5 / $0 },
  ]
}

/// A function of two variables that broadcast to one shape.
struct BinaryOperation: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var divisors: Range<Double> = -2..<2
  let apply: @Sendable (Variable<Double>, Variable<Double>) -> Variable<Double>

  static let all: [BinaryOperation] = [
    .init(testDescription: "+") { $0 + $1 },
    .init(testDescription: "-") { $0 - $1 },
    .init(testDescription: "*") { $0 * $1 },
    .init(testDescription: "/", divisors: 0.5..<3) { $0 / $1 },
    // The other operand takes part, so that none is without a gradient.
    .init(testDescription: "maximum") { .maximum($0, $1) + $0 * $1 },
    .init(testDescription: "minimum") { .minimum($0, $1) + $0 * $1 },
  ]
}

@Suite struct ElementwiseGradientTests {
  @Test(arguments: UnaryOperation.all, gradientSeeds)
  func functionsOfOneVariableHaveNumericGradients(operation: UnaryOperation, seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape: TensorShape in [[5], [2, 3], [2, 1, 3], [19]] {
      let point = random(shape, in: operation.range, &source)
      expectGradients(at: [point], "seed \(seed)") { operation.apply($0[0]) }
    }
    // A single number may lie where a ReLU is flat.
    let number = random([], in: max(operation.range.lowerBound, 0.5)..<operation.range.upperBound, &source)
    expectGradients(at: [number], "seed \(seed)") { operation.apply($0[0]) }
  }

  @Test(arguments: BinaryOperation.all, gradientSeeds)
  func functionsOfTwoVariablesHaveNumericGradientsInEveryFormOfBroadcasting(
    operation: BinaryOperation, seed: UInt64
  ) {
    var source = RandomSource(seed: seed)
    let pairs: [(TensorShape, TensorShape)] = [
      ([], []), ([3], [3]), ([2, 3], [2, 3]), ([2, 3], [3]), ([2, 3], [1, 3]), ([2, 3], [2, 1]), ([2, 3], []),
      ([2, 1], [1, 3]), ([2, 3, 4], [3, 1]), ([2, 1, 4], [3, 1]), ([1, 1], [4]), ([2, 3, 2], [2, 1, 2]),
    ]
    for (first, second) in pairs {
      for (a, b) in [(first, second), (second, first)] {
        let points = [random(a, &source), random(b, in: operation.divisors, &source)]
        expectGradients(at: points, "\(a) and \(b), seed \(seed)") { operation.apply($0[0], $0[1]) }
      }
    }
  }

  @Test(arguments: BinaryOperation.all, gradientSeeds)
  func aVariableMayBeBothOperands(operation: BinaryOperation, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random([3], in: 0.5..<2, &source)
    // x − x and x / x are constant: another term keeps the gradient from being zero.
    expectGradients(at: [point], "seed \(seed)") { operation.apply($0[0], $0[0]) + $0[0].exp() }
  }

  @Test func atAKinkTheDerivativeIsTheDocumentedOne() {
    func slope(at x: Double, _ f: (Variable<Double>) -> Variable<Double>) -> Double {
      let variable = Tape<Double>().watch(Tensor(x))
      return f(variable).gradients()[variable]!.scalar
    }
    for zero in [0.0, -0.0] {
      #expect(slope(at: zero) { $0.relu() } == 0)
      #expect(slope(at: zero) { $0.leakyReLU(slope: 0.2) } == 0.2)
      #expect(slope(at: zero) { $0.elu(alpha: 0.7) } == 0.7)
      #expect(slope(at: zero) { $0.binaryStep() } == 0)
      #expect(slope(at: zero) { $0.absolute() } == 0)
    }
    #expect(slope(at: 3) { $0.hardSigmoid() } == 0)
    #expect(slope(at: -3) { $0.hardSigmoid() } == 0)
    #expect(slope(at: 2) { .maximum($0, Variable(Tensor(2))) } == 0.5)
    #expect(slope(at: 2) { .minimum($0, Variable(Tensor(2))) } == 0.5)
    #expect(slope(at: 2) { Variable.stack([$0, Variable(Tensor(2))]).max(axis: 0) } == 0.5)
  }

  @Test(arguments: BinaryOperation.all, gradientSeeds)
  func aConstantOperandGetsNoGradientAndChangesNone(operation: BinaryOperation, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let (point, constant) = (random([2, 3], in: 0.5..<2, &source), Variable(random([3], in: 0.5..<2, &source)))
    expectGradients(at: [point], "seed \(seed)") { operation.apply($0[0], constant) }
    expectGradients(at: [point], "seed \(seed)") { operation.apply(constant, $0[0]) }
    #expect(!operation.apply(constant, constant).isRecorded)
  }
}
