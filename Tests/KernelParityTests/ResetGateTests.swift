import CSequenceKernels
import Foundation
import Testing

/// The gates of the unit that resets before the product, whose two halves stand on either side of a product.
struct ResetGateTests {
  private static let rows = 3

  @Test(arguments: TestGate.all)
  func bothHalvesAndTheirGradientsEqualTheFormulas(gate: TestGate) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 62)
      let rows = Self.rows
      for H in oddSizes where H > 0 {
        let (stride, outStride) = (3 * H + 1, 3 * H + 2)
        let x: [S] = values.scalars(rows * stride, in: -4...4)
        let (previous, dh, dReset): ([S], [S], [S]) = (
          values.scalars(rows * H, in: -2...2), values.scalars(rows * H), values.scalars(rows * H)
        )
        var (gates, dGates) = (x.map(\.wide), [Double](repeating: 7, count: rows * outStride))
        var (resetHidden, h, dPrevious) = ([Double](), [Double](), [Double]())
        for state in 0..<rows * H {
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          let at = row * stride + j
          let before = previous[state].wide
          let (r, z) = (gate.value(x[at].wide), gate.value(x[at + H].wide))
          let n = tanh(x[at + 2 * H].wide)
          for (place, value) in [r, z, n].enumerated() { gates[at + place * H] = value }
          resetHidden.append(r * before)
          h.append((1 - z) * n + z * before)
          let gradients = [
            dReset[state].wide * before * gate.derivative(r), dh[state].wide * (before - n) * gate.derivative(z),
            dh[state].wide * (1 - z) * (1 - n * n),
          ]
          for (place, value) in gradients.enumerated() { dGates[row * outStride + place * H + j] = value }
          dPrevious.append(dh[state].wide * z + dReset[state].wide * r)
        }
        for (name, kernels) in S.instances {
          let (m, n) = (Int64(rows), Int64(H))
          var (activations, reset, output) = (x, previous, previous)
          var (gradients, carried) = ([S](repeating: 7, count: rows * outStride), dh)
          if case .hard(let slope) = gate {
            kernels.hard_reset_before_gru_gates(m, n, slope, &activations, Int64(stride), previous, &reset)
            kernels.reset_before_gru_candidate(m, n, &activations, Int64(stride), previous, &output)
            kernels.hard_reset_before_gru_candidate_gradient(
              m, n, slope, activations, Int64(stride), previous, &carried, &gradients, Int64(outStride))
            kernels.hard_reset_before_gru_gates_gradient(
              m, n, slope, activations, Int64(stride), previous, dReset, &carried, &gradients, Int64(outStride))
          } else {
            kernels.reset_before_gru_gates(m, n, &activations, Int64(stride), previous, &reset)
            kernels.reset_before_gru_candidate(m, n, &activations, Int64(stride), previous, &output)
            kernels.reset_before_gru_candidate_gradient(
              m, n, activations, Int64(stride), previous, &carried, &gradients, Int64(outStride))
            kernels.reset_before_gru_gates_gradient(
              m, n, activations, Int64(stride), previous, dReset, &carried, &gradients, Int64(outStride))
          }
          let place: Comment = "\(name) \(S.self) H = \(H), seed 62"
          for (found, expected) in [
            (activations, gates), (reset, resetHidden), (output, h), (gradients, dGates), (carried, dPrevious),
          ] {
            #expect(difference(found, expected, roundoffs: 40) == nil, place)
          }
        }
      }
    }
  }
}
