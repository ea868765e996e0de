import Autograd
import CharrnnTestSupport
import NeuralLayers
import TensorCore
import Testing

@Suite struct NormalizationTests {
  private func drawn(_ shape: TensorShape, seed: UInt64) -> Tensor<Double> {
    var random = RandomSource(seed: seed)
    return .normal(shape, mean: 3, standardDeviation: 2, using: &random)
  }

  /// (x − mean) / √(variance + ε), as it is defined.
  private func normalized(_ values: [Double], epsilon: Double) -> [Double] {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return values.map { ($0 - mean) / (variance + epsilon).squareRoot() }
  }

  private func expectClose(_ a: [Double], _ b: [Double], within tolerance: Double = 1e-12, _ place: Comment = "") {
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < tolerance }, place)
  }

  @Test(arguments: [1, 2, 3, 8, 17, 33, 100])
  func layerNormBringsEachRowToMeanZeroAndVarianceOne(features: Int) {
    for threads in [1, 2] {
      let x = drawn([4, 2, features], seed: 1)
      var context = ForwardContext<Double>(workspace: Workspace(threads: threads))
      let y = LayerNorm<Double>(features)(Variable(x), in: &context).value
      #expect(y.shape == x.shape)
      for row in 0..<8 {
        let part = row * features..<(row + 1) * features
        expectClose(Array(y.scalars[part]), normalized(Array(x.scalars[part]), epsilon: 1e-5), "row \(row), seed 1")
      }
    }
  }

  @Test func aRowFarFromZeroLosesNothing() {
    let x = Tensor<Double>((0..<20).map { 1e8 + Double($0) }, shape: [1, 20])
    var context = ForwardContext<Double>()
    let y = LayerNorm<Double>(20)(Variable(x), in: &context).value
    expectClose(y.scalars, normalized((0..<20).map { Double($0) }, epsilon: 1e-5), within: 1e-7)
    let single = Tensor<Float>((0..<20).map { 1e6 + Float($0) }, shape: [1, 20])
    var singleContext = ForwardContext<Float>()
    let z = LayerNorm<Float>(20)(Variable(single), in: &singleContext).value
    expectClose(z.scalars.map { Double($0) }, normalized((0..<20).map { Double($0) }, epsilon: 1e-5), within: 1e-5)
    let constant = LayerNorm<Double>(5)(Variable(.full([2, 5], 1e8 + 0.1)), in: &context).value
    #expect(constant == .zeros([2, 5]))
  }

  @Test(arguments: [[6, 3], [2, 4, 3]])
  func batchNormNormalizesEachFeatureOverTheBatchAndRemembersIt(dimensions: [Int]) {
    let x = drawn(TensorShape(dimensions), seed: 2)
    var model = BatchNorm<Double>(3, momentum: 0.25).bound()
    var context = ForwardContext<Double>(mode: .training)
    let y = model(Variable(x), in: &context).value
    let rows = x.count / 3
    model.updateStatistics(from: context.statistics)
    for feature in 0..<3 {
      let column = (0..<rows).map { x.scalars[$0 * 3 + feature] }
      expectClose((0..<rows).map { y.scalars[$0 * 3 + feature] }, normalized(column, epsilon: 1e-5), "seed 2")
      let mean = column.reduce(0, +) / Double(rows)
      let variance = column.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows - 1)
      expectClose([model.runningMean.value.scalars[feature]], [0.25 * mean])
      expectClose([model.runningVariance.value.scalars[feature]], [0.75 + 0.25 * variance])
    }

    var inference = ForwardContext<Double>()
    let z = model(Variable(x), in: &inference).value
    for index in 0..<x.count {
      let (mean, variance) = (model.runningMean.value[index % 3], model.runningVariance.value[index % 3])
      expectClose([z.scalars[index]], [(x.scalars[index] - mean) / (variance + 1e-5).squareRoot()])
    }
    let before = model.parameters.map(\.parameter.value)
    model.updateStatistics(from: inference.statistics)
    #expect(model.parameters.map(\.parameter.value) == before, "inference remembers nothing")
  }

  @Test func aSingleRowHasNoSpread() {
    var model = BatchNorm<Double>(2).bound()
    var context = ForwardContext<Double>(mode: .training)
    #expect(model(Variable(Tensor([5, -7], shape: [1, 2])), in: &context).value == .zeros([1, 2]))
    model.updateStatistics(from: context.statistics)
    #expect(model.runningVariance.value == .ones([2]))
    #expect(model.runningMean.value == .zeros([2]))
  }

  @Test func aLayerUsedTwiceInAPassRemembersBothUses() {
    var model = BatchNorm<Double>(1).bound()
    var context = ForwardContext<Double>(mode: .training)
    for value in [4.0, 12] { _ = model(Variable(.full([3, 1], value)), in: &context) }
    model.updateStatistics(from: context.statistics)
    expectClose(model.runningMean.value.scalars, [0.9 * 0.4 + 1.2])
  }

  @Test func theyConform() {
    let x = Variable(drawn([5, 3], seed: 6))
    expectConformance(LayerNorm<Double>(3), parameterCount: 6, names: ["weight", "bias"]) {
      ($0(x, in: &$1) + 1).squared().sum()
    }
    expectConformance(
      BatchNorm<Double>(3), parameterCount: 6, names: ["weight", "bias", "running_mean", "running_var"]
    ) { ($0(x, in: &$1) * x).squared().sum() }
  }

  @Test func gradientsAreNumericOnes() {
    for shape: TensorShape in [[5, 3], [2, 3, 3], [4, 3]] {
      let inputs = [(name: "input", value: drawn(shape, seed: 3))]
      let target = Variable(drawn(shape, seed: 4))
      var layerNorm = LayerNorm<Double>(3)
      var batchNorm = BatchNorm<Double>(3)
      for index in 0..<3 {
        (layerNorm.weight.value[index], batchNorm.weight.value[index]) = (0.5 + Double(index), 2 - Double(index) / 3)
      }
      for mode in [ForwardMode.training, .inference] {
        expectPassing(
          GradientCheck.compare(layerNorm, inputs: inputs, mode: mode) { meanSquaredError($0($1[0], in: &$2), target) })
        expectPassing(
          GradientCheck.compare(batchNorm, inputs: inputs, mode: mode) { meanSquaredError($0($1[0], in: &$2), target) })
      }
    }
  }

  @Test func statisticsAreNamedAndSavedButNotTrained() {
    let model = BatchNorm<Double>(4).bound()
    #expect(model.parameters.map(\.name) == ["weight", "bias", "running_mean", "running_var"])
    #expect(model.trainedParameters.map(\.name) == ["weight", "bias"])
    #expect(model.parameterCount == 8)
    var context = ForwardContext(tape: Tape<Double>(), mode: .training)
    let gradients = model(Variable(drawn([3, 4], seed: 5)), in: &context).squared().sum().gradients()
    #expect(gradients[model.weight] != nil && gradients[model.runningMean] == nil)
  }

  @Test func featuresThatDoNotFitNameBothShapes() async {
    let layerNorm = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = LayerNorm<Double>(4)(Variable(.zeros([2, 3])), in: &context)
    }
    expectMessage("LayerNorm: shapes [2, 3] and [4] do not fit", from: layerNorm)
    let batchNorm = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var context = ForwardContext<Double>()
      _ = BatchNorm<Double>(4)(Variable(.zeros([4])), in: &context)
    }
    expectMessage("BatchNorm: shapes [4] and [4] do not fit; the input must be [batch, ..., 4]", from: batchNorm)
  }
}
