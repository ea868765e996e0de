import CSequenceKernels
import Testing

struct ReductionTests {
  @Test func sumsAndMaximaEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 20)
      for n in oddSizes + [1000] {
        let x: [S] = values.scalars(n, in: -2...3)
        let sum = x.reduce(0) { $0 + $1.wide }
        let squares = x.reduce(0) { $0 + $1.wide * $1.wide }
        for (name, kernels) in S.instances {
          #expect(abs(kernels.sum(Int64(n), x) - sum) <= 1e-13 * Double(n + 1), "\(name) \(S.self)")
          #expect(abs(kernels.sum_of_squares(Int64(n), x) - squares) <= 1e-13 * Double(n + 1), "\(name) \(S.self)")
          if n > 0 { #expect(kernels.maximum(Int64(n), x) == x.max()!.wide, "\(name) \(S.self)") }
        }
      }
    }
  }

  @Test func sumsAreTheSameBitsOnEveryInstructionSet() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 21)
      for n in oddSizes + [1000] {
        let x: [S] = values.scalars(n, in: -2...3)
        let sums = S.instances.map { $0.kernels.sum(Int64(n), x) }
        let squares = S.instances.map { $0.kernels.sum_of_squares(Int64(n), x) }
        #expect(Set(sums).count == 1 && Set(squares).count == 1, "\(S.self), \(n) elements")
      }
    }
  }

  @Test func maximumIsNaNWhereverOneStands() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for n in [1, 2, 7, 16, 17, 40] {
        for position in 0..<n {
          var x = [S](repeating: 1, count: n)
          x[position] = .nan
          for (name, kernels) in S.instances {
            #expect(kernels.maximum(Int64(n), x).isNaN, "\(name) \(S.self) at \(position) of \(n)")
          }
          x = [S](repeating: -.infinity, count: n)
          x[position] = -5
          for (name, kernels) in S.instances { #expect(kernels.maximum(Int64(n), x) == -5, "\(name) \(S.self)") }
        }
      }
    }
  }

  @Test func columnSumsAddRowsInOrder() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 22)
      for m in [0, 1, 2, 17] {
        for n in oddSizes + [257] {
          let stride = n + 3
          let x: [S] = values.scalars(m * stride)
          let start: [S] = values.scalars(n)
          let expected = (0..<n).map { j in
            start[j] + (0..<m).reduce(S(0)) { $0 + x[$1 * stride + j] }
          }
          for (name, kernels) in S.instances {
            var out = start
            kernels.add_column_sums(Int64(m), Int64(n), x, Int64(stride), &out)
            #expect(same(out, expected), "\(name) \(S.self) \(m)×\(n)")
          }
        }
      }
    }
  }
}
