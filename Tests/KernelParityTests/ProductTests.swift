import CSequenceKernels
import Testing

/// A product with the layouts of its operands: sizes, a reference in double precision, and the scale of its rounding.
private struct ProductCase<S: KernelScalar> {
  let m: Int, n: Int, k: Int
  let a: [S], b: [S], c: [S]
  let transposedA: Bool, transposedB: Bool, accumulate: Bool
  let aStride: Int, bStride: Int, cStride: Int

  init(m: Int, n: Int, k: Int, layout: Int, values: inout TestValues) {
    (self.m, self.n, self.k) = (m, n, k)
    (transposedA, transposedB, accumulate) = (layout & 1 != 0, layout & 2 != 0, layout & 4 != 0)
    aStride = (transposedA ? m : k) + layout % 3
    bStride = (transposedB ? k : n) + layout % 2
    cStride = n + layout % 4
    a = values.scalars((transposedA ? k : m) * aStride)
    b = values.scalars((transposedB ? n : k) * bStride)
    c = values.scalars(m * cStride)
  }

  func packed(_ kernels: SKKernels) -> [S] {
    let format = kernels.full
    var packed = [S](repeating: .nan, count: Int(format.packed_bytes(Int64(k), Int64(n))) / MemoryLayout<S>.size)
    format.pack(
      Int64(k), Int64(n), b, transposedB ? 1 : Int64(bStride), transposedB ? Int64(bStride) : 1, &packed)
    return packed
  }

  func result(_ kernels: SKKernels) -> [S] {
    var out = c
    kernels.full.product(
      Int64(m), Int64(n), Int64(k), a, transposedA ? 1 : Int64(aStride), transposedA ? Int64(aStride) : 1,
      packed(kernels), &out, Int64(cStride), accumulate)
    return out
  }

  /// C and, for each element, the sum of the magnitudes that were added. What lies between the rows stays.
  func reference() -> (values: [Double], magnitudes: [Double]) {
    var values = c.map(\.wide)
    var magnitudes = [Double](repeating: 0, count: c.count)
    for i in 0..<m {
      for j in 0..<n {
        var sum = accumulate ? c[i * cStride + j].wide : 0
        var magnitude = abs(sum)
        for p in 0..<k {
          let term =
            a[transposedA ? p * aStride + i : i * aStride + p].wide
            * b[transposedB ? j * bStride + p : p * bStride + j].wide
          sum += term
          magnitude += abs(term)
        }
        values[i * cStride + j] = sum
        magnitudes[i * cStride + j] = magnitude
      }
    }
    return (values, magnitudes)
  }
}

