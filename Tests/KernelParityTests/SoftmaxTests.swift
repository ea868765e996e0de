import CSequenceKernels
import Foundation
import Testing

private func referenceLogSoftmax<S: KernelScalar>(_ row: ArraySlice<S>) -> [Double] {
  let largest = row.max()!.wide
  let logSum = log(row.reduce(0) { $0 + exp($1.wide - largest) })
  return row.map { $0.wide - largest - logSum }
}

struct SoftmaxTests {
  private static let rows = 3

  @Test func softmaxAndItsLogarithmEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 40)
      for n in oddSizes where n > 0 {
        for range in [-1.0...1.0, -30.0...30.0, 900.0...1000.0] {
          let x: [S] = values.scalars(Self.rows * n, in: range)
          let expected = (0..<Self.rows).flatMap { referenceLogSoftmax(x[($0 * n)..<(($0 + 1) * n)]) }
          for (name, kernels) in S.instances {
            var logs = x
            var probabilities = x
            kernels.log_softmax(Int64(Self.rows), Int64(n), x, &logs)
            kernels.softmax(Int64(Self.rows), Int64(n), x, &probabilities)
            #expect(difference(logs, expected, roundoffs: 8) == nil, "\(name) \(S.self) \(n) columns")
            // exp magnifies the rounding of its argument by its size.
            let failure = difference(probabilities, expected.map { exp($0) }) {
              S.roundoff * (8 + 2 * abs(expected[$0])) * exp(expected[$0]) + 1e-44
            }
            #expect(failure == nil, "\(name) \(S.self) \(n) columns")
            for row in 0..<Self.rows {
              var alone = Array(x[(row * n)..<((row + 1) * n)])
              alone.withUnsafeMutableBytes { kernels.softmax(1, Int64(n), $0.baseAddress, $0.baseAddress) }
              #expect(alone == Array(probabilities[(row * n)..<((row + 1) * n)]), "\(name) \(S.self) a row alone")
            }
          }
        }
      }
    }
  }

  @Test func crossEntropyAndItsGradientEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 41)
      let scale = 0.125
      for n in oddSizes where n > 0 {
        for range in [-1.0...1.0, -20.0...20.0, 1000.0...1010.0] {
          let x: [S] = values.scalars(Self.rows * n, in: range)
          let targets = (0..<Self.rows).map { _ in Int32(values.index(below: n)) }
          var expectedLosses: [Double] = []
          var expectedGradient: [Double] = []
          for (row, target) in targets.enumerated() {
            let logs = referenceLogSoftmax(x[(row * n)..<((row + 1) * n)])
            expectedLosses.append(-logs[Int(target)])
            for (j, log) in logs.enumerated() { expectedGradient.append(scale * (exp(log) - (j == target ? 1 : 0))) }
          }
          for (name, kernels) in S.instances {
            var losses = [Double](repeating: .nan, count: Self.rows)
            var lossesAlone = losses
            var gradient = x
            gradient.withUnsafeMutableBytes {
              kernels.softmax_cross_entropy(
                Int64(Self.rows), Int64(n), $0.baseAddress, targets, &losses, scale, $0.baseAddress)
            }
            kernels.softmax_cross_entropy(Int64(Self.rows), Int64(n), x, targets, &lossesAlone, scale, nil)
            #expect(losses == lossesAlone, "\(name) \(S.self) without a gradient")
            let lossFailure = difference(losses, expectedLosses) { 16 * S.roundoff * max(1, expectedLosses[$0]) }
            #expect(lossFailure == nil, "\(name) \(S.self) \(n) columns")
            #expect(difference(gradient, expectedGradient, roundoffs: 16) == nil, "\(name) \(S.self) \(n) columns")
          }
        }
      }
    }
  }

  @Test func aNotANumberLogitMakesItsRowNotANumber() {
    for (name, kernels) in Float.instances {
      let x: [Float] = [1, .nan, 2, 1, 1, 1]
      var out = x
      var losses = [0.0, 0.0]
      kernels.softmax(2, 3, x, &out)
      kernels.softmax_cross_entropy(2, 3, x, [0, 0], &losses, 1, nil)
      #expect(out[..<3].allSatisfy(\.isNaN) && !out[3...].contains(where: \.isNaN), "\(name)")
      #expect(losses[0].isNaN && abs(losses[1] - log(3)) < 1e-6, "\(name)")
    }
  }
}
