import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// Losses and their gradients are on a device what they are on the host.
@Suite(.enabled(if: hasDevice))
struct DeviceLossTests {
  private func expectAgreement(
    _ shape: TensorShape, _ loss: Loss, isLearned: Bool,
    _ apply: (Variable<Double>, Variable<Double>) -> Variable<Double>
  ) throws {
    var source = RandomSource(seed: 1)
    let predictions = random(shape, in: loss.predictions, &source)
    let targets = random(shape, in: loss.targets, &source)
    try expectSame("\(loss.testDescription) of \(shape), seed 1", within: 1e-13) { device in
      let tape = Tape<Double>()
      let x = tape.watch(try predictions.on(device))
      let t = try targets.on(device)
      let y = isLearned ? tape.watch(t) : Variable(t)
      let value = apply(x, y)
      let gradients = (value * 3).gradients()
      return [("loss", value.value), ("gradient", gradients[x]), ("gradient of the targets", gradients[y])]
    }
  }

  @Test(arguments: Loss.all)
  func lossesAgreeWithTheHost(loss: Loss) throws {
    let isLearned = Loss.regression.contains { $0.testDescription == loss.testDescription }
    for shape in LossTests.shapes + [[0, 3], [70, 3]] {
      try expectAgreement(shape, loss, isLearned: isLearned, loss.apply)
    }
  }

  /// Rows around the items of a work group, with a gradient and without.
  @Test(arguments: [1, 4, 63, 64, 65, 200])
  func theCrossEntropyOfClassesAgreesWithTheHost(classes: Int) throws {
    func check<Scalar: TensorScalar>(_ type: Scalar.Type, within tolerance: Double) throws {
      for rows in [0, 1, 5] {
        let logits = sample([rows, classes], seed: 2, of: type) * 4
        let targets = (0..<rows).map { Int32(($0 * 37 + 11) % classes) }
        try expectSame("\(rows) × \(classes), seed 2", within: tolerance) { device in
          let context = ForwardContext(workspace: Workspace<Scalar>(device: device))
          let x = Tape<Scalar>().watch(try logits.on(device))
          let loss = softmaxCrossEntropy(x, targets: targets, in: context)
          let constant = softmaxCrossEntropy(x.detached(), targets: targets, in: context)
          return [
            ("loss", loss.value), ("loss alone", constant.value), ("gradient", (loss * 3).gradients()[x]),
          ]
        }
      }
    }
    try check(Double.self, within: 1e-13)
    try check(Float.self, within: 1e-6)
  }

  @Test func lossesAreFiniteAtTheExtremes() throws {
    let large = Tensor<Float>([1e4, -1e4, 1e4, -1e4], shape: [2, 2])
    let certain = Tensor<Float>([1, 0, 0, 1], shape: [2, 2])
    func check(
      _ name: Comment, _ x: Tensor<Float>, _ loss: (Variable<Float>, Tensor<Float>) -> Variable<Float>
    ) throws {
      try expectSame(name, within: 1e-6) { device in
        let variable = Tape<Float>().watch(try x.on(device))
        let result = loss(variable, try certain.on(device))
        return [("loss", result.value), ("gradient", result.gradients()[variable])]
      }
    }
    try check("of logits", large) { binaryCrossEntropyFromLogits($0, targets: $1) }
    try check("of distributions", large) { softmaxCrossEntropy($0, distributions: $1) }
    try check("of classes", large) { x, _ in
      softmaxCrossEntropy(x, targets: [0, 1], in: ForwardContext(workspace: Workspace(device: x.value.device)))
    }
    try check("of probabilities", certain) { binaryCrossEntropy($0, targets: 1 - $1) }
    let impossible = Tensor<Float>([0, -.infinity, -.infinity, 0], shape: [2, 2])
    try check("of what is impossible", impossible) { kullbackLeibler($0, distributions: $1) }
  }
}
