import CSequenceKernels
import Foundation
import Testing

struct OptimizerTests {
  @Test func sgdEqualsTheFormulas() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 60)
      for n in oddSizes {
        for momentum in [0, 0.9] {
          let w: [S] = values.scalars(n)
          let g: [S] = values.scalars(n)
          let v: [S] = values.scalars(n)
          let expectedVelocity = (0..<n).map { momentum * v[$0].wide + 0.5 * g[$0].wide }
          let expected = (0..<n).map { w[$0].wide - 0.1 * expectedVelocity[$0] }
          for (name, kernels) in S.instances {
            var weights = w
            var velocity = v
            kernels.sgd(Int64(n), &weights, g, &velocity, 0.5, 0.1, momentum)
            #expect(difference(weights, expected, roundoffs: 6) == nil, "\(name) \(S.self)")
            #expect(difference(velocity, expectedVelocity, roundoffs: 6) == nil, "\(name) \(S.self)")
            if momentum == 0 {
              var withoutVelocity = w
              kernels.sgd(Int64(n), &withoutVelocity, g, nil, 0.5, 0.1, 0)
              #expect(withoutVelocity == weights, "\(name) \(S.self) without a velocity")
            }
          }
        }
      }
    }
  }

  @Test func adamEqualsTheAlgorithm() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 61)
      let (rate, beta1, beta2, epsilon, scale) = (0.002, 0.9, 0.999, 1e-8, 0.25)
      for n in oddSizes {
        for step in [1, 2, 1000] {
          let w: [S] = values.scalars(n)
          let g: [S] = values.scalars(n)
          let m: [S] = values.scalars(n, in: -0.1...0.1)
          let v: [S] = values.scalars(n, in: 0.01...0.1)
          var expected: [Double] = []
          var expectedFirst: [Double] = []
          var expectedSecond: [Double] = []
          for i in 0..<n {
            let slope = scale * g[i].wide
            let first = beta1 * m[i].wide + (1 - beta1) * slope
            let second = beta2 * v[i].wide + (1 - beta2) * slope * slope
            let correctedFirst = first / (1 - pow(beta1, Double(step)))
            let correctedSecond = second / (1 - pow(beta2, Double(step)))
            expectedFirst.append(first)
            expectedSecond.append(second)
            expected.append(w[i].wide - rate * correctedFirst / (correctedSecond.squareRoot() + epsilon))
          }
          for (name, kernels) in S.instances {
            var weights = w
            var first = m
            var second = v
            kernels.adam(
              Int64(n), &weights, g, &first, &second, scale, rate, beta1, beta2, epsilon, Int64(step))
            #expect(difference(weights, expected, roundoffs: 8) == nil, "\(name) \(S.self)")
            #expect(difference(first, expectedFirst, roundoffs: 8) == nil, "\(name) \(S.self)")
            #expect(difference(second, expectedSecond, roundoffs: 8) == nil, "\(name) \(S.self)")
          }
        }
      }
    }
  }

  @Test func stepsDoNotDependOnHowTheWeightsAreDivided() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 62)
      let n = 70
      let w: [S] = values.scalars(n)
      let g: [S] = values.scalars(n)
      let v: [S] = values.scalars(n, in: 0.01...0.1)
      for (name, kernels) in S.instances {
        var whole = w
        var wholeFirst = g
        var wholeSecond = v
        kernels.adam(Int64(n), &whole, g, &wholeFirst, &wholeSecond, 1, 0.1, 0.9, 0.999, 1e-8, 3)
        for split in 1..<n {
          var parts: [S] = []
          for range in [0..<split, split..<n] {
            var weights = Array(w[range])
            var first = Array(g[range])
            var second = Array(v[range])
            kernels.adam(
              Int64(range.count), &weights, Array(g[range]), &first, &second, 1, 0.1, 0.9, 0.999, 1e-8, 3)
            parts += weights
          }
          #expect(parts == whole, "\(name) \(S.self) split at \(split)")
        }
      }
    }
  }
}
