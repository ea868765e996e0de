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
