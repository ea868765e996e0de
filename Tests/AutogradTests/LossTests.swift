import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// A loss of predictions and targets of one shape, and where it is checked.
struct Loss: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var predictions: Range<Double> = -2..<2
  var targets: Range<Double> = 0..<1
  let apply: @Sendable (Variable<Double>, Variable<Double>) -> Variable<Double>

  /// Losses with gradients for predictions and targets.
  static let regression: [Loss] = [
    .init(testDescription: "meanSquaredError") { meanSquaredError($0, $1) },
    .init(testDescription: "meanAbsoluteError") { meanAbsoluteError($0, $1) },
    .init(testDescription: "huber") { huber($0, $1, delta: 0.8) },
  ]

  static let all: [Loss] =
    regression + [
      .init(testDescription: "binaryCrossEntropy", predictions: 0.1..<0.9) {
        binaryCrossEntropy($0, targets: $1.value)
      },
      .init(testDescription: "binaryCrossEntropyFromLogits") { binaryCrossEntropyFromLogits($0, targets: $1.value) },
      .init(testDescription: "hinge", targets: 1..<2) { hinge($0, targets: $1.value) },
      .init(testDescription: "softmaxCrossEntropy") { softmaxCrossEntropy($0, distributions: $1.value) },
      .init(testDescription: "kullbackLeibler") { kullbackLeibler($0, distributions: $1.value) },
      .init(testDescription: "negativeLogLikelihood") { prediction, target in
        negativeLogLikelihood(prediction, targets: target.value.argmax())
      },
    ]
}

@Suite struct LossTests {
  static let shapes: [TensorShape] = [[4], [2, 3], [2, 3, 4]]

  @Test(arguments: Loss.all, gradientSeeds)
  func lossesHaveNumericGradients(loss: Loss, seed: UInt64) {
    var source = RandomSource(seed: seed)
    for shape in Self.shapes {
      let target = Variable(random(shape, in: loss.targets, &source))
      let point = random(shape, in: loss.predictions, &source)
      expectGradients(at: [point], "\(shape), seed \(seed)") { loss.apply($0[0], target) }
      expectGradients(at: [point], "scaled, \(shape), seed \(seed)") { loss.apply($0[0], target).exp() * 3 }
    }
  }

  @Test(arguments: Loss.regression, gradientSeeds)
  func lossesOfNumbersHaveGradientsOnBothSides(loss: Loss, seed: UInt64) {
    var source = RandomSource(seed: seed)
    expectGradients(at: [random([2, 3], &source), random([2, 3], &source)], "seed \(seed)") {
      loss.apply($0[0], $0[1])
    }
  }

  @Test(arguments: Loss.all)
  func nothingLosesNothing(loss: Loss) {
    let predictions = Tape<Double>().watch(.zeros([0, 3]))
    let result = loss.apply(predictions, Variable(.zeros([0, 3])))
    #expect(result.value.scalar == 0)
    #expect(result.gradients()[predictions] == .zeros([0, 3]))
  }

  @Test func lossesAreFiniteAtTheExtremes() {
    let large = Tensor<Float>([1e4, -1e4, 1e4, -1e4], shape: [2, 2])
    let certain = Tensor<Float>([1, 0, 0, 1], shape: [2, 2])
    func check(_ x: Tensor<Float>, _ loss: (Variable<Float>) -> Variable<Float>) {
      let variable = Tape<Float>().watch(x)
      let result = loss(variable)
      #expect(result.value.allFinite && result.gradients()[variable]!.allFinite)
    }
    check(large) { binaryCrossEntropyFromLogits($0, targets: certain) }
    check(large) { softmaxCrossEntropy($0, distributions: certain) }
    check(large) { negativeLogLikelihood($0.logSoftmax(), targets: [0, 1]) }
    check(large) { kullbackLeibler($0.logSoftmax(), distributions: certain) }
    check(certain) { binaryCrossEntropy($0, targets: 1 - certain) }
    // A probability of 0 for an event that does not happen costs nothing.
    check(Tensor([0, -.infinity, -.infinity, 0], shape: [2, 2])) { kullbackLeibler($0, distributions: certain) }
  }

  @Test func differentShapesTrapWithBothNamed() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = hinge(Variable(Tensor<Float>.zeros([2, 3])), targets: .zeros([3]))
    }
    expectMessage("hinge: shapes [2, 3] and [3] do not fit", from: result)
  }

  @Test func aClassOutOfRangeTraps() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = negativeLogLikelihood(Variable(Tensor<Float>.zeros([1, 3])), targets: [3])
    }
    expectMessage("negativeLogLikelihood: the target 3 is none of the 3 classes", from: result)
  }
}
