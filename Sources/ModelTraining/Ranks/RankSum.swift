import ProcessGroups
import TensorCore

/// Sum of one part of a bucket over all ranks, in the order of the ranks, whichever message comes first.
final class RankSum<Scalar: TensorScalar>: @unchecked Sendable {
  /// The sum, once all ranks were added.
  let sum: MessageBuffer
  private let count, rank, size: Int
  private let own: MessageBuffer
  private let firstOfOwn: Int
  private let received: MessageBuffer
  private var next = 0

  /// - Parameters:
  ///   - own: this rank's bucket.
  ///   - part: elements of it that this rank sums.
  init(own: MessageBuffer, part: Range<Int>, rank: Int, size: Int) {
    (self.own, firstOfOwn, count, self.rank, self.size) = (own, part.lowerBound, part.count, rank, size)
    sum = MessageBuffer(byteCount: part.count * MemoryLayout<Scalar>.stride)
    received = MessageBuffer(byteCount: part.count * MemoryLayout<Scalar>.stride * (size - 1))
  }

  private var byteCount: Int { sum.byteCount }

  /// Messages from all other ranks, in their order.
  var receives: [MessageExchange.Message] {
    (0..<size).filter { $0 != rank }.enumerated().map { index, other in
      .init(other, received, index * byteCount..<(index + 1) * byteCount)
    }
  }

  /// Adds the message of the index, and this rank's own part before or after it.
  func take(_ index: Int) {
    if index == 0 { next = 0 }
    let other = index < rank ? index : index + 1
    let end = index == size - 2 ? size : other + 1
    while next < end {
      if next == rank {
        add(own, from: firstOfOwn, isFirst: next == 0)
      } else {
        add(received, from: index * count, isFirst: next == 0)
      }
      next += 1
    }
  }

  private func add(_ buffer: MessageBuffer, from first: Int, isFirst: Bool) {
    let stride = MemoryLayout<Scalar>.stride
    if isFirst {
      sum.copy(first * stride..<(first + count) * stride, of: buffer, to: 0)
    } else {
      sum.add(Scalar.self, from: first, of: buffer, to: 0..<count)
    }
  }
}
