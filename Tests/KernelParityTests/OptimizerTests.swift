import CSequenceKernels
import Foundation
import Testing

/// A kernel on up to three moments, beside its formula for one weight.
private struct Rule<S: KernelScalar>: Sendable {
  let name: String
  let step:
    @Sendable (
      _ kernels: SKKernels, _ weights: inout [S], _ gradient: [S], _ moments: inout [[S]],
      _ treatment: inout SKGradientTreatment
    ) -> Void
  /// The weight after a step with this slope.
  let formula: @Sendable (_ weight: Double, _ slope: Double, _ moments: inout [Double]) -> Double

  static var all: [Rule] {
    let rate = 0.02
    var rules: [Rule] = []
    for (momentum, nesterov) in [(0, false), (0.9, false), (0.9, true)] {
      rules.append(
        Rule(name: "sgd(\(momentum), \(nesterov))") { kernels, weights, gradient, moments, treatment in
          kernels.sgd(
            Int64(weights.count), &weights, gradient, &moments[0], &treatment, rate, momentum, nesterov)
        } formula: { weight, slope, moments in
          moments[0] = momentum * moments[0] + slope
          return weight - rate * (nesterov ? slope + momentum * moments[0] : moments[0])
        })
    }
    rules.append(
      Rule(name: "adagrad") { kernels, weights, gradient, moments, treatment in
        kernels.adagrad(Int64(weights.count), &weights, gradient, &moments[0], &treatment, rate, 1e-3)
      } formula: { weight, slope, moments in
        moments[0] += slope * slope
        return weight - rate * slope / (moments[0].squareRoot() + 1e-3)
      })
    for centered in [false, true] {
      for momentum in [0, 0.9] {
        rules.append(
          Rule(name: "rmsprop(\(centered), \(momentum))") { kernels, weights, gradient, moments, treatment in
            var (square, mean, velocity) = (moments[0], moments[1], moments[2])
            square.withUnsafeMutableBytes { square in
              mean.withUnsafeMutableBytes { mean in
                velocity.withUnsafeMutableBytes { velocity in
                  kernels.rmsprop(
                    Int64(weights.count), &weights, gradient, square.baseAddress, centered ? mean.baseAddress : nil,
                    momentum == 0 ? nil : velocity.baseAddress, &treatment, rate, 0.95, 1e-3, momentum)
                }
              }
            }
            moments = [square, mean, velocity]
          } formula: { weight, slope, moments in
            moments[0] = 0.95 * moments[0] + 0.05 * slope * slope
            if centered { moments[1] = 0.95 * moments[1] + 0.05 * slope }
            let variance = centered ? moments[0] - moments[1] * moments[1] : moments[0]
            var direction = slope / (variance.squareRoot() + 1e-3)
            if momentum != 0 {
              direction += momentum * moments[2]
              moments[2] = direction
            }
            return weight - rate * direction
          })
      }
    }
    rules.append(
      Rule(name: "adadelta") { kernels, weights, gradient, moments, treatment in
        var (square, change) = (moments[0], moments[2])
        kernels.adadelta(
          Int64(weights.count), &weights, gradient, &square, &change, &treatment, rate, 0.9, 1e-3)
        (moments[0], moments[2]) = (square, change)
      } formula: { weight, slope, moments in
        moments[0] = 0.9 * moments[0] + 0.1 * slope * slope
        let direction = (moments[2] + 1e-3).squareRoot() / (moments[0] + 1e-3).squareRoot() * slope
        moments[2] = 0.9 * moments[2] + 0.1 * direction * direction
        return weight - rate * direction
      })
    rules.append(
      Rule(name: "lion") { kernels, weights, gradient, moments, treatment in
        kernels.lion(Int64(weights.count), &weights, gradient, &moments[1], &treatment, rate, 0.9, 0.99)
      } formula: { weight, slope, moments in
        let direction = 0.9 * moments[1] + 0.1 * slope
        moments[1] = 0.99 * moments[1] + 0.01 * slope
        return weight - rate * (direction == 0 ? 0 : direction < 0 ? -1 : 1)
      })
    for step in [1, 2, 1000] {
      let (correction1, correction2) = (1 - pow(0.9, Double(step)), 1 - pow(0.999, Double(step)))
      rules.append(
        Rule(name: "adam, step \(step)") { kernels, weights, gradient, moments, treatment in
          var (first, second) = (moments[1], moments[0])
          kernels.adam(
            Int64(weights.count), &weights, gradient, &first, &second, &treatment, rate, 0.9, 0.999, 1e-8, Int64(step))
          (moments[1], moments[0]) = (first, second)
        } formula: { weight, slope, moments in
          moments[1] = 0.9 * moments[1] + 0.1 * slope
          moments[0] = 0.999 * moments[0] + 0.001 * slope * slope
          return weight - rate * (moments[1] / correction1) / ((moments[0] / correction2).squareRoot() + 1e-8)
        })
      rules.append(
        Rule(name: "nadam, step \(step)") { kernels, weights, gradient, moments, treatment in
          var (first, second) = (moments[1], moments[0])
          kernels.nadam(
            Int64(weights.count), &weights, gradient, &first, &second, &treatment, 0.03, 0.01, 0.9, 0.999, 1e-8,
            Int64(step))
          (moments[1], moments[0]) = (first, second)
        } formula: { weight, slope, moments in
          moments[1] = 0.9 * moments[1] + 0.1 * slope
          moments[0] = 0.999 * moments[0] + 0.001 * slope * slope
          return weight - (0.03 * moments[1] + 0.01 * slope) / ((moments[0] / correction2).squareRoot() + 1e-8)
        })
    }
    return rules
  }
}

