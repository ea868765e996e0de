import CSequenceKernels
import Testing

/// Every shape, layout and format of a product against the definition, and the laws of its bits.
struct ProductTests {
  @Test func equalsTheDefinitionForEveryShapeAndLayout() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 1)
      var layout = 0
      for m in [1, 2, 3, 7, 14, 15, 29] {
        for n in [1, 3, 16, 17, 33, 65] {
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
        compare(ProductCase<S>(m: 67, n: 20, k: 530, layout: layout, values: &values))
      }
    }

    func compare<S: KernelScalar>(_ product: ProductCase<S>) {
      for format in formats {
        let instances = S.products(format)
        if instances.isEmpty { continue }
        let (expected, tolerances) = product.reference(format)
        for instance in instances {
          let failure = difference(product.result(instance), expected) { tolerances[$0] }
          #expect(failure == nil, "\(instance.name) \(S.self) \(product.m)×\(product.n)×\(product.k)")
        }
      }
    }
  }

  @Test func anElementDoesNotDependOnTheRowsOrPanelsBesideIt() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 2)
      for instance in formats.flatMap({ S.products($0) }) {
        let width = instance.width
        for (m, panels, k) in [(50, 3, 20), (31, 2, 300), (5, 9, 33), (3, 5, 257), (2, 5, 7), (70, 2, 515)] {
          let n = panels * width - 1
          for layout in [0, 1, 4] {
            let product = ProductCase<S>(m: m, n: n, k: k, layout: layout, values: &values)
            let whole = product.result(instance)
            let packed = product.packed(instance)
            for split in [1, 2, 3, 7, 14, m - 1] where split < m {
              var parts = product.c
              product.multiply(instance, packed, rows: 0..<split, columns: 0..<n, into: &parts)
              product.multiply(instance, packed, rows: split..<m, columns: 0..<n, into: &parts)
              #expect(same(parts, whole), "\(instance.name) \(S.self) rows split at \(split) of \(m)")
            }
            var alone = product.c
            for row in 0..<m {
              product.multiply(instance, packed, rows: row..<(row + 1), columns: 0..<n, into: &alone)
            }
            #expect(same(alone, whole), "\(instance.name) \(S.self) single rows of \(m)")
            for panel in 1..<panels {
              var parts = product.c
              product.multiply(instance, packed, rows: 0..<m, columns: 0..<(panel * width), into: &parts)
              product.multiply(instance, packed, rows: 0..<m, columns: (panel * width)..<n, into: &parts)
              #expect(same(parts, whole), "\(instance.name) \(S.self) columns split at panel \(panel)")
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
      for instance in formats.flatMap({ S.products($0) }) {
        for (m, n, k) in [(1, 40, 9), (17, 33, 50), (29, 7, 260)] {
          for layout in 0..<4 {
            var values = TestValues(seed: 3)
            let product = ProductCase<S>(m: m, n: n, k: k, layout: layout, values: &values)
            let turned = ProductCase(turning: product)
            #expect(product.packed(instance) == turned.packed(instance), "\(instance.name) \(S.self)")
            #expect(same(product.result(instance), turned.result(instance)), "\(instance.name) \(S.self)")
          }
        }
      }
    }
  }

  @Test func aProductIsAddedToRowsOfATableAsToTheirCopies() {
    var values = TestValues(seed: 4)
    for instance in formats.flatMap({ Float.products($0) }) {
      for (m, n, k) in [(1, 40, 9), (17, 33, 50), (31, 65, 515)] {
        let onto = ProductCase<Float>(m: m, n: n, k: k, layout: 4, values: &values)
        for (stride, indices) in [(0, nil), (n + 2, nil), (n + 1, (0..<m).map { Int32($0 * 7 % m) })] {
          let table: [Float] = values.scalars(m * (n + 2))
          var copied = onto.c
          for i in 0..<m {
            let row = Int(indices?[i] ?? Int32(i)) * stride
            for j in 0..<n { copied[i * onto.cStride + j] = table[row + j] }
          }
          var expected = copied
          onto.multiply(instance, onto.packed(instance), rows: 0..<m, columns: 0..<n, into: &expected)
          let result = onto.result(instance, onto: table, tableStride: stride, indices: indices)
          for i in 0..<m {
            let row = i * onto.cStride..<i * onto.cStride + n
            #expect(same(Array(result[row]), Array(expected[row])), "\(instance.name) \(m)×\(n)×\(k) row \(i)")
          }
        }
      }
    }
  }

  @Test func bitsAreTheSameOnInstructionSetsThatShareTheArithmetic() {
    var values = TestValues(seed: 5)
    for (m, n, k) in [(1, 40, 9), (17, 65, 50), (29, 7, 300)] {
      let product = ProductCase<Float>(m: m, n: n, k: k, layout: 0, values: &values)
      let integers = Float.products(SKFormatInt8Weights).map { product.result($0) }
      #expect(integers.allSatisfy { same($0, integers[0]) }, "8-bit integers, \(m)×\(n)×\(k)")
      let full = Float.products(SKFormatFull).filter { ["avx512", "amx"].contains($0.set) }.map { product.result($0) }
      #expect(full.allSatisfy { same($0, full[0]) }, "single precision, \(m)×\(n)×\(k)")
    }
  }
}
