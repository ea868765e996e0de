import CSequenceKernels
import Foundation
import Testing

/// Units whose gates depend on the input alone: minGRU and minLSTM.
struct MinimalGateTests {
  private static let rows = 3

  /// Operands of a step and of its gradient, for rows of `gates` times H preactivations.
  private struct Point<S: KernelScalar> {
    let units, stride, outStride: Int
    let x, previous, dh: [S]

    init(gates: Int, units: Int, seed: UInt64) {
      var values = TestValues(seed: seed)
      (self.units, stride, outStride) = (units, gates * units + 1, gates * units + 2)
      x = values.scalars(MinimalGateTests.rows * stride, in: -4...4)
      previous = values.scalars(MinimalGateTests.rows * units)
      dh = values.scalars(MinimalGateTests.rows * units)
    }

    /// Calls `body` with each unit's number among the states, its place among the gates and that among their gradients.
    func forEachUnit(_ body: (_ state: Int, _ gate: Int, _ dGate: Int) -> Void) {
      for state in 0..<MinimalGateTests.rows * units {
        let (row, j) = state.quotientAndRemainder(dividingBy: units)
        body(state, row * stride + j, row * outStride + j)
      }
    }
  }

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  @Test func theMinimalGRUEqualsItsFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for H in oddSizes where H > 0 {
        let point = Point<S>(gates: 2, units: H, seed: 65)
        var (h, dPrevious) = ([Double](), [Double]())
        var (gates, dGates) = (point.x.map(\.wide), [Double](repeating: 7, count: Self.rows * point.outStride))
        point.forEachUnit { state, gate, dGate in
          let (z, n) = (Self.sigmoid(point.x[gate].wide), point.x[gate + H].wide)
          let (before, d) = (point.previous[state].wide, point.dh[state].wide)
          gates[gate] = z
          h.append((1 - z) * before + z * n)
          dGates[dGate] = d * (n - before) * z * (1 - z)
          dGates[dGate + H] = d * z
          dPrevious.append(d * (1 - z))
        }
        for (name, kernels) in S.instances {
          let (m, n, stride) = (Int64(Self.rows), Int64(H), Int64(point.stride))
          var (activations, output) = (point.x, point.previous)
          kernels.min_gru_gates(m, n, &activations, stride, point.previous, &output)
          var (gradients, carried) = ([S](repeating: 7, count: Self.rows * point.outStride), point.dh)
          kernels.min_gru_gates_gradient(
            m, n, activations, stride, point.previous, &carried, &gradients, Int64(point.outStride))
          let label: Comment = "\(name) \(S.self) H = \(H), seed 65"
          for (found, expected) in [(activations, gates), (output, h), (gradients, dGates), (carried, dPrevious)] {
            #expect(difference(found, expected, roundoffs: 32) == nil, label)
          }
        }
      }
    }
  }

  /// What the gates hold after the step is its own affair: the gradient shows whether it is right.
  @Test func theMinimalLSTMEqualsItsFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for H in oddSizes where H > 0 {
        let point = Point<S>(gates: 3, units: H, seed: 66)
        var (kept, h, dPrevious) = ([Double](), [Double](), [Double]())
        var dGates = [Double](repeating: 7, count: Self.rows * point.outStride)
        point.forEachUnit { state, gate, dGate in
          let (i, f) = (Self.sigmoid(point.x[gate].wide), Self.sigmoid(point.x[gate + H].wide))
          let (g, before, d) = (point.x[gate + 2 * H].wide, point.previous[state].wide, point.dh[state].wide)
          let share = f / (i + f)
          kept.append(share)
          h.append(share * before + (1 - share) * g)
          dGates[dGate] = -d * (before - g) * share * (1 - share) * (1 - i)
          dGates[dGate + H] = d * (before - g) * share * (1 - share) * (1 - f)
          dGates[dGate + 2 * H] = d * (1 - share)
          dPrevious.append(d * share)
        }
        for (name, kernels) in S.instances {
          let (m, n, stride) = (Int64(Self.rows), Int64(H), Int64(point.stride))
          var (activations, share, output) = (point.x, point.previous, point.previous)
          kernels.min_lstm_gates(m, n, &activations, stride, point.previous, &share, &output)
          var (gradients, carried) = ([S](repeating: 7, count: Self.rows * point.outStride), point.dh)
          kernels.min_lstm_gates_gradient(
            m, n, activations, stride, point.previous, share, &carried, &gradients, Int64(point.outStride))
          let label: Comment = "\(name) \(S.self) H = \(H), seed 66"
          for (found, expected) in [(share, kept), (output, h), (gradients, dGates), (carried, dPrevious)] {
            #expect(difference(found, expected, roundoffs: 32) == nil, label)
          }
        }
      }
    }
  }

  /// Gates that underflow, or overflow where they are written as exponentials.
  @Test(arguments: [
    (i: -200.0, f: -200.0, kept: 0.5), (-1e30, -201, 1), (-201, -1e30, 0), (300, 300, 0.5), (300, -800, 0),
    (-800, 300, 1), (-201, -200, 0.7310585786300049),
  ])
  func theMinimalLSTMDividesGatesThatUnderflow(i: Double, f: Double, kept: Double) {
    func check<S: KernelScalar>(_: S.Type) {
      for (name, kernels) in S.instances {
        var (gates, share, h): ([S], [S], [S]) = ([S(i), S(f), 2], [7], [7])
        kernels.min_lstm_gates(1, 1, &gates, 3, [S(1)], &share, &h)
        #expect(abs(share[0].wide - kept) < 1e-6 && abs(h[0].wide - (2 - kept)) < 1e-6, "\(name) \(S.self)")
        #expect(!gates.contains { !$0.isFinite }, "\(name) \(S.self)")
      }
    }
    check(Float.self)
    check(Double.self)
  }
}
