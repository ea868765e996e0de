import CSequenceKernels
import Testing

/// Kernels that move or add whole rows: their bits follow from the definition alone.
struct RowTests {
  @Test func transposeExchangesRowsAndColumns() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 30)
      for m in oddSizes {
        for n in [0, 1, 3, 4, 6, 17, 70] {
          let stride = n + 2
          let x: [S] = values.scalars(m * stride)
          var expected = [S](repeating: 0, count: m * n)
          for i in 0..<m { for j in 0..<n { expected[j * m + i] = x[i * stride + j] } }
          for (name, kernels) in S.instances {
            var out = [S](repeating: .nan, count: m * n)
            kernels.transpose(Int64(m), Int64(n), x, Int64(stride), &out)
            #expect(out == expected, "\(name) \(S.self) \(m)×\(n)")
          }
        }
      }
    }
  }

  @Test func gatherTakesTheRowsNamed() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 31)
      let indices: [Int32] = [4, 0, 4, 2, 1]
      for n in oddSizes {
        let (tableStride, outStride) = (n + 1, n + 2)
        let table: [S] = values.scalars(5 * tableStride)
        var expected = [S](repeating: 7, count: indices.count * outStride)
        for (i, index) in indices.enumerated() {
          for j in 0..<n { expected[i * outStride + j] = table[Int(index) * tableStride + j] }
        }
        for (name, kernels) in S.instances {
          var out = [S](repeating: 7, count: indices.count * outStride)
          kernels.gather_rows(
            Int64(indices.count), Int64(n), indices, table, Int64(tableStride), &out, Int64(outStride))
          #expect(out == expected, "\(name) \(S.self) \(n) columns")
        }
      }
    }
  }

  @Test func scatterAddsRowsInOrder() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 32)
      let indices: [Int32] = [4, 0, 4, 4, 1]
      for n in oddSizes {
        let (tableStride, xStride) = (n + 1, n + 2)
        let x: [S] = values.scalars(indices.count * xStride)
        let table: [S] = values.scalars(5 * tableStride)
        var expected = table
        for (i, index) in indices.enumerated() {
          for j in 0..<n { expected[Int(index) * tableStride + j] += x[i * xStride + j] }
        }
        for (name, kernels) in S.instances {
          var out = table
          kernels.scatter_add_rows(
            Int64(indices.count), Int64(n), indices, x, Int64(xStride), &out, Int64(tableStride))
          #expect(out == expected, "\(name) \(S.self) \(n) columns")
        }
      }
    }
  }
}
