import CSequenceKernels
import Testing

/// The linear recurrence and its gradient, against plain loops.
struct ScanTests {
  private static let steps = 5

  @Test func theScanAndItsGradientEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 60)
      let steps = Self.steps
      for n in oddSizes {
        let stride = n + 3
        let a: [S] = values.scalars(steps * stride, in: -1...1)
        let (b, g): ([S], [S]) = (values.scalars(steps * stride), values.scalars(steps * stride))
        let (initial, behind): ([S], [S]) = (values.scalars(n), values.scalars(n))
        for hasUpstream in [true, false] {
          var (h, da, db) = ([Double](), [Double](), [Double]())
          var (state, carried) = (initial.map(\.wide), behind.map(\.wide))
          for t in 0..<steps {
            for j in 0..<n { state[j] = a[t * stride + j].wide * state[j] + b[t * stride + j].wide }
            h += state
          }
          for t in (0..<steps).reversed() {
            let before = t > 0 ? Array(h[(t - 1) * n..<t * n]) : initial.map(\.wide)
            if hasUpstream { for j in 0..<n { carried[j] += g[t * stride + j].wide } }
            da = zip(carried, before).map { $0 * $1 } + da
            db = carried + db
            for j in 0..<n { carried[j] *= a[t * stride + j].wide }
          }
          for (name, kernels) in S.instances {
            let place: Comment = "\(name) \(S.self) \(n) columns, upstream \(hasUpstream), seed 60"
            let blank = [S](repeating: 7, count: steps * stride)
            var (scanned, dFactors, dTerms, dInitial) = (blank, blank, blank, behind)
            kernels.linear_scan(Int64(steps), Int64(n), Int64(stride), a, b, initial, &scanned)
            if hasUpstream {
              kernels.linear_scan_gradient(
                Int64(steps), Int64(n), Int64(stride), a, initial, scanned, g, &dInitial, &dFactors, &dTerms)
            } else {
              kernels.linear_scan_gradient(
                Int64(steps), Int64(n), Int64(stride), a, initial, scanned, nil, &dInitial, &dFactors, &dTerms)
            }
            for (found, expected) in [(scanned, h), (dFactors, da), (dTerms, db)] {
              let rows = (0..<steps).flatMap { found[$0 * stride..<$0 * stride + n] }
              #expect(difference(rows, expected, roundoffs: 60) == nil, place)
              let gaps = (0..<steps).flatMap { found[$0 * stride + n..<($0 + 1) * stride] }
              #expect(gaps.allSatisfy { $0 == 7 }, "wrote between the rows: \(place)")
            }
            #expect(difference(dInitial, carried, roundoffs: 60) == nil, place)
          }
        }
      }
    }
  }

  @Test func nothingPassesWhereTheFactorIsZero() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for (name, kernels) in S.instances {
        for bad in [S.nan, .infinity, -.infinity] {
          // Two steps of one column: what is bad comes before the first, and the gradient's after the second.
          let (a, b): ([S], [S]) = ([0, 0], [2, 3])
          var (h, da, db, carried): ([S], [S], [S], [S]) = ([7, 7], [7, 7], [7, 7], [bad])
          kernels.linear_scan(2, 1, 1, a, b, [bad], &h)
          #expect(h == [2, 3], "\(name) \(S.self)")
          kernels.linear_scan_gradient(2, 1, 1, a, [5], h, nil, &carried, &da, &db)
          #expect(carried == [0] && db[0] == 0 && da[0] == 0, "\(name) \(S.self)")
        }
      }
    }
  }
}
