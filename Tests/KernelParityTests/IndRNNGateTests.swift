import CSequenceKernels
import Testing

/// Units of the independently recurrent network, each with one recurrent weight.
struct IndRNNGateTests {
  private static let rows = 3

  @Test func stepsAndGradientsEqualTheFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 64)
      let rows = Self.rows
      for H in oddSizes where H > 0 {
        let (stride, outStride) = (H + 1, H + 2)
        let x: [S] = values.scalars(rows * stride, in: -2...2)
        let (u, previous, dh): ([S], [S], [S]) = (
          values.scalars(H), values.scalars(rows * H, in: 0...2), values.scalars(rows * H)
        )
        let sums: [S] = values.scalars(rows * H)
        var (h, dPrevious, du) = ([Double](), [Double](), sums.map(\.wide))
        var dGates = [Double](repeating: 7, count: rows * outStride)
        for state in 0..<rows * H {
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          let sum = x[row * stride + j].wide + u[j].wide * previous[state].wide
          let d = sum > 0 ? dh[state].wide : 0
          h.append(max(sum, 0))
          dGates[row * outStride + j] = d
          dPrevious.append(d * u[j].wide)
          du[state] += d * previous[state].wide
        }
        for (name, kernels) in S.instances {
          let (m, n) = (Int64(rows), Int64(H))
          var output = previous
          kernels.indrnn_gates(m, n, x, Int64(stride), u, previous, &output)
          var (gradients, carried, uSums) = ([S](repeating: 7, count: rows * outStride), dh, sums)
          kernels.indrnn_gates_gradient(m, n, u, previous, output, &carried, &gradients, Int64(outStride), &uSums)
          let label: Comment = "\(name) \(S.self) H = \(H), seed 64"
          for (found, expected) in [(output, h), (gradients, dGates), (carried, dPrevious), (uSums, du)] {
            #expect(difference(found, expected, roundoffs: 8) == nil, label)
          }
        }
      }
    }
  }
}
