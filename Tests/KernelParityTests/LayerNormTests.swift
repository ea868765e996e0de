import CSequenceKernels
import Foundation
import Testing

/// Layer normalization, alone and before an LSTM's output, with its gradients, against the formulas in double precision.
struct LayerNormTests {
  private static let rows = 3

  /// x̂ and the scale of a row.
  private static func normalized(_ x: [Double], epsilon: Double) -> (row: [Double], scale: Double) {
    let n = Double(x.count)
    let rough = x.reduce(0, +) / n
    let mean = rough + x.reduce(0) { $0 + ($1 - rough) } / n
    let scale = 1 / (x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n + epsilon).squareRoot()
    return (x.map { ($0 - mean) * scale }, scale)
  }

  /// ∂L/∂x of a row from x̂, its scale and ∂L/∂(x̂·gain + bias), and the size of what it was summed up from.
  private static func gradient(
    _ normalized: [Double], scale: Double, gain: [Double], upstream: [Double]
  ) -> (dx: [Double], sizes: [Double]) {
    let (n, g) = (Double(gain.count), zip(gain, upstream).map { $0 * $1 })
    let (mean, slope) = (g.reduce(0, +) / n, zip(g, normalized).reduce(0) { $0 + $1.0 * $1.1 } / n)
    let meanSize = g.reduce(0) { $0 + abs($1) } / n
    let slopeSize = zip(g, normalized).reduce(0) { $0 + abs($1.0 * $1.1) } / n
    let places = zip(g, normalized)
    return (
      places.map { ($0 - mean - $1 * slope) * scale }, places.map { (abs($0) + meanSize + abs($1) * slopeSize) * scale }
    )
  }

  /// The rows of a matrix, in double precision.
  private static func rows<S: KernelScalar>(_ matrix: [S], _ n: Int, stride: Int) -> [[Double]] {
    (0..<rows).map { row in matrix[row * stride..<row * stride + n].map(\.wide) }
  }

  /// Indices of the elements of rows in a matrix with a larger stride; nothing may be written between the rows.
  private static func spread(_ rows: [[Double]], over start: [Double], stride: Int) -> [Double] {
    var result = start
    for (row, elements) in rows.enumerated() {
      for (column, element) in elements.enumerated() { result[row * stride + column] = element }
    }
    return result
  }

