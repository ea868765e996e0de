import TensorCore

/// How the steps of a sequence and the batch are divided for summing gradients over them: by shape alone.
///
/// Steps are taken in stretches, so that what a stretch computes is used while it is in the caches; the batch in lanes, so that
/// threads can sum apart. Within a stretch the rows of a lane stand together, step after step.
package struct StretchPlan {
  /// Ranges of steps, in order.
  package let stretches: [Range<Int>]
  /// Ranges of the batch, in order.
  package let lanes: [Range<Int>]
  private let batch: Int

  /// Rows of a lane in a stretch: enough to add up at once, few enough for a cache.
  private static let rowsAtOnce = 256

  package init(time: Int, batch: Int) {
    self.batch = batch
    let count = min(batch, 2)
    lanes = (0..<count).map { batch * $0 / count..<batch * ($0 + 1) / count }
    let length = Self.length(batch: batch)
    stretches = stride(from: 0, to: time, by: length).map { $0..<min($0 + length, time) }
  }

  /// The steps of a stretch; of the last there may be fewer.
  package static func length(batch: Int) -> Int { max(rowsAtOnce * min(batch, 2) / batch, 1) }

  /// All rows of a stretch, [time · batch].
  package func rows(_ stretch: Range<Int>) -> Range<Int> { stretch.lowerBound * batch..<stretch.upperBound * batch }

  /// The rows of a lane at a step, among [time · batch].
  package func rows(_ t: Int, of lane: Int) -> Range<Int> {
    t * batch + lanes[lane].lowerBound..<t * batch + lanes[lane].upperBound
  }

  /// The rows of a lane at a step, among those of the lane in a stretch.
  package func rows(_ t: Int, of lane: Int, in stretch: Range<Int>) -> Range<Int> {
    let (height, step) = (lanes[lane].count, t - stretch.lowerBound)
    return step * height..<(step + 1) * height
  }

  /// How many rows a lane has in a stretch.
  package func count(_ stretch: Range<Int>, _ lane: Int) -> Int { stretch.count * lanes[lane].count }

  /// How many rows a lane has in the longest stretch.
  package func longest(_ lane: Int) -> Int { count(stretches[0], lane) }

  /// Whether a thread works on what another one computed, so that they have to wait for each other.
  package func areLanesShared(by team: ThreadTeam) -> Bool { team.count > lanes.count }

  /// What of `total` units of work in every lane a thread is given.
  package func share(
    of total: Int, unit: Int, _ thread: Int, _ team: ThreadTeam
  ) -> [(lane: Int, part: Range<Int>)] {
    let padded = (total + unit - 1) / unit * unit
    let mine = team.part(of: padded * lanes.count, unit: unit, for: thread)
    return lanes.indices.compactMap { lane in
      let part = mine.clamped(to: lane * padded..<(lane + 1) * padded)
      let start = part.lowerBound - lane * padded
      return part.isEmpty ? nil : (lane, start..<min(start + part.count, total))
    }
  }
}
