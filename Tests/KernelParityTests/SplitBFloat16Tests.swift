import CSequenceKernels
import CharrnnTestSupport
import Testing

/// Products of numbers split into two bfloat16 halves, in the order of sums that `SKFormatSplitBFloat16` gives.
struct SplitBFloat16Tests {
  private static let instances = Float.products(SKFormatSplitBFloat16)

  private func cases(_ values: inout TestValues, exponents: ClosedRange<Double>? = nil) -> [ProductCase<Float>] {
    let sizes = [(1, 1, 1), (2, 3, 31), (3, 33, 32), (17, 40, 33), (5, 65, 64), (33, 9, 100), (4, 17, 530), (3, 5, 0)]
    return sizes.enumerated().flatMap { number, size in
      sweep(debug: [number, number + 5], release: Array(0..<8)).map {
        ProductCase(m: size.0, n: size.1, k: size.2, layout: $0 % 8, exponents: exponents, values: &values)
      }
    }
  }

  @Test func everyInstructionSetComputesTheBitsOfTheDefinition() {
    var values = TestValues(seed: 11)
    for product in cases(&values) { compare(product) }
  }

  /// Products and sums below the smallest normal number, and halves that are.
  @Test func subnormalNumbersCountAsZeros() {
    var values = TestValues(seed: 12)
    for product in cases(&values, exponents: -75...(-50)) + cases(&values, exponents: -149...10) { compare(product) }
  }

  private func compare(_ product: ProductCase<Float>) {
    let expected = product.splitBFloat16Reference()
    for instance in Self.instances {
      #expect(
        same(product.result(instance), expected),
        "\(instance.name) \(product.m)×\(product.n)×\(product.k), layout \(product.layout)")
    }
  }

  @Test func aRowAndAColumnAloneHaveTheBitsOfTheWholeProduct() {
    var values = TestValues(seed: 13)
    for instance in Self.instances {
      let product = ProductCase<Float>(m: 19, n: 2 * instance.width + 3, k: 70, layout: 5, values: &values)
      let (whole, packed) = (product.result(instance), product.packed(instance))
      var parts = product.c
      for row in 0..<product.m {
        for first in stride(from: 0, to: product.n, by: instance.width) {
          let columns = first..<min(first + instance.width, product.n)
          product.multiply(instance, packed, rows: row..<(row + 1), columns: columns, into: &parts)
        }
      }
      #expect(same(parts, whole), "\(instance.name)")
    }
  }

  /// A single product may be wrong by 2⁻¹⁵; errors of many cancel.
  @Test func sumsOfManyProductsAreWithinAQuarterOfTheBound() throws {
    var values = TestValues(seed: 14)
    let instance = try #require(Self.instances.first)
    for k in [40, 700] {
      let product = ProductCase<Float>(m: 9, n: 21, k: k, layout: 0, values: &values)
      let (expected, tolerances) = product.reference(SKFormatFull)
      let failure = difference(product.result(instance), expected) {
        0x1p-17 * tolerances[$0] / (Double(k + 2) * Float.roundoff)
      }
      #expect(failure == nil, "k = \(k)")
    }
  }
}

extension ProductCase<Float> {
  /// The definition, one element at a time. What lies between the rows of C stays.
  fileprivate func splitBFloat16Reference() -> [Float] {
    var out = c
    for i in 0..<m {
      let row = (0..<k).map { Halves(a(i, $0)) }
      for j in 0..<n {
        let column = (0..<k).map { Halves(b($0, j)) }
        var sum = accumulate ? c[i * cStride + j] : 0
        for first in stride(from: 0, to: k, by: 32) {
          for (left, right) in [(\Halves.high, \Halves.high), (\.high, \.low), (\.low, \.high)] {
            var (even, odd): (Float, Float) = (0, 0)
            for p in first..<min(first + 32, k) {
              let (x, y) = (row[p][keyPath: left], column[p][keyPath: right])
              if p % 2 == 0 { even = flushed(even.addingProduct(x, y)) } else { odd = flushed(odd.addingProduct(x, y)) }
            }
            sum = flushed(flushed(sum) + flushed(even + odd))
          }
        }
        out[i * cStride + j] = sum
      }
    }
    return out
  }
}

private struct Halves {
  let high, low: Float

  init(_ x: Float) {
    high = Float(nearestBFloat16(flushed(x)))
    low = Float(nearestBFloat16(flushed(x - high)))
  }
}

private func flushed(_ x: Float) -> Float { x.magnitude < .leastNormalMagnitude ? 0 : x }
