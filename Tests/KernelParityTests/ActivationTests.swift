import CSequenceKernels
import Foundation
import Testing

func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }

/// An activation function and its derivative, as plain formulas in x.
struct ActivationReference: Sendable {
  let activation: SKActivation
  var parameter = 0.0
  /// Whether the gradient is computed from the output.
  var keepsOutput = false
  let value: @Sendable (Double) -> Double
  /// From what is kept.
  let derivative: @Sendable (Double) -> Double

  static let all: [ActivationReference] = [
    .init(activation: SKActivationBinaryStep, value: { $0.isNaN ? $0 : $0 >= 0 ? 1 : 0 }, derivative: { _ in 0 }),
    .init(activation: SKActivationSigmoid, keepsOutput: true, value: sigmoid, derivative: { $0 * (1 - $0) }),
    .init(activation: SKActivationTanh, keepsOutput: true, value: { tanh($0) }, derivative: { 1 - $0 * $0 }),
    .init(
      activation: SKActivationReLU, keepsOutput: true, value: { $0 > 0 || $0.isNaN ? $0 : 0 },
      derivative: { $0 > 0 ? 1 : 0 }),
    .init(
      activation: SKActivationLeakyReLU, parameter: 0.25, value: { $0 > 0 ? $0 : 0.25 * $0 },
      derivative: { $0 > 0 ? 1 : 0.25 }),
    .init(
      activation: SKActivationELU, parameter: 0.5, value: { $0 > 0 ? $0 : 0.5 * expm1($0) },
      derivative: { $0 > 0 ? 1 : 0.5 * exp($0) }),
    .init(
      activation: SKActivationGELU, value: { $0 == -.infinity ? 0 : $0 * normal($0) },
      derivative: { normal($0) + (abs($0) > 50 ? 0 : $0 * exp(-$0 * $0 / 2) / (2 * Double.pi).squareRoot()) }),
    .init(
      activation: SKActivationSiLU, value: { $0 == -.infinity ? 0 : $0 * sigmoid($0) },
      derivative: { abs($0) > 800 ? ($0 > 0 ? 1 : 0) : sigmoid($0) * (1 + $0 * sigmoid(-$0)) }),
    .init(
      activation: SKActivationSoftplus, value: { ($0 < 0 ? 0 : $0) + log1p(exp(-abs($0))) }, derivative: sigmoid),
    .init(
      activation: SKActivationHardSigmoid, value: { $0.isNaN ? $0 : min(max($0 + 3, 0), 6) / 6 },
      derivative: { abs($0) < 3 ? 1.0 / 6 : 0 }),
  ]

  private static func normal(_ x: Double) -> Double { erfc(-x * 0.5.squareRoot()) / 2 }
}

struct ActivationTests {
  @Test func activationsEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 15)
      for n in oddSizes {
        let x: [S] = points(n, in: -12...12, &values)
        for function in ActivationReference.all {
          let expected = x.map { function.value($0.wide) }
          for (name, kernels) in S.instances {
            let place = "\(name) \(S.self) activation \(function.activation.rawValue), \(n)"
            var out = [S](repeating: 7, count: n + 1)
            kernels.activation(function.activation, function.parameter, Int64(n), x, &out)
            #expect(out[n] == 7, "\(place): wrote past the end")
            out.removeLast()
            #expect(difference(out, expected, roundoffs: 8) == nil, "\(place)")
            var inPlace = x
            inPlace.withUnsafeMutableBytes {
              kernels.activation(
                function.activation, function.parameter, Int64(n), $0.baseAddress, $0.baseAddress)
            }
            #expect(same(inPlace, out), "\(place): in place")
          }
        }
      }
    }
  }

  @Test func gradientsEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 14)
      for n in oddSizes {
        let g: [S] = values.scalars(n)
        for function in ActivationReference.all {
          let kept: [S] = function.keepsOutput ? values.scalars(n) : points(n, in: -12...12, &values)
          let expected = zip(kept, g).map { $0.isNaN ? .nan : $1.wide * function.derivative($0.wide) }
          for (name, kernels) in S.instances {
            let place = "\(name) \(S.self) activation \(function.activation.rawValue), \(n)"
            var out = [S](repeating: 7, count: n + 1)
            kernels.activation_gradient(function.activation, function.parameter, Int64(n), kept, g, &out)
            #expect(out[n] == 7, "\(place): wrote past the end")
            out.removeLast()
            #expect(difference(out, expected, roundoffs: 8) == nil, "\(place)")
          }
        }
      }
    }
  }

  @Test func notANumberGivesNotANumber() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for function in ActivationReference.all {
        for (name, kernels) in S.instances {
          let (x, one): ([S], [S]) = ([.nan], [1])
          var results = [S](repeating: 0, count: 3)
          kernels.activation(function.activation, function.parameter, 1, x, &results[0])
          kernels.activation_gradient(function.activation, function.parameter, 1, x, one, &results[1])
          kernels.activation_gradient(function.activation, function.parameter, 1, one, x, &results[2])
          #expect(results.allSatisfy { $0.isNaN }, "\(name) \(S.self) activation \(function.activation.rawValue)")
        }
      }
    }
  }

  @Test func bitsDoNotDependOnPositionOrLength() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 16)
      let x: [S] = points(67, in: -12...12, &values)
      for function in ActivationReference.all {
        for (name, kernels) in S.instances {
          var (whole, slopes) = (x, x)
          kernels.activation(function.activation, function.parameter, 67, x, &whole)
          kernels.activation_gradient(function.activation, function.parameter, 67, x, x, &slopes)
          for start in [0, 1, 2, 5, 7, 17] {
            for length in [1, 3, 7, 16, 17, 33] {
              let part = Array(x[start..<(start + length)])
              var (out, slope) = (part, part)
              kernels.activation(function.activation, function.parameter, Int64(length), part, &out)
              kernels.activation_gradient(function.activation, function.parameter, Int64(length), part, part, &slope)
              let unchanged =
                same(out, Array(whole[start..<(start + length)]))
                && same(slope, Array(slopes[start..<(start + length)]))
              #expect(unchanged, "\(name) \(S.self) activation \(function.activation.rawValue) from \(start)")
            }
          }
        }
      }
    }
  }

  private func points<S: KernelScalar>(
    _ count: Int, in range: ClosedRange<Double>, _ values: inout TestValues
  ) -> [S] {
    var x: [S] = values.scalars(count, in: range)
    for (i, special) in (specials(S.self) + [3, -3]).enumerated() where i < count { x[count - 1 - i] = special }
    return x
  }
}
