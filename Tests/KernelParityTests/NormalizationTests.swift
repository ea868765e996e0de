import CSequenceKernels
import Testing

/// Rows brought to mean 0 and variance 1, and the way back of a gradient, against their definitions in double precision.
struct NormalizationTests {
  private static let rows = 3
  private static let epsilons = [1e-5, 0.25]

  /// Expected result of each row, computed in Double.
  private struct Reference {
    var outputs: [Double] = []
    var means: [Double] = []
    var variances: [Double] = []
    /// The largest sizes.
    var largest: [Double] = []

    init<S: KernelScalar>(_ x: [S], columns n: Int, epsilon: Double) {
      for row in 0..<x.count / n {
        let values = x[(row * n)..<((row + 1) * n)].map(\.wide)
        let rough = values.reduce(0, +) / Double(n)
        let mean = rough + values.reduce(0) { $0 + ($1 - rough) } / Double(n)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(n)
        outputs += values.map { ($0 - mean) / (variance + epsilon).squareRoot() }
        means.append(mean)
        variances.append(variance)
        largest.append(values.map(abs).max()!)
      }
    }
  }

  /// Moments and outputs have one more number than there are rows, so that a write past the end is seen.
  private func normalized<S: KernelScalar>(
    _ kernels: SKKernels, _ x: [S], rows: Int, epsilon: Double
  ) -> (outputs: [S], means: [Double], variances: [Double]) {
    var outputs = [S](repeating: 7, count: x.count + 1)
    var (means, variances) = ([Double](repeating: 7, count: rows + 1), [Double](repeating: 7, count: rows + 1))
    kernels.normalize_rows(
      Int64(rows), Int64(rows == 0 ? 1 : x.count / rows), x, epsilon, &outputs, &means, &variances)
    #expect(outputs.popLast() == 7 && means.popLast() == 7 && variances.popLast() == 7, "wrote past the end")
    return (outputs, means, variances)
  }

  @Test func normalizedRowsAndTheirMomentsEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 50)
      for n in oddSizes where n > 0 {
        for range in [-1.0...1.0, -30.0...10.0, 1000.0...1001.0] {
          for epsilon in Self.epsilons {
            let x: [S] = values.scalars(Self.rows * n, in: range)
            let expected = Reference(x, columns: n, epsilon: epsilon)
            for (name, kernels) in S.instances {
              let place: Comment = "\(name) \(S.self) \(n) columns in \(range), ε = \(epsilon), seed 50"
              let found = normalized(kernels, x, rows: Self.rows, epsilon: epsilon)
              #expect(
                difference(found.means, expected.means) { 1e-14 * max(1, abs(expected.means[$0])) } == nil, place)
              #expect(
                difference(found.variances, expected.variances) { 1e-12 * expected.variances[$0] + 1e-20 } == nil, place
              )
              // The mean that is subtracted is a scalar: what rounding loses grows with the numbers.
              let outputs = difference(found.outputs, expected.outputs) { i in
                let scale = 1 / (expected.variances[i / n] + epsilon).squareRoot()
                return S.roundoff * (8 * abs(expected.outputs[i]) + 2 * expected.largest[i / n] * scale)
              }
              #expect(outputs == nil, place)
            }
          }
        }
      }
    }
  }

  @Test func theGradientEqualsItsDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 51)
      for n in oddSizes where n > 0 {
        for epsilon in Self.epsilons {
          let y: [S] = values.scalars(Self.rows * n, in: -3...3)
          let g: [S] = values.scalars(Self.rows * n, in: -2...1)
          let variances: [Double] = values.scalars(Self.rows, in: 0...4)
          var (expected, sizes): ([Double], [Double]) = ([], [])
          for row in 0..<Self.rows {
            let part = row * n..<(row + 1) * n
            let mean = g[part].reduce(0) { $0 + $1.wide } / Double(n)
            let slope = part.reduce(0) { $0 + g[$1].wide * y[$1].wide } / Double(n)
            let (meanSize, slopeSize) = (
              g[part].reduce(0) { $0 + abs($1.wide) } / Double(n),
              part.reduce(0) { $0 + abs(g[$1].wide * y[$1].wide) } / Double(n)
            )
            let scale = 1 / (variances[row] + epsilon).squareRoot()
            for i in part {
              expected.append((g[i].wide - mean - y[i].wide * slope) * scale)
              sizes.append((abs(g[i].wide) + meanSize + abs(y[i].wide) * slopeSize) * scale)
            }
          }
          for (name, kernels) in S.instances {
            var out = [S](repeating: 7, count: y.count + 1)
            kernels.normalize_rows_gradient(Int64(Self.rows), Int64(n), y, variances, epsilon, g, &out)
            #expect(out.popLast() == 7, "\(name) \(S.self) wrote past the end")
            let failure = difference(out, expected) { 8 * S.roundoff * sizes[$0] }
            #expect(failure == nil, "\(name) \(S.self) \(n) columns, ε = \(epsilon), seed 51")
          }
        }
      }
    }
  }

  @Test func aRowsBitsDoNotDependOnTheRowsBesideIt() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 52)
      for n in oddSizes where n > 0 {
        let (x, g): ([S], [S]) = (values.scalars(Self.rows * n), values.scalars(Self.rows * n))
        for (name, kernels) in S.instances {
          let together = normalized(kernels, x, rows: Self.rows, epsilon: 1e-5)
          var gradient = [S](repeating: .nan, count: x.count)
          kernels.normalize_rows_gradient(
            Int64(Self.rows), Int64(n), together.outputs, together.variances, 1e-5, g, &gradient)
          for row in 0..<Self.rows {
            let part = row * n..<(row + 1) * n
            let place: Comment = "\(name) \(S.self) \(n) columns, seed 52"
            let alone = normalized(kernels, Array(x[part]), rows: 1, epsilon: 1e-5)
            #expect(alone.outputs == Array(together.outputs[part]), place)
            #expect(alone.means == [together.means[row]] && alone.variances == [together.variances[row]], place)
            var out = [S](repeating: .nan, count: n)
            kernels.normalize_rows_gradient(1, Int64(n), alone.outputs, alone.variances, 1e-5, Array(g[part]), &out)
            #expect(out == Array(gradient[part]), place)
          }
        }
      }
    }
  }

  @Test func equalNumbersHaveNoVarianceAndNoRowsAreLeftAlone() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for (name, kernels) in S.instances {
        for n in oddSizes where n > 0 {
          let found = normalized(kernels, [S](repeating: S(1e8) + S(0.1), count: n), rows: 1, epsilon: 1e-5)
          #expect(found.variances == [0] && found.outputs.allSatisfy { $0 == 0 }, "\(name) \(S.self) \(n) columns")
        }
        #expect(normalized(kernels, [S](), rows: 0, epsilon: 1e-5).outputs.isEmpty, "\(name) \(S.self)")
      }
    }
  }

  @Test func aNotANumberMakesItsRowNotANumber() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      for n in [1, 2, 7, 16, 17, 40] {
        for position in 0..<n {
          var x = [S](repeating: 1, count: 2 * n)
          x[n + position] = .nan
          for (name, kernels) in S.instances {
            let found = normalized(kernels, x, rows: 2, epsilon: 1e-5)
            let place: Comment = "\(name) \(S.self) at \(position) of \(n)"
            #expect(!found.outputs[..<n].contains(where: \.isNaN) && found.outputs[n...].allSatisfy(\.isNaN), place)
            #expect(found.means[1].isNaN && found.variances[1].isNaN && found.variances[0] == 0, place)
          }
        }
      }
    }
  }
}
