import TensorCore

/// The division of a sequence's steps into chunks and of its batch into shards over which gradients are summed.
///
/// It depends on the shape alone, so that sums do not depend on the number of threads. The rows of a chunk of steps are added
/// up while they are in the caches; the shards of the batch are summed apart, so that threads need not wait for each other.
/// Buffers of a chunk hold each shard's rows contiguously, step after step.
package struct ChunkPlan {
  /// Ranges of time steps, in order.
  package let chunks: [Range<Int>]
  /// Ranges of the batch, in order: two, or one for a batch of one.
  package let shards: [Range<Int>]
  private let batch: Int

  /// Rows of a shard in a chunk: enough to amortize a product, few enough for a cache.
  package static let rowsPerChunk = 256

  package init(time: Int, batch: Int) {
    self.batch = batch
    let count = min(batch, 2)
    shards = (0..<count).map { batch * $0 / count..<batch * ($0 + 1) / count }
    let length = Self.chunkLength(batch: batch)
    chunks = stride(from: 0, to: time, by: length).map { $0..<min($0 + length, time) }
  }

  /// The whole sequence in one chunk and the whole batch in one shard: for a device, which has no threads that wait for each other, and
  /// for which a few large products are better than many.
  package init(wholeTime time: Int, batch: Int) {
    self.batch = batch
    (chunks, shards) = (time > 0 ? [0..<time] : [], [0..<batch])
  }

  /// The plan of passes on a device.
  package init(time: Int, batch: Int, on device: Device) {
    if device == .cpu { self.init(time: time, batch: batch) } else { self.init(wholeTime: time, batch: batch) }
  }

  /// Time steps in every chunk but the last, which may be shorter.
  package static func chunkLength(batch: Int) -> Int { max(rowsPerChunk * min(batch, 2) / batch, 1) }

  /// Rows of all shards in a chunk, at most.
  package static func mostRows(batch: Int) -> Int { chunkLength(batch: batch) * batch }

  /// Rows of a chunk in a matrix of the whole sequence, [time · batch, …].
  package func rows(_ chunk: Range<Int>) -> Range<Int> { chunk.lowerBound * batch..<chunk.upperBound * batch }

  /// Rows of a shard at step t in a matrix of the whole sequence, [time · batch, …].
  package func rows(_ t: Int, of shard: Int) -> Range<Int> {
    t * batch + shards[shard].lowerBound..<t * batch + shards[shard].upperBound
  }

  /// Rows of a shard at step t in the shard's buffer of a chunk.
  package func rows(_ t: Int, of shard: Int, in chunk: Range<Int>) -> Range<Int> {
    let (height, step) = (shards[shard].count, t - chunk.lowerBound)
    return step * height..<(step + 1) * height
  }

  /// Number of rows of a shard in a chunk.
  package func count(_ chunk: Range<Int>, _ shard: Int) -> Int { chunk.count * shards[shard].count }

  /// Number of rows of a shard in the largest chunk, the first one.
  package func rowsOfLargestChunk(_ shard: Int) -> Int { count(chunks[0], shard) }

  /// Whether threads read what others computed, so that a barrier must separate the phases of a chunk: unless each thread has
  /// whole shards to itself, as `ThreadTeam.part` divides the batch where the threads' number divides that of the shards.
  package func needsBarrier(for team: ThreadTeam) -> Bool { !shards.count.isMultiple(of: team.count) }

  /// One thread's share of the work of all shards, where each shard has `total` units of work.
  ///
  /// - Parameter unit: ranges begin at multiples of it.
  package func share(
    of total: Int, unit: Int, _ thread: Int, _ team: ThreadTeam
  ) -> [(shard: Int, range: Range<Int>)] {
    let padded = (total + unit - 1) / unit * unit
    let mine = team.part(of: padded * shards.count, unit: unit, for: thread)
    return shards.indices.compactMap { shard in
      let range = mine.clamped(to: shard * padded..<(shard + 1) * padded)
      let start = range.lowerBound - shard * padded
      return range.isEmpty ? nil : (shard, start..<min(start + range.count, total))
    }
  }
}
