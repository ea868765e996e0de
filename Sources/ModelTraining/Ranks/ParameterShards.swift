import NeuralLayers
import TensorCore

/// Which rank updates which elements of a model's parameters.
///
/// Trained parameters are laid end to end in buckets, from the top layer down: the order in which a backward pass finishes their
/// gradients. Each rank owns an equal part of every bucket, and keeps the optimizer's moments of that part alone (stage 1 of
/// Rajbhandari, Rasley, Ruwase and He, "ZeRO: Memory optimizations toward training trillion parameter models", 2020).
struct ParameterShards: Sendable {
  /// A parameter in a bucket.
  struct Entry: Sendable {
    let slot: Int
    /// Its elements, counted from the start of the bucket.
    let elements: Range<Int>
  }

  struct Bucket: Sendable {
    fileprivate(set) var entries: [Entry] = []
    /// Elements of all its parameters.
    var count: Int { entries.last?.elements.upperBound ?? 0 }
  }

  let buckets: [Bucket]
  let size: Int

  /// Elements from which on a bucket is full: messages of a megabyte or so keep a network busy, and smaller ones begin earlier.
  private static let fullBucket = 1 << 17

  /// - Parameters:
  ///   - model: bound.
  ///   - size: number of ranks.
  init<Model: Module>(of model: Model, size: Int) {
    var buckets = [Bucket()]
    for (slot, parameter) in model.parameters.map(\.parameter).enumerated().reversed()
    where parameter.role == .trained {
      if buckets[buckets.count - 1].count >= Self.fullBucket { buckets.append(Bucket()) }
      let start = buckets[buckets.count - 1].count
      buckets[buckets.count - 1].entries.append(Entry(slot: slot, elements: start..<start + parameter.shape.count))
    }
    (self.buckets, self.size) = (buckets.filter { !$0.entries.isEmpty }, size)
  }

  /// Elements of a bucket that a rank owns.
  func part(of bucket: Bucket, rank: Int) -> Range<Int> {
    evenShare(of: bucket.count, part: rank, parts: size)
  }

  /// Elements of each parameter that a rank owns, by slot, counted from the parameter's start.
  func parts(rank: Int) -> [Int: Range<Int>] {
    var parts: [Int: Range<Int>] = [:]
    for bucket in buckets {
      let own = part(of: bucket, rank: rank)
      for entry in bucket.entries { parts[entry.slot] = entry.part(in: own) }
    }
    return parts
  }
}

extension ParameterShards.Entry {
  /// Elements of the parameter that lie in a part of the bucket, counted from the parameter's start.
  func part(in part: Range<Int>) -> Range<Int> {
    let common = elements.clamped(to: part)
    if common.isEmpty { return 0..<0 }
    return common.lowerBound - elements.lowerBound..<common.upperBound - elements.lowerBound
  }
}
