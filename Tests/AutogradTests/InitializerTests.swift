import Autograd
import TensorCore
import Testing

@Suite struct InitializerTests {
  private func drawn(_ initializer: Initializer, _ shape: TensorShape, seed: UInt64) -> [Double] {
    var random = RandomSource(seed: seed)
    let tensor: Tensor<Double> = initializer(shape, using: &random)
    #expect(tensor.shape == shape)
    return tensor.scalars
  }

  /// Expects mean and variance within five standard errors; `kurtosis` is that of the distribution.
  private func expectMoments(_ values: [Double], variance: Double, kurtosis: Double, _ label: Comment) {
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    let spread = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (n - 1)
    #expect(abs(mean) < 5 * (variance / n).squareRoot(), label)
    #expect(abs(spread - variance) < 5 * variance * ((kurtosis - 1) / n).squareRoot(), label)
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func uniformDrawsFillTheirRangeEvenly(seed: UInt64) {
    for bound in [0.1, 1, 3] {
      let values = drawn(.uniform(bound), [50, 200], seed: seed)
      expectMoments(values, variance: bound * bound / 3, kurtosis: 1.8, "seed \(seed)")
      #expect(values.allSatisfy { abs($0) <= bound }, "seed \(seed)")
      #expect(values.max()! > 0.99 * bound && values.min()! < -0.99 * bound, "seed \(seed)")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func normalDrawsHaveTheirDeviation(seed: UInt64) {
    for deviation in [0.02, 1, 2] {
      let values = drawn(.normal(deviation), [50, 200], seed: seed)
      expectMoments(values, variance: deviation * deviation, kurtosis: 3, "seed \(seed)")
      #expect(values.contains { abs($0) > 3 * deviation }, "seed \(seed)")
    }
  }

  @Test(arguments: [(100, 100), (30, 300), (300, 30)])
  func glorotVarianceIsTwoOverFanInAndFanOut(outputs: Int, inputs: Int) {
    let values = drawn(.glorotUniform, [outputs, inputs], seed: 4)
    expectMoments(values, variance: 2 / Double(inputs + outputs), kurtosis: 1.8, "seed 4")
    #expect(values.allSatisfy { $0 * $0 <= 6 / Double(inputs + outputs) })
  }

  @Test(arguments: [(100, 100), (30, 300), (300, 30)])
  func lecunVarianceIsOneOverFanIn(outputs: Int, inputs: Int) {
    let values = drawn(.lecunUniform, [outputs, inputs], seed: 4)
    expectMoments(values, variance: 1 / Double(inputs), kurtosis: 1.8, "seed 4")
    #expect(values.allSatisfy { $0 * $0 <= 3 / Double(inputs) })
  }

  @Test(arguments: [(1, 1), (5, 5), (64, 64), (3, 8), (8, 3), (1, 4), (4, 1)])
  func orthogonalMatricesHaveOrthonormalRowsOrColumns(rows: Int, columns: Int) {
    for seed: UInt64 in [1, 2] {
      var random = RandomSource(seed: seed)
      let q: Tensor<Double> = Initializer.orthogonal([rows, columns], using: &random)
      let product = rows <= columns ? q.matmul(q, transposingOther: true) : q.matmul(q, transposing: true)
      let difference = product - .identity(min(rows, columns))
      #expect(difference.absolute().max().scalar < 1e-13, "seed \(seed)")
    }
  }

  @Test func orthogonalMatricesPointInEveryDirection() {
    var random = RandomSource(seed: 5)
    let first = (0..<2_000).map { _ in (Initializer.orthogonal([2, 3], using: &random) as Tensor<Double>).scalars[0] }
    // A coordinate of a point on the sphere is uniform in ±1 (Archimedes).
    expectMoments(first, variance: 1.0 / 3, kurtosis: 1.8, "seed 5")
  }

  @Test func constantsAreConstant() {
    #expect(drawn(.zeros, [2, 3], seed: 1) == [0, 0, 0, 0, 0, 0])
    #expect(drawn(.constant(1.5), [3], seed: 1) == [1.5, 1.5, 1.5])
  }

  @Test(arguments: [Initializer.uniform(1), .normal(1), .glorotUniform, .lecunUniform, .orthogonal])
  func drawsDependOnTheSourceAlone(initializer: Initializer) {
    #expect(drawn(initializer, [4, 6], seed: 7) == drawn(initializer, [4, 6], seed: 7))
    #expect(drawn(initializer, [4, 6], seed: 7) != drawn(initializer, [4, 6], seed: 8))
    var (random, same) = (RandomSource(seed: 7), RandomSource(seed: 7))
    let single: Tensor<Float> = initializer([4, 6], using: &random)
    let double: Tensor<Double> = initializer([4, 6], using: &same)
    #expect(single.scalars == double.scalars.map { Float($0) })
    #expect(random == same)
    #expect(initializer([4, 6], using: &random) != single, "the source has moved on")
  }

  @Test func aFanNeedsAMatrix() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      var random = RandomSource(seed: 1)
      let _: Tensor<Float> = Initializer.orthogonal([5], using: &random)
    }
    expectMessage("Initializer: orthogonal needs a weight [out, in, …], not the shape [5]", from: result)
  }
}
