import CSequenceKernels
import Foundation
import Testing

private let hiddenSizes = [1, 3, 8, 15, 16, 17, 33, 64]
private let rows = 3

struct LSTMGateTests {
  @Test(arguments: TestGate.all)
  func forwardEqualsTheFormulas(gate: TestGate) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 50)
      for H in hiddenSizes {
        let stride = 4 * H + 3
        let before: [S] = values.scalars(rows * stride, in: -4...4)
        let cPrevious: [S] = values.scalars(rows * H)
        var gatesExpected = before.map(\.wide)
        var cExpected: [Double] = []
        var hExpected: [Double] = []
        for row in 0..<rows {
          for j in 0..<H {
            let at = row * stride + j
            let i = gate.value(before[at].wide)
            let f = gate.value(before[at + H].wide)
            let g = tanh(before[at + 2 * H].wide)
            let o = gate.value(before[at + 3 * H].wide)
            let c = f * cPrevious[row * H + j].wide + i * g
            for (place, value) in [i, f, g, o].enumerated() { gatesExpected[at + place * H] = value }
            cExpected.append(c)
            hExpected.append(o * tanh(c))
          }
        }
        for (name, kernels) in S.instances {
          var gates = before
          var c = [S](repeating: .nan, count: rows * H)
          var h = c
          if case .hard(let slope) = gate {
            kernels.hard_lstm_gates(Int64(rows), Int64(H), slope, &gates, Int64(stride), cPrevious, &c, &h)
          } else {
            kernels.lstm_gates(Int64(rows), Int64(H), &gates, Int64(stride), cPrevious, &c, &h)
          }
          #expect(difference(gates, gatesExpected, roundoffs: 10) == nil, "\(name) \(S.self) gates, H = \(H)")
          #expect(difference(c, cExpected, roundoffs: 20) == nil, "\(name) \(S.self) c, H = \(H)")
          #expect(difference(h, hExpected, roundoffs: 30) == nil, "\(name) \(S.self) h, H = \(H)")
        }
      }
    }
  }

  @Test(arguments: TestGate.all)
  func gradientEqualsTheFormulas(gate: TestGate) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 51)
      for H in hiddenSizes {
        let stride = 4 * H + 1
        let outStride = 4 * H + 2
        let gates: [S] = values.scalars(rows * stride, in: 0...1)
        let cPrevious: [S] = values.scalars(rows * H)
        let c: [S] = values.scalars(rows * H, in: -2...2)
        let dh: [S] = values.scalars(rows * H)
        let dcNext: [S] = values.scalars(rows * H)
        var expected = [Double](repeating: 7, count: rows * outStride)
        var dcExpected: [Double] = []
        for row in 0..<rows {
          for j in 0..<H {
            let at = row * stride + j
            let state = row * H + j
            let i = gates[at].wide
            let f = gates[at + H].wide
            let g = gates[at + 2 * H].wide
            let o = gates[at + 3 * H].wide
            let squashed = tanh(c[state].wide)
            let dc = dcNext[state].wide + dh[state].wide * o * (1 - squashed * squashed)
            let previous = cPrevious[state].wide
            let gradients = [
              dc * g * gate.derivative(i), dc * previous * gate.derivative(f), dc * i * (1 - g * g),
              dh[state].wide * squashed * gate.derivative(o),
            ]
            for (place, value) in gradients.enumerated() { expected[row * outStride + place * H + j] = value }
            dcExpected.append(dc * f)
          }
        }
        for (name, kernels) in S.instances {
          var dc = dcNext
          var dgates = [S](repeating: 7, count: rows * outStride)
          if case .hard(let slope) = gate {
            kernels.hard_lstm_gates_gradient(
              Int64(rows), Int64(H), slope, gates, Int64(stride), cPrevious, c, dh, &dc, &dgates, Int64(outStride))
          } else {
            kernels.lstm_gates_gradient(
              Int64(rows), Int64(H), gates, Int64(stride), cPrevious, c, dh, &dc, &dgates, Int64(outStride))
          }
          #expect(difference(dgates, expected, roundoffs: 30) == nil, "\(name) \(S.self) gates, H = \(H)")
          #expect(difference(dc, dcExpected, roundoffs: 30) == nil, "\(name) \(S.self) c, H = \(H)")
        }
      }
    }
  }
}

