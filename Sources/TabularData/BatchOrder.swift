import TensorCore

/// The batches of one epoch: for each batch, the indices of its samples. Every sample is in exactly one of them.
///
/// The order of an epoch depends on the seed and the epoch alone, so that training goes on exactly from any step:
///
///     let order = BatchOrder(count: data.count, batchSize: 32, seed: 1, epoch: epoch)
///     for indices in order.dropFirst(stepsDone) { step(data.rows(indices)) }
public struct BatchOrder: RandomAccessCollection, Sendable {
  public let batchSize: Int
  private let order: [Int]

  /// The batches of `count` samples: `batchSize` each, and fewer in the last one where that does not divide `count`.
  /// Traps on a batch size below 1, a negative count or a negative epoch.
  ///
  /// - Parameter shuffled: whether the samples come in a random order, a permutation drawn from substream `epoch` of the
  ///   random source of the seed; otherwise in their own order.
  public init(count: Int, batchSize: Int, seed: UInt64, epoch: Int, shuffled: Bool = true) {
    require(
      count >= 0 && batchSize > 0 && epoch >= 0,
      "BatchOrder: \(count) samples in batches of \(batchSize) in epoch \(epoch)")
    self.batchSize = batchSize
    var random = RandomSource(seed: seed).substream(UInt64(epoch))
    order = shuffled ? random.permutation(of: count) : Array(0..<count)
  }

  public var startIndex: Int { 0 }

  /// How many batches there are.
  public var endIndex: Int { order.count / batchSize + (order.count % batchSize == 0 ? 0 : 1) }

  /// The samples of one batch. Traps where there is no such batch.
  public subscript(batch: Int) -> [Int] {
    require(indices.contains(batch), "BatchOrder: there is no batch \(batch) among \(endIndex)")
    let start = batch * batchSize
    return Array(order[start..<start + Swift.min(batchSize, order.count - start)])
  }
}
