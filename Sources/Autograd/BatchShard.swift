import TensorCore

/// Part of a batch that one of several processes computes: sequences (or samples) that lie side by side.
public struct BatchShard: Sendable, Hashable {
  /// Number of its first sequence in the whole batch.
  public let first: Int
  /// Number of its sequences.
  public let count: Int
  /// Number of sequences in the whole batch.
  public let total: Int

  /// Traps where there are no such sequences.
  public init(first: Int, count: Int, total: Int) {
    require(
      first >= 0 && count > 0 && first + count <= total, "BatchShard: \(count) sequences from \(first) of \(total)")
    (self.first, self.count, self.total) = (first, count, total)
  }

  /// The part of one of several processes, of nearly equal parts.
  ///
  /// - Precondition: there is a sequence for each process.
  public init(of total: Int, rank: Int, size: Int) {
    require(size > 0 && (0..<size).contains(rank) && total >= size, "BatchShard: \(total) sequences for \(size) ranks")
    let own = evenShare(of: total, part: rank, parts: size)
    self.init(first: own.lowerBound, count: own.count, total: total)
  }

  /// Share of the whole batch.
  public var share: Double { Double(count) / Double(total) }

  /// Numbers of the sequences.
  public var sequences: Range<Int> { first..<first + count }
}