/// Weights, a gradient and moments to begin a step with: squares, which are larger than the square of the means, means, and
/// numbers above 0.
private struct Start<S: KernelScalar> {
  var weights, gradient: [S]
  var moments: [[S]]

  init(_ n: Int, _ values: inout TestValues) {
    weights = values.scalars(n)
    // The sign of 0 is 0.
    if n > 0 { weights[n / 2] = 0 }
    gradient = values.scalars(n)
    moments = [
      values.scalars(n, in: 0.05...0.1), values.scalars(n, in: -0.1...0.1), values.scalars(n, in: 0.01...0.1),
    ]
  }

  func slice(_ range: Range<Int>) -> Start {
    var part = self
    (part.weights, part.gradient) = (Array(weights[range]), Array(gradient[range]))
    part.moments = moments.map { Array($0[range]) }
    return part
  }
}

private let treatments: [SKGradientTreatment] = [
  SKGradientTreatment(scale: 0.25, limit: .infinity, l2: 0, l1: 0, shrinkage: 0),
  SKGradientTreatment(scale: 0.5, limit: 0.25, l2: 0, l1: 0, shrinkage: 0),
  SKGradientTreatment(scale: 1, limit: .infinity, l2: 0.3, l1: 0, shrinkage: 0),
  SKGradientTreatment(scale: 1, limit: .infinity, l2: 0, l1: 0.2, shrinkage: 0),
  SKGradientTreatment(scale: 1, limit: .infinity, l2: 0, l1: 0, shrinkage: 0.1),
  SKGradientTreatment(scale: 0.5, limit: 0.4, l2: 0.3, l1: 0.2, shrinkage: 0.1),
]

extension SKGradientTreatment {
  /// The slope that the rule sees.
  fileprivate func slope(_ gradient: Double, at weight: Double) -> Double {
    let sign = weight > 0 ? 1.0 : weight < 0 ? -1 : 0
    return min(limit, max(-limit, scale * gradient)) + l2 * weight + l1 * sign
  }
}

struct OptimizerTests {
  @Test func everyRuleEqualsItsFormulaUnderEveryTreatment() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 60)
      for rule in Rule<S>.all {
        for (index, treatment) in treatments.enumerated() {
          for n in oddSizes {
            let start = Start<S>(n, &values)
            var weights: [Double] = []
            var moments = start.moments.map { $0.map(\.wide) }
            for i in 0..<n {
              let weight = start.weights[i].wide
              var own = moments.map { $0[i] }
              let slope = treatment.slope(start.gradient[i].wide, at: weight)
              weights.append(rule.formula(weight - treatment.shrinkage * weight, slope, &own))
              for m in own.indices { moments[m][i] = own[m] }
            }
            for (name, kernels) in S.instances {
              var (got, first) = (start, treatment)
              rule.step(kernels, &got.weights, start.gradient, &got.moments, &first)
              let label = "\(name) \(S.self) \(rule.name), treatment \(index), n = \(n)"
              #expect(difference(got.weights, weights, roundoffs: 16) == nil, "\(label)")
              for m in moments.indices {
                #expect(difference(got.moments[m], moments[m], roundoffs: 16) == nil, "\(label), moment \(m)")
              }
            }
          }
        }
      }
    }
  }

  @Test func descentWithoutMomentumNeedsNoVelocity() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 61)
      for n in oddSizes {
        let start = Start<S>(n, &values)
        for (name, kernels) in S.instances {
          var (with, without, treatment) = (start, start, treatments[0])
          kernels.sgd(
            Int64(n), &with.weights, start.gradient, &with.moments[0], &treatment, 0.1, 0, false)
          kernels.sgd(Int64(n), &without.weights, start.gradient, nil, &treatment, 0.1, 0, false)
          #expect(with.weights == without.weights, "\(name) \(S.self)")
        }
      }
    }
  }

  @Test func aVarianceThatRoundingMadeNegativeCountsAsZero() {
    for (name, kernels) in Double.instances {
      var (weights, square, mean) = ([1.0], [0.25], [0.5 + 0x1p-40])
      var treatment = treatments[0]
      kernels.rmsprop(1, &weights, [0.0], &square, &mean, nil, &treatment, 0.1, 1, 1e-8, 0)
      #expect(weights == [1], "\(name)")
    }
  }

  @Test func stepsDoNotDependOnHowTheWeightsAreDivided() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 62)
      let n = 70
      let start = Start<S>(n, &values)
      for rule in Rule<S>.all {
        for treatment in [treatments[0], treatments[5]] {
          for (name, kernels) in S.instances {
            var (whole, first) = (start, treatment)
            rule.step(kernels, &whole.weights, start.gradient, &whole.moments, &first)
            for split in stride(from: 1, to: n, by: 3) {
              var parts: [S] = []
              for range in [0..<split, split..<n] {
                var part = start.slice(range)
                rule.step(kernels, &part.weights, part.gradient, &part.moments, &first)
                parts += part.weights
              }
              #expect(parts == whole.weights, "\(name) \(S.self) \(rule.name) split at \(split)")
            }
          }
        }
      }
    }
  }
}
