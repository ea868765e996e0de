import CharrnnTestSupport
import Foundation
import TensorCore
import Testing

@Suite struct ReproducibleMathTests {
  /// Units in the last place of `expected` that lie between the two.
  private func distance(_ found: Double, _ expected: Double) -> Double {
    found == expected || found.isNaN && expected.isNaN ? 0 : abs(found - expected) / expected.ulp
  }

  private func uniform(_ count: Int, _ range: ClosedRange<Double>) -> [Double] {
    var random = SplitMix(seed: 11)
    let width = range.upperBound - range.lowerBound
    return (0..<count).map { _ in range.lowerBound + Double(random.next() >> 11) * 0x1p-53 * width }
  }

  @Test func theExponentialIsThatOfTheLibraryToTwoUnits() {
    for range in [-745.2...(-700), -50...0, -1...1, 0...709.78, -1e-8...1e-8] {
      for x in uniform(20_000, range) {
        #expect(distance(ReproducibleMath.exp(x), exp(x)) <= 2, "exp(\(x))")
      }
    }
  }

  @Test func theLogarithmIsThatOfTheLibraryToTwoUnits() {
    for exponent in [-1070.0, -1000, -30, -1, 0, 1, 30, 1000] {
      for x in uniform(10_000, -1...1) {
        let value = exp2(exponent) * exp(x)
        #expect(distance(ReproducibleMath.log(value), log(value)) <= 2, "log(\(value))")
      }
    }
    for x in uniform(10_000, -1e-5...1e-5) {
      #expect(distance(ReproducibleMath.log(1 + x), log(1 + x)) <= 2, "log(\(1 + x))")
    }
  }

  @Test func theEndsOfTheRangesAreExact() {
    #expect(ReproducibleMath.exp(0) == 1 && ReproducibleMath.log(1) == 0)
    #expect(ReproducibleMath.exp(.infinity) == .infinity && ReproducibleMath.exp(-.infinity) == 0)
    #expect(ReproducibleMath.exp(710) == .infinity && ReproducibleMath.exp(-746) == 0)
    #expect(ReproducibleMath.log(0) == -.infinity && ReproducibleMath.log(.infinity) == .infinity)
    #expect(ReproducibleMath.exp(.nan).isNaN && ReproducibleMath.log(.nan).isNaN && ReproducibleMath.log(-1).isNaN)
  }

  /// Bits that were computed on x86-64; every machine computes them.
  @Test func theBitsAreTheSameOnEveryMachine() {
    var hash = ContentHash()
    for x in uniform(20_000, -700...700) {
      let values = [ReproducibleMath.exp(x), ReproducibleMath.log(abs(x))]
      hash.update(values.withUnsafeBytes { Array($0) })
    }
    #expect(hash.finalize() == "4e88ed0ef8dea16c250412d5c0431ffd402a89f5689ecb3d175faf2d39987873")
  }
}
