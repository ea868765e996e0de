import CSequenceKernels
import Foundation
import Testing

/// The gates of the LSTM's variants, one unit at a time, and their gradients by the chain rule in double precision.
struct LSTMVariantGateTests {
  private enum Variant: CaseIterable, Sendable {
    case peephole, coupled
    var gates: Int { self == .peephole ? 4 : 3 }
  }

  private static let rows = 3

  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  /// A single unit: its preactivations, peephole weights and states, and the results of a step.
  private struct Unit {
    var activations: [Double]
    var cell: Double
    var output: Double
    var gateGradients: [Double] = []
    var peepholeGradients: [Double] = []
    var previousGradient = 0.0

    init(_ variant: Variant, _ x: [Double], _ w: [Double], previous: Double, dh: Double, dcNext: Double) {
      func slope(_ s: Double) -> Double { s * (1 - s) }
      switch variant {
      case .peephole:
        let (i, f, g) = (sigmoid(x[0] + w[0] * previous), sigmoid(x[1] + w[1] * previous), tanh(x[2]))
        cell = f * previous + i * g
        let (o, squashed) = (sigmoid(x[3] + w[2] * cell), tanh(cell))
        (activations, output) = ([i, f, g, o], o * squashed)
        let dOutput = dh * squashed * slope(o)
        let dc = dcNext + dh * o * (1 - squashed * squashed) + dOutput * w[2]
        gateGradients = [dc * g * slope(i), dc * previous * slope(f), dc * i * (1 - g * g), dOutput]
        peepholeGradients = [gateGradients[0] * previous, gateGradients[1] * previous, dOutput * cell]
        previousGradient = dc * f + gateGradients[0] * w[0] + gateGradients[1] * w[1]
      case .coupled:
        let (f, g, o) = (sigmoid(x[0]), tanh(x[1]), sigmoid(x[2]))
        cell = f * previous + (1 - f) * g
        let squashed = tanh(cell)
        (activations, output) = ([f, g, o], o * squashed)
        let dc = dcNext + dh * o * (1 - squashed * squashed)
        gateGradients = [dc * (previous - g) * slope(f), dc * (1 - f) * (1 - g * g), dh * squashed * slope(o)]
        previousGradient = dc * f
      }
    }
  }

  @Test(arguments: Variant.allCases)
  private func stepsAndGradientsEqualTheFormulas(variant: Variant) {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 61)
      let rows = Self.rows
      for H in oddSizes where H > 0 {
        let (stride, outStride) = (variant.gates * H + 1, variant.gates * H + 2)
        let x: [S] = values.scalars(rows * stride, in: -4...4)
        let (peepholes, previous): ([S], [S]) = (values.scalars(3 * H), values.scalars(rows * H, in: -2...2))
        let (dh, dcNext): ([S], [S]) = (values.scalars(rows * H), values.scalars(rows * H))
        let sums: [S] = values.scalars(rows * 3 * H)

        var (gates, dGates) = (x.map(\.wide), [Double](repeating: 7, count: rows * outStride))
        var (cells, outputs, dPrevious) = ([Double](), [Double](), [Double]())
        var dPeepholes = sums.map(\.wide)
        for state in 0..<rows * H {
          let (row, j) = state.quotientAndRemainder(dividingBy: H)
          let unit = Unit(
            variant, (0..<variant.gates).map { x[row * stride + $0 * H + j].wide },
            (0..<3).map { peepholes[$0 * H + j].wide }, previous: previous[state].wide, dh: dh[state].wide,
            dcNext: dcNext[state].wide)
          for gate in 0..<variant.gates {
            gates[row * stride + gate * H + j] = unit.activations[gate]
            dGates[row * outStride + gate * H + j] = unit.gateGradients[gate]
          }
          for (place, gradient) in unit.peepholeGradients.enumerated() {
            dPeepholes[(row * 3 + place) * H + j] += gradient
          }
          cells.append(unit.cell)
          outputs.append(unit.output)
          dPrevious.append(unit.previousGradient)
        }

        for (name, kernels) in S.instances {
          var (activations, c, h) = (x, previous, previous)
          var (dc, gradients, peepholeSums) = (dcNext, [S](repeating: 7, count: rows * outStride), sums)
          let (m, n) = (Int64(rows), Int64(H))
          switch variant {
          case .peephole:
            kernels.peephole_lstm_gates(m, n, &activations, Int64(stride), peepholes, previous, &c, &h)
            kernels.peephole_lstm_gates_gradient(
              m, n, activations, Int64(stride), peepholes, previous, c, dh, &dc, &gradients, Int64(outStride),
              &peepholeSums)
          case .coupled:
            kernels.coupled_lstm_gates(m, n, &activations, Int64(stride), previous, &c, &h)
            kernels.coupled_lstm_gates_gradient(
              m, n, activations, Int64(stride), previous, c, dh, &dc, &gradients, Int64(outStride))
          }
          let place: Comment = "\(name) \(S.self) H = \(H), seed 61"
          for (found, expected) in [
            (activations, gates), (c, cells), (h, outputs), (gradients, dGates), (dc, dPrevious),
            (peepholeSums, dPeepholes),
          ] {
            #expect(difference(found, expected, roundoffs: 60) == nil, place)
          }
        }
      }
    }
  }
}
