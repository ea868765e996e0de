import Autograd
import CharrnnTestSupport
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

  /// Fan-in and fan-out of a weight [out, in, window].
  fileprivate struct Fans: CustomTestStringConvertible, Sendable {
    let shape: TensorShape
    let fanIn, fanOut: Double
    var testDescription: String { "\(shape)" }

    static let all = [
      Fans(shape: [100, 100], fanIn: 100, fanOut: 100), Fans(shape: [30, 300], fanIn: 300, fanOut: 30),
      Fans(shape: [300, 30], fanIn: 30, fanOut: 300), Fans(shape: [20, 50, 9], fanIn: 450, fanOut: 180),
    ]
  }

  @Test(arguments: Fans.all, [4, 5] as [UInt64])
  fileprivate func variancesFollowTheFans(fans: Fans, seed: UInt64) {
    let expected: [(Initializer, variance: Double, isUniform: Bool)] = [
      (.glorotUniform, 2 / (fans.fanIn + fans.fanOut), true), (.glorotNormal, 2 / (fans.fanIn + fans.fanOut), false),
      (.heUniform, 2 / fans.fanIn, true), (.heNormal, 2 / fans.fanIn, false),
      (.lecunUniform, 1 / fans.fanIn, true), (.lecunNormal, 1 / fans.fanIn, false),
    ]
    for (initializer, variance, isUniform) in expected {
      let values = drawn(initializer, fans.shape, seed: seed)
      expectMoments(values, variance: variance, kurtosis: isUniform ? 1.8 : 3, "\(initializer), seed \(seed)")
      let bound = (3 * variance).squareRoot()
      #expect(values.allSatisfy { abs($0) <= bound } == isUniform, "\(initializer), seed \(seed)")
    }
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func truncatedNormalDrawsStayWithinTwoDeviations(seed: UInt64) {
    // With φ(2) = 0.053991 and 2Φ(2) − 1 = 0.954500; the fourth moment from the same integrals.
    let (share, density) = (0.954499736103642, 0.053990966513188)
    let variance = 1 - 4 * density / share
    let fourth = 3 - 28 * density / share
    for deviation in [0.02, 1, 2] {
      let values = drawn(.truncatedNormal(deviation), [50, 200], seed: seed)
      expectMoments(
        values, variance: deviation * deviation * variance, kurtosis: fourth / (variance * variance), "seed \(seed)")
      #expect(values.allSatisfy { abs($0) <= 2 * deviation }, "seed \(seed)")
      #expect(values.contains { abs($0) > 1.9 * deviation }, "seed \(seed)")
    }
  }

  @Test func partsOfAStackAreDrawnEachByItsOwn() {
    let values = drawn(.stacked([.zeros, .constant(2), .orthogonal]), [6, 2], seed: 1)
    #expect(Array(values[..<8]) == [0, 0, 0, 0, 2, 2, 2, 2])
    let q = Tensor(Array(values[8...]), shape: [2, 2])
    #expect((q.matmul(q, transposingOther: true) - .identity(2)).absolute().max().scalar < 1e-14)
  }

  @Test func theIdentityHasOnesOnItsDiagonal() {
    #expect(drawn(.identity, [2, 2], seed: 1) == [1, 0, 0, 1])
    #expect(drawn(.identity, [2, 3], seed: 1) == [1, 0, 0, 0, 1, 0])
    #expect(drawn(.identity, [3, 2], seed: 1) == [1, 0, 0, 1, 0, 0])
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

  @Test(
    arguments: [
      Initializer.uniform(1), .normal(1), .truncatedNormal(1), .glorotUniform, .glorotNormal, .heUniform, .heNormal,
      .lecunUniform, .lecunNormal, .orthogonal, .stacked([.normal(1), .orthogonal]),
    ])
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