  @Test func normalizedRowsEqualTheFormulaWhereverTheyStand() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 71)
      let m = Int64(Self.rows)
      for n in oddSizes where n > 0 {
        let (xStride, keptStride, yStride) = (n + 1, n + 3, n + 2)
        for (epsilon, adds) in [(1e-5, false), (0.25, true)] {
          let x: [S] = values.scalars(Self.rows * xStride, in: -30...10)
          let (gain, bias): ([S], [S]) = (values.scalars(n), values.scalars(n))
          let start: [S] = values.scalars(Self.rows * yStride)
          let expected = Self.rows(x, n, stride: xStride).map { Self.normalized($0, epsilon: epsilon) }
          let before = Self.rows(start, n, stride: yStride)
          let outputs = expected.indices.map { row in
            (0..<n).map {
              expected[row].row[$0] * gain[$0].wide + bias[$0].wide + (adds ? before[row][$0] : 0)
            }
          }
          // The mean that is subtracted is a scalar: what rounding loses grows with the numbers.
          let tolerance = 30 * S.roundoff * (4 + 30 * expected.map(\.scale).max()!)
          for (name, kernels) in S.instances {
            let place: Comment = "\(name) \(S.self) \(n) columns, ε = \(epsilon), seed 71"
            var (kept, y) = ([S](repeating: 7, count: Self.rows * keptStride), start)
            var scales = [S](repeating: 7, count: 2 * Self.rows)
            kernels.layer_norm(
              m, Int64(n), x, Int64(xStride), epsilon, gain, bias, &kept, Int64(keptStride), &scales, 2, adds, &y,
              Int64(yStride))
            let rows = Self.spread(
              expected.map(\.row), over: .init(repeating: 7, count: kept.count), stride: keptStride)
            #expect(difference(kept, rows) { _ in tolerance } == nil, place)
            #expect(
              difference(y, Self.spread(outputs, over: start.map(\.wide), stride: yStride)) { _ in tolerance } == nil,
              place)
            let ofRows = Self.spread(expected.map { [$0.scale] }, over: .init(repeating: 7, count: 6), stride: 2)
            #expect(difference(scales, ofRows, roundoffs: 4) == nil, place)

            // In place of x: what is kept, or what it becomes.
            var (own, again) = (x, start)
            own.withUnsafeMutableBufferPointer {
              kernels.layer_norm(
                m, Int64(n), $0.baseAddress!, Int64(xStride), epsilon, gain, bias, $0.baseAddress!, Int64(xStride),
                &scales, 2, adds, &again, Int64(yStride))
            }
            #expect(again == y, place)
            #expect(Self.rows(own, n, stride: xStride) == Self.rows(kept, n, stride: keptStride), place)
            if adds { continue }
            own = x
            own.withUnsafeMutableBufferPointer {
              kernels.layer_norm(
                m, Int64(n), $0.baseAddress!, Int64(xStride), epsilon, gain, bias, &kept, Int64(keptStride), &scales, 2,
                adds, $0.baseAddress!, Int64(xStride))
            }
            #expect(Self.rows(own, n, stride: xStride) == Self.rows(y, n, stride: yStride), place)
          }
        }
      }
    }
  }

  @Test func theGradientEqualsTheFormulaAndAddsEachRowsPart() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 72)
      for n in oddSizes where n > 0 {
        let (keptStride, gStride, dxStride, sumsStride) = (n + 1, n + 3, n + 2, 2 * n + 1)
        let kept: [S] = values.scalars(Self.rows * keptStride, in: -3...3)
        let (gain, scales): ([S], [S]) = (values.scalars(n), values.scalars(Self.rows, in: 0.1...4))
        let g: [S] = values.scalars(Self.rows * gStride, in: -2...1)
        let sums: [S] = values.scalars(Self.rows * sumsStride)
        let (rows, upstream) = (Self.rows(kept, n, stride: keptStride), Self.rows(g, n, stride: gStride))
        let expected = rows.indices.map {
          Self.gradient(rows[$0], scale: scales[$0].wide, gain: gain.map(\.wide), upstream: upstream[$0])
        }
        var ofParameters = sums.map(\.wide)
        for row in 0..<Self.rows {
          for j in 0..<n {
            ofParameters[row * sumsStride + j] += upstream[row][j] * rows[row][j]
            ofParameters[row * sumsStride + n + j] += upstream[row][j]
          }
        }
        let untouched = [Double](repeating: 7, count: Self.rows * dxStride)
        let sizes = Self.spread(expected.map(\.sizes), over: untouched, stride: dxStride)
        for (name, kernels) in S.instances {
          let place: Comment = "\(name) \(S.self) \(n) columns, seed 72"
          func run(_ g: UnsafePointer<S>, _ gStride: Int, _ dx: UnsafeMutablePointer<S>, _ dxStride: Int) -> [S] {
            var found = sums
            found.withUnsafeMutableBufferPointer {
              kernels.layer_norm_gradient(
                Int64(Self.rows), Int64(n), kept, Int64(keptStride), scales, 1, gain, g, Int64(gStride), dx,
                Int64(dxStride), $0.baseAddress!, $0.baseAddress! + n, Int64(sumsStride))
            }
            return found
          }
          var dx = [S](repeating: 7, count: Self.rows * dxStride)
          #expect(difference(run(g, gStride, &dx, dxStride), ofParameters, roundoffs: 20) == nil, place)
          let rows = Self.spread(expected.map(\.dx), over: untouched, stride: dxStride)
          #expect(difference(dx, rows) { 10 * S.roundoff * sizes[$0] } == nil, place)
          var inPlace = g
          inPlace.withUnsafeMutableBufferPointer {
            _ = run(UnsafePointer($0.baseAddress!), gStride, $0.baseAddress!, gStride)
          }
          #expect(Self.rows(inPlace, n, stride: gStride) == Self.rows(dx, n, stride: dxStride), place)
        }
      }
    }
  }

  /// Each part of the step from what the part before it came to, so that no error is magnified.
  @Test func theLSTMsOutputSeesTheNormalizedCellState() {
    check(Float.self)
    check(Double.self)

    func check<S: KernelScalar>(_: S.Type) {
      var values = TestValues(seed: 73)
      let (m, epsilon) = (Int64(Self.rows), 1e-3)
      for H in oddSizes where H > 0 {
        let (stride, outStride, states) = (4 * H + 1, 4 * H + 2, Self.rows * H)
        let x: [S] = values.scalars(Self.rows * stride, in: -4...4)
        let (gain, bias): ([S], [S]) = (values.scalars(H), values.scalars(H))
        let (previous, dh, dcNext): ([S], [S], [S]) = (
          values.scalars(states, in: -2...2), values.scalars(states), values.scalars(states)
        )
        let sums: [S] = values.scalars(2 * states)
        for (name, kernels) in S.instances {
          let place: Comment = "\(name) \(S.self) H = \(H), seed 73"
          let unset = [S](repeating: 7, count: states)
          var (plain, plainC, plainH) = (x, unset, unset)
          kernels.lstm_gates(m, Int64(H), &plain, Int64(stride), previous, &plainC, &plainH)
          var (gates, c, normalized, h) = (x, unset, unset, unset)
          var scales = [S](repeating: 7, count: Self.rows)
          kernels.normalized_lstm_gates(
            m, Int64(H), &gates, Int64(stride), previous, epsilon, gain, bias, &c, &normalized, &scales, 1, &h)
          #expect(gates == plain && c == plainC, place)

          let rows = Self.rows(c, H, stride: H).map { Self.normalized($0, epsilon: epsilon) }
          #expect(difference(scales, rows.map(\.scale), roundoffs: 4) == nil, place)
          let tolerance = 8 * S.roundoff * (4 + 4 * rows.map(\.scale).max()!)
          #expect(difference(normalized, rows.flatMap(\.row)) { _ in tolerance } == nil, place)

          func gate(_ gate: Int, _ state: Int) -> Double { gates[state / H * stride + gate * H + state % H].wide }
          func slope(_ s: Double) -> Double { s * (1 - s) }
          let squashed = (0..<states).map { tanh(normalized[$0].wide * gain[$0 % H].wide + bias[$0 % H].wide) }
          #expect(difference(h, (0..<states).map { gate(3, $0) * squashed[$0] }, roundoffs: 20) == nil, place)

          let ofNormalized = (0..<states).map {
            dh[$0].wide * gate(3, $0) * (1 - squashed[$0] * squashed[$0])
          }
          var ofParameters = sums.map(\.wide)
          var (dGates, dPrevious) = ([Double](repeating: 7, count: Self.rows * outStride), [Double]())
          var size = 1.0
          for row in 0..<Self.rows {
            let part = row * H..<(row + 1) * H
            let ofCell = Self.gradient(
              normalized[part].map(\.wide), scale: scales[row].wide, gain: gain.map(\.wide),
              upstream: Array(ofNormalized[part]))
            for (j, state) in part.enumerated() {
              ofParameters[row * 2 * H + j] += ofNormalized[state] * normalized[state].wide
              ofParameters[row * 2 * H + H + j] += ofNormalized[state]
              let dc = dcNext[state].wide + ofCell.dx[j]
              size = max(size, ofCell.sizes[j])
              let (i, f, g, o) = (gate(0, state), gate(1, state), gate(2, state), gate(3, state))
              let ofGates = [
                dc * g * slope(i), dc * previous[state].wide * slope(f), dc * i * (1 - g * g),
                dh[state].wide * squashed[state] * slope(o),
              ]
              for (index, gradient) in ofGates.enumerated() { dGates[row * outStride + index * H + j] = gradient }
              dPrevious.append(dc * f)
            }
          }
          var (dhFound, dc, gradients) = (dh, dcNext, [S](repeating: 7, count: Self.rows * outStride))
          var sumsFound = sums
          sumsFound.withUnsafeMutableBufferPointer {
            kernels.normalized_lstm_gates_gradient(
              m, Int64(H), gates, Int64(stride), previous, gain, bias, normalized, scales, 1, &dhFound, &dc, &gradients,
              Int64(outStride), $0.baseAddress!, $0.baseAddress! + H, Int64(2 * H))
          }
          #expect(difference(sumsFound, ofParameters, roundoffs: 60) == nil, place)
          #expect(difference(gradients, dGates, roundoffs: 60 * size) == nil, place)
          #expect(difference(dc, dPrevious, roundoffs: 60 * size) == nil, place)
          #expect(dhFound.allSatisfy { $0 == 0 }, place)
        }
      }
    }
  }
}
