import CSequenceKernels
import Foundation

// Rows of scores in double precision, from which tokens are drawn. The loops are of known types and over unsafe memory, because
// thousands of symbols may pass through them for every token.

extension Tensor {
  /// Copies a row of the last axis to `target`, exactly.
  package func copyRow(_ row: Int, to target: inout [Double]) {
    let range = rangeOfRow(row, width: target.count)
    switch self {
    case let floats as Tensor<Float>: floats.withScalars { widen($0[range], to: &target) }
    default: withScalars { for index in range { target[index - range.lowerBound] = $0[index].double } }
    }
  }

  /// Copies a row of the last axis to `target`.
  package func copyRow(_ row: Int, to target: inout [Scalar]) {
    let range = rangeOfRow(row, width: target.count)
    withScalars { scalars in
      target.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: scalars[range]) }
    }
  }

  private func rangeOfRow(_ row: Int, width: Int) -> Range<Int> {
    let own = shape.dimensions.last ?? 1
    require(row >= 0 && (row + 1) * own <= count, "copyRow: row \(row) of a tensor of shape \(shape)")
    require(width == own, "copyRow: \(width) numbers for rows of \(own)")
    return row * own..<(row + 1) * own
  }
}

private func widen(_ row: Slice<UnsafeBufferPointer<Float>>, to target: inout [Double]) {
  let row = UnsafeBufferPointer(rebasing: row)
  target.withUnsafeMutableBufferPointer { target in
    for index in 0..<row.count { target[index] = Double(row[index]) }
  }
}

extension [Double] {
  /// The largest number; NaN if one is not a number, −∞ if there are none.
  package var largest: Double {
    if isEmpty { return -.infinity }
    return withUnsafeBufferPointer { Double.kernels.table.pointee.maximum(Int64($0.count), $0.baseAddress) }
  }

  /// Whether none is infinite or not a number. (Finite scores of single precision have a finite sum.)
  package var areFinite: Bool {
    let sum = withUnsafeBufferPointer { Double.kernels.table.pointee.sum(Int64($0.count), $0.baseAddress) }
    return sum.isFinite || allSatisfy(\.isFinite)
  }

  /// Replaces each score x by its weight exp((x − largest) / temperature), or 0 where that is not a number.
  package mutating func becomeWeights(largest: Double, temperature: Double) {
    withUnsafeMutableBufferPointer { scores in
      for index in 0..<scores.count {
        let weight = exp((scores[index] - largest) / temperature)
        scores[index] = weight > 0 ? weight : 0
      }
    }
  }

  /// Index that a uniform number in [0, 1) draws by weights: the first up to which they sum to more than this part of all; nil
  /// where nothing has weight.
  package func index(at uniform: Double) -> Int? {
    let target = uniform * reduce(0, +)
    var sum = 0.0
    for index in indices where self[index] > 0 {
      sum += self[index]
      if target < sum { return index }
    }
    return lastIndex { $0 > 0 }
  }

  /// Index that `becomeWeights` and `index(at:)` would draw, from weights in single precision, which take a fifth of the time. Nil
  /// where the number lies so near to a border that these may be wrong.
  ///
  /// A weight eᵃ has a relative error of at most |a|·2⁻²⁴ from its argument and of 8·2⁻²⁴, 4 units in the last place, from the
  /// kernel. The mean of |a| by weight is at most the entropy, below 16 nats for 2²³ symbols, so that sums are wrong by at most
  /// 24·2⁻²⁴ of the total, and two of them by less than 2⁻¹⁸.
  ///
  /// - Parameter room: memory for the weights, kept from call to call.
  package func quickIndex(at uniform: Double, largest: Double, temperature: Double, room: inout [Float]) -> Int? {
    if room.count != count { room = [Float](repeating: 0, count: count) }
    return withUnsafeBufferPointer { scores in
      room.withUnsafeMutableBufferPointer { weights in
        let factor = 1 / temperature
        for index in 0..<scores.count { weights[index] = Float((scores[index] - largest) * factor) }
        let (kernels, size) = (Float.kernels.table, Int64(weights.count))
        kernels.pointee.unary(SKUnaryExp, size, weights.baseAddress, weights.baseAddress)
        let total = kernels.pointee.sum(size, weights.baseAddress)
        let (target, margin) = (uniform * total, total * 0x1p-18)
        var (sum, before) = (0.0, 0.0)
        for index in 0..<weights.count {
          sum += Double(weights[index])
          if target < sum { return target - before > margin && sum - target > margin ? index : nil }
          before = sum
        }
        return nil
      }
    }
  }
}