struct GRUGateTests {
  @Test(arguments: TestGate.all)
  func forwardEqualsTheFormulas(gate: TestGate) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 52)
      for H in hiddenSizes {
        let stride = 3 * H + 2
        let recurrentStride = 3 * H + 1
        let before: [S] = values.scalars(rows * stride, in: -4...4)
        let recurrent: [S] = values.scalars(rows * recurrentStride, in: -2...2)
        let hPrevious: [S] = values.scalars(rows * H)
        var gatesExpected = before.map(\.wide)
        var hExpected: [Double] = []
        for row in 0..<rows {
          for j in 0..<H {
            let at = row * stride + j
            let from = row * recurrentStride + j
            let r = gate.value(before[at].wide + recurrent[from].wide)
            let z = gate.value(before[at + H].wide + recurrent[from + H].wide)
            let n = tanh(before[at + 2 * H].wide + r * recurrent[from + 2 * H].wide)
            for (place, value) in [r, z, n].enumerated() { gatesExpected[at + place * H] = value }
            hExpected.append((1 - z) * n + z * hPrevious[row * H + j].wide)
          }
        }
        for (name, kernels) in S.instances {
          var gates = before
          var h = [S](repeating: .nan, count: rows * H)
          if case .hard(let slope) = gate {
            kernels.hard_gru_gates(
              Int64(rows), Int64(H), slope, &gates, Int64(stride), recurrent, Int64(recurrentStride), hPrevious, &h)
          } else {
            kernels.gru_gates(
              Int64(rows), Int64(H), &gates, Int64(stride), recurrent, Int64(recurrentStride), hPrevious, &h)
          }
          #expect(difference(gates, gatesExpected, roundoffs: 30) == nil, "\(name) \(S.self) gates, H = \(H)")
          #expect(difference(h, hExpected, roundoffs: 40) == nil, "\(name) \(S.self) h, H = \(H)")
        }
      }
    }
  }

  @Test(arguments: TestGate.all)
  func gradientEqualsTheFormulas(gate: TestGate) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 53)
      for H in hiddenSizes {
        let stride = 3 * H + 2
        let recurrentStride = 3 * H + 1
        let outStride = 3 * H + 4
        let recurrentOutStride = 3 * H
        let gates: [S] = values.scalars(rows * stride, in: 0...1)
        let recurrent: [S] = values.scalars(rows * recurrentStride)
        let hPrevious: [S] = values.scalars(rows * H)
        let dhNext: [S] = values.scalars(rows * H)
        var expected = [Double](repeating: 7, count: rows * outStride)
        var recurrentExpected = [Double](repeating: 7, count: rows * recurrentOutStride)
        var dhExpected: [Double] = []
        for row in 0..<rows {
          for j in 0..<H {
            let at = row * stride + j
            let state = row * H + j
            let dh = dhNext[state].wide
            let r = gates[at].wide
            let z = gates[at + H].wide
            let n = gates[at + 2 * H].wide
            let dn = dh * (1 - z) * (1 - n * n)
            let dz = dh * (hPrevious[state].wide - n) * gate.derivative(z)
            let dr = dn * recurrent[row * recurrentStride + 2 * H + j].wide * gate.derivative(r)
            for (place, value) in [dr, dz, dn].enumerated() { expected[row * outStride + place * H + j] = value }
            for (place, value) in [dr, dz, dn * r].enumerated() {
              recurrentExpected[row * recurrentOutStride + place * H + j] = value
            }
            dhExpected.append(dh * z)
          }
        }
        for (name, kernels) in S.instances {
          var dh = dhNext
          var dgates = [S](repeating: 7, count: rows * outStride)
          var drecurrent = [S](repeating: 7, count: rows * recurrentOutStride)
          if case .hard(let slope) = gate {
            kernels.hard_gru_gates_gradient(
              Int64(rows), Int64(H), slope, gates, Int64(stride), recurrent, Int64(recurrentStride), hPrevious, &dh,
              &dgates, Int64(outStride), &drecurrent, Int64(recurrentOutStride))
          } else {
            kernels.gru_gates_gradient(
              Int64(rows), Int64(H), gates, Int64(stride), recurrent, Int64(recurrentStride), hPrevious, &dh, &dgates,
              Int64(outStride), &drecurrent, Int64(recurrentOutStride))
          }
          #expect(difference(dgates, expected, roundoffs: 30) == nil, "\(name) \(S.self) gates, H = \(H)")
          #expect(difference(drecurrent, recurrentExpected, roundoffs: 30) == nil, "\(name) \(S.self), H = \(H)")
          #expect(difference(dh, dhExpected, roundoffs: 4) == nil, "\(name) \(S.self) h, H = \(H)")
        }
      }
    }
  }
}
