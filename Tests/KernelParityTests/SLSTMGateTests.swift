import CSequenceKernels
import Foundation
import Testing

/// Gates of the sLSTM, one unit at a time, and their gradients by the chain rule in double precision.
struct SLSTMGateTests {
  private static let rows = 3

  /// Preactivations i, f, z, o and the state before the step.
  private struct Unit {
    let x: [Double]
    let c, n, m: Double

    private var forgetSigmoid: Double { 1 / (1 + exp(-x[1])) }
    private var kept: Double { m + log(forgetSigmoid) }
    private var takesInput: Bool { n <= 0 || x[0] > kept }
    private var stabilizer: Double { takesInput ? x[0] : kept }
    private var i: Double { exp(x[0] - stabilizer) }
    private var f: Double { exp(min(kept - stabilizer, 0)) }
    private var z: Double { tanh(x[2]) }
    private var o: Double { 1 / (1 + exp(-x[3])) }
    private var cell: Double { f * c + i * z }
    private var normalizer: Double { f * n + i }

    var activations: [Double] { [i, f, z, o] }
    /// h, c, n, m and σ(f) after the step.
    var results: [Double] { [o * cell / normalizer, cell, normalizer, stabilizer, forgetSigmoid] }

    /// Gradients of the preactivations, and of c, n and m before the step.
    func gradients(dh: Double, dc: Double, dn: Double, dm: Double) -> (gates: [Double], state: [Double]) {
      let dCell = dc + dh * o / normalizer
      let dNormalizer = dn - dh * o * cell / (normalizer * normalizer)
      // Gradients of the exponents of i and f, of which the second is cut off at 0.
      let ofInput = (dCell * z + dNormalizer) * i
      let ofForget = kept > stabilizer ? 0 : (dCell * c + dNormalizer * n) * f
      let dStabilizer = dm - ofInput - ofForget
      let dKept = ofForget + (takesInput ? 0 : dStabilizer)
      let gates = [
        ofInput + (takesInput ? dStabilizer : 0), dKept * (1 - forgetSigmoid), dCell * i * (1 - z * z),
        dh * cell / normalizer * o * (1 - o),
      ]
      return (gates, [dCell * f, dNormalizer * f, dKept])
    }
  }

  @Test func stepsAndGradientsEqualTheFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 65)
      let rows = Self.rows
      for H in oddSizes where H > 0 {
        let (stride, outStride, count) = (4 * H + 1, 4 * H + 2, rows * H)
        let x: [S] = values.scalars(rows * stride, in: -4...4)
        let (c, m): ([S], [S]) = (values.scalars(count, in: -2...2), values.scalars(count, in: -3...3))
        // Two units of five have read nothing.
        let positive: [S] = values.scalars(count, in: 0.5...2)
        let n = positive.enumerated().map { $0 % 5 == 3 ? 0 : $0 % 5 == 1 ? -$1 / 8 : $1 }
        let dState: [[S]] = (0..<4).map { _ in values.scalars(count) }
        let units = (0..<count).map { state in
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          return Unit(
            x: (0..<4).map { x[row * stride + $0 * H + j].wide }, c: c[state].wide, n: n[state].wide, m: m[state].wide)
        }
        var (gates, dGates) = (x.map(\.wide), [Double](repeating: 7, count: rows * outStride))
        var dPrevious = [[Double]](repeating: [], count: 3)
        for (state, unit) in units.enumerated() {
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          let d = dState.map { $0[state].wide }
          let gradients = unit.gradients(dh: d[0], dc: d[1], dn: d[2], dm: d[3])
          for gate in 0..<4 {
            gates[row * stride + gate * H + j] = unit.activations[gate]
            dGates[row * outStride + gate * H + j] = gradients.gates[gate]
          }
          for component in 0..<3 { dPrevious[component].append(gradients.state[component]) }
        }
        for (name, kernels) in S.instances {
          let (rows, width) = (Int64(rows), Int64(H))
          var activations = x
          var (h, cell, normalizer, stabilizer, sigmoid) = (c, c, c, c, c)
          kernels.slstm_gates(
            rows, width, &activations, Int64(stride), c, n, m, &cell, &normalizer, &stabilizer, &h, &sigmoid)
          var (dc, dn, dm) = (dState[1], dState[2], dState[3])
          var gradients = [S](repeating: 7, count: Int(rows) * outStride)
          kernels.slstm_gates_gradient(
            rows, width, activations, Int64(stride), c, n, cell, normalizer, sigmoid, dState[0], &dc, &dn, &dm,
            &gradients, Int64(outStride))
          let label: Comment = "\(name) \(S.self) H = \(H), seed 65"
          let results = [h, cell, normalizer, stabilizer, sigmoid]
          for (index, found) in results.enumerated() {
            #expect(difference(found, units.map { $0.results[index] }, roundoffs: 100) == nil, label)
          }
          for (found, expected) in [(activations, gates), (gradients, dGates)] + zip([dc, dn, dm], dPrevious) {
            #expect(difference(found, expected, roundoffs: 100) == nil, label)
          }
        }
      }
    }
  }
}
