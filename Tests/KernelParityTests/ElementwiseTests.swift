import CSequenceKernels
import Foundation
import Testing

private let unaryOperations: [(operation: SKUnary, reference: @Sendable (Double) -> Double)] = [
  (SKUnaryNegate, { -$0 }), (SKUnaryAbsolute, { abs($0) }), (SKUnarySquare, { $0 * $0 }),
  (SKUnarySquareRoot, { $0.squareRoot() }), (SKUnaryReciprocal, { 1 / $0 }), (SKUnaryExp, { exp($0) }),
  (SKUnaryLog, { log($0) }), (SKUnaryLog1p, { log1p($0) }),
  (SKUnarySign, { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }),
]

private let binaryOperations: [(operation: SKBinary, reference: @Sendable (Double, Double) -> Double)] = [
  (SKBinaryAdd, { $0 + $1 }), (SKBinarySubtract, { $0 - $1 }), (SKBinaryMultiply, { $0 * $1 }),
  (SKBinaryDivide, { $0 / $1 }), (SKBinaryMaximum, { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }),
  (SKBinaryMinimum, { $0.isNaN || $1.isNaN ? .nan : min($0, $1) }),
  (SKBinaryWeigh, { $0 == 0 && $1.isInfinite ? 0 : $0 * $1 }),
]

struct ElementwiseTests {
  @Test func unaryOperationsEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 10)
      for n in oddSizes {
        var x: [S] = values.scalars(n, in: -20...20)
        for (i, special) in specials(S.self).enumerated() where i < n { x[n - 1 - i] = special }
        for (operation, reference) in unaryOperations {
          let expected = x.map { reference($0.wide) }
          for (name, kernels) in S.instances {
            var out = [S](repeating: 7, count: n + 1)
            kernels.unary(operation, Int64(n), x, &out)
            #expect(out[n] == 7, "\(name) \(S.self) wrote past \(n) elements")
            for i in 0..<n {
              let rounded = S(expected[i])
              #expect(
                abs(out[i].ordinal - rounded.ordinal) <= 4 || (out[i].isNaN && rounded.isNaN),
                "\(name) \(S.self) operation \(operation.rawValue) of \(x[i]) is \(out[i]), expected \(rounded)")
            }
            var inPlace = x
            inPlace.withUnsafeMutableBytes { kernels.unary(operation, Int64(n), $0.baseAddress, $0.baseAddress) }
            #expect(same(inPlace, Array(out[..<n])), "\(name) \(S.self) in place")
          }
        }
      }
    }
  }

  @Test func unaryBitsDoNotDependOnPositionOrLength() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 11)
      let count = 67
      var x: [S] = values.scalars(count, in: -30...30)
      for (i, special) in specials(S.self).enumerated() { x[5 * i] = special }
      for (operation, _) in unaryOperations {
        for (name, kernels) in S.instances {
          var whole = x
          kernels.unary(operation, Int64(count), x, &whole)
          for start in 0..<18 {
            for length in [1, 2, 3, 7, 15, 16, 17, 33] {
              let part = Array(x[start..<(start + length)])
              var out = part
              kernels.unary(operation, Int64(length), part, &out)
              let unchanged = same(out, Array(whole[start..<(start + length)]))
              #expect(unchanged, "\(name) \(S.self) operation \(operation.rawValue) from \(start), \(length) elements")
            }
          }
        }
      }
    }
  }

  @Test func binaryOperationsEqualTheirDefinitionWithRepeatedOperands() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 12)
      for n in oddSizes {
        var x: [S] = values.scalars(n + 1, in: -3...3)
        var y: [S] = values.scalars(n + 1, in: -3...3)
        if n > 2 {
          x[1] = .nan
          y[2] = .infinity
          x[2] = values.index(below: 2) == 0 ? 0 : 1
        }
        for (operation, reference) in binaryOperations {
          for (xStep, yStep) in [(1, 1), (0, 1), (1, 0), (0, 0)] {
            // A single rounding of an exact result, or of a result in double precision, where only ties could round twice.
            let expected = (0..<n).map { S(reference(x[$0 * xStep].wide, y[$0 * yStep].wide)) }
            for (name, kernels) in S.instances {
              var out = x
              kernels.binary(operation, Int64(n), x, Int64(xStep), y, Int64(yStep), &out)
              #expect(same(Array(out[..<n]), expected), "\(name) \(S.self) operation \(operation.rawValue), \(n)")
              #expect(same([out[n]], [x[n]]), "\(name) \(S.self) wrote past \(n) elements")
              var inPlace = x
              inPlace.withUnsafeMutableBytes { p in
                kernels.binary(operation, Int64(n), p.baseAddress, Int64(xStep), y, Int64(yStep), p.baseAddress)
              }
              #expect(same(Array(inPlace[..<n]), expected), "\(name) \(S.self) into the first operand")
              inPlace = y
              inPlace.withUnsafeMutableBytes { p in
                kernels.binary(operation, Int64(n), x, Int64(xStep), p.baseAddress, Int64(yStep), p.baseAddress)
              }
              #expect(same(Array(inPlace[..<n]), expected), "\(name) \(S.self) into the second operand")
            }
          }
        }
      }
    }
  }

  @Test func addScaledEqualsItsDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 13)
      for n in oddSizes {
        let x: [S] = values.scalars(n)
        let y: [S] = values.scalars(n)
        for (name, kernels) in S.instances {
          var out = y
          kernels.add_scaled(Int64(n), -0.75, x, &out)
          let failure = difference(out, zip(x, y).map { -0.75 * $0.wide + $1.wide }, roundoffs: 2)
          #expect(failure == nil, "\(name) \(S.self)")
        }
      }
    }
  }

  @Test func aMixtureAndItsGradientEqualTheirDefinition() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 14)
      for n in oddSizes {
        let (x, y, g): ([S], [S], [S]) = (values.scalars(n), values.scalars(n), values.scalars(n))
        let shares: [S] = values.scalars(n, in: 0...1)
        // A selection takes all bits of one of its two operands.
        for share in [shares, shares.map { $0 < 0.5 ? 0 : 1 }] {
          let isExact = share != shares
          for (name, kernels) in S.instances {
            var (out, part, rest) = (x, g, x)
            kernels.mix(Int64(n), share, x, y, &out)
            kernels.mix_gradient(Int64(n), share, &part, &rest)
            let both = zip(share, zip(x, y)).map { $0.wide * $1.0.wide + (1 - $0.wide) * $1.1.wide }
            let roundoffs = isExact ? 0 : 3.0
            for (found, expected) in [
              (out, both), (part, zip(share, g).map { $0.wide * $1.wide }),
              (rest, zip(share, g).map { (1 - $0.wide) * $1.wide }),
            ] {
              #expect(difference(found, expected, roundoffs: roundoffs) == nil, "\(name) \(S.self) \(n), seed 14")
            }
          }
        }
      }
    }
  }
}

/// Numbers at which functions may go wrong.
func specials<S: KernelScalar>(_: S.Type) -> [S] {
  [.nan, .infinity, -.infinity, 1000, -1000, 0, -0.0, .leastNonzeroMagnitude, -89, -103]
}
