import CSequenceKernels
import Testing

/// Kernels that move or add rows and columns: their bits follow from the definition alone.
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

  /// Some columns several times, some never, and places outside.
  private func columns(_ count: Int, of width: Int, _ values: inout TestValues) -> [Int32] {
    (0..<count).map { _ in Int32(values.index(below: width + 1)) - 1 }
  }

  @Test func gatherTakesTheColumnsNamedAndZerosOutside() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 33)
      for m in [0, 1, 3] {
        for n in oddSizes {
          for width in [1, 2, 9, 33] {
            let indices = columns(n, of: width, &values)
            let x: [S] = values.scalars(m * width)
            var expected = [S](repeating: 7, count: m * n + 1)
            for i in 0..<m {
              for (j, index) in indices.enumerated() {
                expected[i * n + j] = index < 0 ? 0 : x[i * width + Int(index)]
              }
            }
            for (name, kernels) in S.instances {
              var out = [S](repeating: 7, count: m * n + 1)
              kernels.gather_columns(Int64(m), Int64(n), indices, x, Int64(width), &out)
              #expect(out == expected, "\(name) \(S.self) \(m)×\(n) of \(width) columns, seed 33")
            }
          }
        }
      }
    }
  }

  @Test func scatterAddsColumnsInOrderAndLeavesOutThoseOutside() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 34)
      for m in [0, 1, 3] {
        for n in oddSizes {
          for width in [1, 2, 9, 33] {
            let indices = columns(n, of: width, &values)
            let x: [S] = values.scalars(m * n)
            let before: [S] = values.scalars(m * width + 1)
            var expected = before
            for i in 0..<m {
              for (j, index) in indices.enumerated() where index >= 0 {
                expected[i * width + Int(index)] += x[i * n + j]
              }
            }
            for (name, kernels) in S.instances {
              var out = before
              kernels.scatter_add_columns(Int64(m), Int64(n), indices, x, Int64(width), &out)
              #expect(out == expected, "\(name) \(S.self) \(m)×\(n) to \(width) columns, seed 34")
            }
          }
        }
      }
    }
  }
}
