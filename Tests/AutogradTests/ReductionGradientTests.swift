import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

@Suite struct ReductionGradientTests {
  static let shapes: [TensorShape] = [[4], [2, 3], [2, 3, 4]]

  @Test(arguments: shapes, gradientSeeds)
  func sumsAndMeansHaveNumericGradientsAlongEveryAxis(shape: TensorShape, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random(shape, &source)
    expectGradients(at: [point], "sum, seed \(seed)") { $0[0].squared().sum() }
    expectGradients(at: [point], "mean, seed \(seed)") { $0[0].squared().mean() }
    for axis in -shape.rank..<shape.rank {
      for keeping in [false, true] {
        let label = "axis \(axis), keeping \(keeping), seed \(seed)"
        expectGradients(at: [point], label) { $0[0].squared().sum(axis: axis, keepingAxis: keeping) }
        expectGradients(at: [point], label) { $0[0].squared().mean(axis: axis, keepingAxis: keeping) }
      }
    }
  }

  @Test(arguments: shapes, gradientSeeds)
  func maximaHaveNumericGradientsAlongEveryAxis(shape: TensorShape, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random(shape, &source)
    for axis in -shape.rank..<shape.rank {
      for keeping in [false, true] {
        expectGradients(at: [point], "axis \(axis), keeping \(keeping), seed \(seed)") {
          $0[0].max(axis: axis, keepingAxis: keeping)
        }
      }
    }
  }

  @Test(arguments: shapes, gradientSeeds)
  func softmaxAndItsLogarithmHaveNumericGradients(shape: TensorShape, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random(shape, in: -4..<4, &source)
    expectGradients(at: [point], "softmax, seed \(seed)") { $0[0].softmax() }
    expectGradients(at: [point], "logSoftmax, seed \(seed)") { $0[0].logSoftmax() }
  }

  @Test(arguments: shapes, gradientSeeds)
  func crossEntropyHasNumericGradients(shape: TensorShape, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let point = random(shape, in: -4..<4, &source)
    let targets = (0..<shape.rowCount).map { _ in Int32.random(in: 0..<Int32(shape[-1]), using: &source) }
    let context = ForwardContext<Double>()
    expectGradients(at: [point], "seed \(seed)") { softmaxCrossEntropy($0[0], targets: targets, in: context) }
    expectGradients(at: [point], "scaled, seed \(seed)") {
      softmaxCrossEntropy($0[0], targets: targets, in: context).squared() * 3
    }
  }

  @Test(arguments: shapes, gradientSeeds)
  func crossEntropyIsTheMeanOfTheNegativeLogSoftmaxAtTheTargets(shape: TensorShape, seed: UInt64) {
    var source = RandomSource(seed: seed)
    let logits = random(shape, in: -4..<4, &source)
    let targets = (0..<shape.rowCount).map { _ in Int32.random(in: 0..<Int32(shape[-1]), using: &source) }
    let loss = softmaxCrossEntropy(Variable(logits), targets: targets, in: ForwardContext<Double>()).value.scalar
    let logarithms = logits.logSoftmax().scalars
    let expected = targets.enumerated().map { row, target in -logarithms[row * shape[-1] + Int(target)] }
    #expect(abs(loss - expected.reduce(0, +) / Double(expected.count)) < 1e-12, "seed \(seed)")
  }

  @Test func theCrossEntropyOfNoRowsIsZeroAndSoIsItsGradient() {
    let tape = Tape<Double>()
    let logits = tape.watch(.zeros([0, 3]))
    let loss = softmaxCrossEntropy(logits, targets: [], in: ForwardContext<Double>(tape: tape))
    #expect(loss.value.scalar == 0)
    #expect(loss.gradients()[logits] == .zeros([0, 3]))
  }
}