struct ProductTests {
  @Test func equalsTheDefinitionForEveryShapeAndLayout() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 1)
      var layout = 0
      for m in [1, 2, 3, 6, 7, 14, 15, 25, 29] {
        for n in [1, 3, 8, 15, 16, 17, 33, 65] {
          for k in [0, 1, 2, 17, 65] {
            layout = (layout + 3) % 8
            compare(ProductCase<S>(m: m, n: n, k: k, layout: layout, values: &values))
          }
        }
      }
      for layout in 0..<8 {
        // More than one block of k, and more row blocks than are packed at a time.
        compare(ProductCase<S>(m: 3, n: 35, k: 515, layout: layout, values: &values))
        compare(ProductCase<S>(m: 61, n: 5, k: 259, layout: layout, values: &values))
      }
    }

    func compare<S: KernelScalar>(_ product: ProductCase<S>) {
      let (expected, magnitudes) = product.reference()
      for (name, kernels) in S.instances {
        let failure = difference(product.result(kernels), expected) {
          Double(product.k + 2) * S.roundoff * magnitudes[$0]
        }
        #expect(failure == nil, "\(name) \(S.self) \(product.m)×\(product.n)×\(product.k)")
      }
    }
  }

  @Test func anElementDoesNotDependOnTheRowsOrPanelsBesideIt() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 2)
      for (name, kernels) in S.instances {
        let width = Int(kernels.panel_width)
        for (m, panels, k) in [(50, 3, 20), (31, 2, 300), (5, 9, 33), (3, 5, 257), (2, 5, 7)] {
          let n = panels * width - 1
          for layout in [0, 1, 4] {
            let product = ProductCase<S>(m: m, n: n, k: k, layout: layout, values: &values)
            let whole = product.result(kernels)
            let packed = product.packed(kernels)
            for split in [1, 2, 3, 7, 14, m - 1] where split < m {
              var parts = product.c
              multiply(rows: 0..<split, columns: 0..<n)
              multiply(rows: split..<m, columns: 0..<n)
              #expect(same(parts, whole), "\(name) \(S.self) rows split at \(split) of \(m)")

              func multiply(rows: Range<Int>, columns: Range<Int>) {
                self.multiply(product, packed, kernels, rows, columns, &parts)
              }
            }
            var alone = product.c
            for row in 0..<m { multiply(product, packed, kernels, row..<(row + 1), 0..<n, &alone) }
            #expect(same(alone, whole), "\(name) \(S.self) single rows of \(m)")
            for panel in 1..<panels {
              var parts = product.c
              multiply(product, packed, kernels, 0..<m, 0..<(panel * width), &parts)
              multiply(product, packed, kernels, 0..<m, (panel * width)..<n, &parts)
              #expect(same(parts, whole), "\(name) \(S.self) columns split at panel \(panel)")
            }
          }
        }
      }
    }
  }

  @Test func bitsDoNotDependOnTheLayoutOfTheOperands() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for (name, kernels) in S.instances {
        for (m, n, k) in [(1, 40, 9), (17, 33, 50), (29, 7, 260)] {
          var values = TestValues(seed: 3)
          let a: [S] = values.scalars(m * k)
          let b: [S] = values.scalars(k * n)
          var at = a
          var bt = b
          kernels.transpose(Int64(m), Int64(k), a, Int64(k), &at)
          kernels.transpose(Int64(k), Int64(n), b, Int64(n), &bt)
          let format = kernels.full
          let byteCount = Int(format.packed_bytes(Int64(k), Int64(n)))
          var packed = [S](repeating: .nan, count: byteCount / MemoryLayout<S>.size)
          var packedFromTranspose = packed
          format.pack(Int64(k), Int64(n), b, Int64(n), 1, &packed)
          format.pack(Int64(k), Int64(n), bt, 1, Int64(k), &packedFromTranspose)
          #expect(packed == packedFromTranspose, "\(name) \(S.self)")
          var c = [S](repeating: 0, count: m * n)
          var cFromTranspose = c
          format.product(Int64(m), Int64(n), Int64(k), a, Int64(k), 1, packed, &c, Int64(n), false)
          format.product(Int64(m), Int64(n), Int64(k), at, 1, Int64(m), packed, &cFromTranspose, Int64(n), true)
          #expect(same(c, cFromTranspose), "\(name) \(S.self)")
        }
      }
    }
  }

  private func multiply<S: KernelScalar>(
    _ product: ProductCase<S>, _ packed: [S], _ kernels: SKKernels, _ rows: Range<Int>, _ columns: Range<Int>,
    _ c: inout [S]
  ) {
    let rowStride = product.transposedA ? 1 : product.aStride
    c.withUnsafeMutableBufferPointer { c in
      product.a.withUnsafeBufferPointer { a in
        packed.withUnsafeBufferPointer { packed in
          kernels.full.product(
            Int64(rows.count), Int64(columns.count), Int64(product.k), a.baseAddress! + rows.lowerBound * rowStride,
            Int64(rowStride), product.transposedA ? Int64(product.aStride) : 1,
            packed.baseAddress! + columns.lowerBound * product.k,
            c.baseAddress! + rows.lowerBound * product.cStride + columns.lowerBound, Int64(product.cStride),
            product.accumulate)
        }
      }
    }
  }
}
