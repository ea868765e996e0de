import TensorCore

/// The batches of one epoch: for each batch, the indices of its samples. Every sample is in exactly one batch.
///
/// The order depends on the seed and the epoch alone, so that training can resume exactly at any step:
///
///     let order = BatchOrder(count: data.count, batchSize: 32, seed: 1, epoch: epoch)
///     for indices in order.dropFirst(stepsDone) { step(data.rows(indices)) }
public struct BatchOrder: RandomAccessCollection, Sendable {
  public let batchSize: Int
  private let order: [Int]

  /// The batches of `count` samples: `batchSize` in each, and the remainder in the last one.
  ///
  /// - Parameter shuffled: whether the samples are permuted, by a permutation drawn from substream `epoch` of the random
  ///   source of the seed.
  /// - Precondition: the batch size is at least 1; count and epoch are not negative.
  public init(count: Int, batchSize: Int, seed: UInt64, epoch: Int, shuffled: Bool = true) {
    require(
      count >= 0 && batchSize > 0 && epoch >= 0,
      "BatchOrder: \(count) samples in batches of \(batchSize) in epoch \(epoch)")
    self.batchSize = batchSize
    var random = RandomSource(seed: seed).substream(UInt64(epoch))
    order = shuffled ? random.permutation(of: count) : Array(0..<count)
  }

  /// The batches of sequences: in each, sequences of about one length, so that little of it is padding.
  ///
  /// The sequences are permuted as by `init(count:…)`; each run of a hundred batches of them is sorted by length, to within a
  /// tenth, so that every epoch puts others together; then the order of the full batches is permuted. In a batch the longest
  /// comes first.
  ///
  /// - Parameter lengths: steps of each sequence.
  /// - Precondition: the batch size is at least 1, and the epoch not negative.
  public init(lengths: [Int], batchSize: Int, seed: UInt64, epoch: Int) {
    let shuffled = BatchOrder(count: lengths.count, batchSize: batchSize, seed: seed, epoch: epoch)
    var random = RandomSource(seed: seed).substream(UInt64(epoch)).substream(1)
    let blurred = lengths.map { Double($0) * (1 + 0.1 * random.uniform()) }
    let run = 100 * batchSize
    let sorted = stride(from: 0, to: lengths.count, by: run).flatMap { start in
      sortedByLength(shuffled.order[start..<Swift.min(start + run, lengths.count)], blurred)
    }
    let full = lengths.count / batchSize
    let starts =
      random.permutation(of: full).map { $0 * batchSize } + (sorted.count > full * batchSize ? [full * batchSize] : [])
    self.batchSize = batchSize
    order = starts.flatMap { start in
      sortedByLength(sorted[start..<Swift.min(start + batchSize, sorted.count)], lengths)
    }
  }

  /// The batches of sequences for one pass of inference: the longest first.
  public init(longestFirst lengths: [Int], batchSize: Int) {
    require(batchSize > 0, "BatchOrder: batches of \(batchSize)")
    self.batchSize = batchSize
    order = sortedByLength(lengths.indices, lengths)
  }

  public var startIndex: Int { 0 }

  /// The number of batches.
  public var endIndex: Int { order.count / batchSize + (order.count % batchSize == 0 ? 0 : 1) }

  /// The indices of the samples of one batch.
  ///
  /// - Precondition: the batch is one of `indices`.
  public subscript(batch: Int) -> [Int] {
    require(indices.contains(batch), "BatchOrder: there is no batch \(batch) among \(endIndex)")
    let start = batch * batchSize
    return Array(order[start..<start + Swift.min(batchSize, order.count - start)])
  }
}

/// Sequences sorted by length, the longest first; equal ones stay in order.
private func sortedByLength<Length: Comparable>(_ sequences: some Collection<Int>, _ lengths: [Length]) -> [Int] {
  sequences.enumerated().sorted { (lengths[$1.element], $0.offset) < (lengths[$0.element], $1.offset) }.map(\.element)
}
