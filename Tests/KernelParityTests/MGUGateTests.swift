import CSequenceKernels
import Foundation
import Testing

/// Gates of the minimal gated unit, whose two halves stand on either side of a product.
struct MGUGateTests {
  private static let rows = 3

  @Test func bothHalvesAndTheirGradientsEqualTheFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 63)
      let rows = Self.rows
      for H in oddSizes where H > 0 {
        let (stride, outStride) = (2 * H + 1, 2 * H + 2)
        let x: [S] = values.scalars(rows * stride, in: -4...4)
        let (previous, dh, dKept): ([S], [S], [S]) = (
          values.scalars(rows * H, in: -2...2), values.scalars(rows * H), values.scalars(rows * H)
        )
        var (gates, dGates) = (x.map(\.wide), [Double](repeating: 7, count: rows * outStride))
        var (keptHidden, h, dPrevious) = ([Double](), [Double](), [Double]())
        for state in 0..<rows * H {
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          let at = row * stride + j
          let (before, dh, dKept) = (previous[state].wide, dh[state].wide, dKept[state].wide)
          let (f, n) = (1 / (1 + exp(-x[at].wide)), tanh(x[at + H].wide))
          (gates[at], gates[at + H]) = (f, n)
          keptHidden.append(f * before)
          h.append((1 - f) * before + f * n)
          dGates[row * outStride + j] = (dh * (n - before) + dKept * before) * f * (1 - f)
          dGates[row * outStride + H + j] = dh * f * (1 - n * n)
          dPrevious.append(dh * (1 - f) + dKept * f)
        }
        for (name, kernels) in S.instances {
          let (m, n) = (Int64(rows), Int64(H))
          var (activations, kept, output) = (x, previous, previous)
          kernels.mgu_forget(m, n, &activations, Int64(stride), previous, &kept)
          kernels.mgu_candidate(m, n, &activations, Int64(stride), previous, &output)
          var (gradients, carried) = ([S](repeating: 7, count: rows * outStride), dh)
          kernels.mgu_candidate_gradient(
            m, n, activations, Int64(stride), previous, &carried, &gradients, Int64(outStride))
          kernels.mgu_forget_gradient(
            m, n, activations, Int64(stride), previous, dKept, &carried, &gradients, Int64(outStride))
          let label: Comment = "\(name) \(S.self) H = \(H), seed 63"
          for (found, expected) in [
            (activations, gates), (kept, keptHidden), (output, h), (gradients, dGates), (carried, dPrevious),
          ] {
            #expect(difference(found, expected, roundoffs: 40) == nil, label)
          }
        }
      }
    }
  }
}
