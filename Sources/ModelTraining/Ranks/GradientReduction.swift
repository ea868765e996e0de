import Autograd
import NeuralLayers
import ProcessGroups
import TensorCore

/// Gradients of the ranks of a group, summed part by part while the backward pass goes on, and the parameters that each rank has
/// updated, given to all.
///
/// Each rank sends (n − 1)/n of the gradients' bytes to be summed (reduce-scatter), and as many of the parameters' (all-gather).
final class GradientReduction<Scalar: TensorScalar> {
  let group: ProcessGroup
  let shards: ParameterShards
  /// Elements of each parameter that this rank updates, by slot.
  let parts: [Int: Range<Int>]
  private var buckets: [Bucket] = []
  private var bucketOfSlot: [Int: Int] = [:]

  private struct Bucket {
    let layout: ParameterShards.Bucket
    let own: Range<Int>
    /// Gradients, then parameters, of all elements.
    let buffer: MessageBuffer
    let sum: RankSum<Scalar>
    var missing: Set<Int>
    var exchange: MessageExchange?
  }

  init<Model: Module<Scalar>>(of model: Model, in group: ProcessGroup) {
    self.group = group
    let shards = ParameterShards(of: model, size: group.size)
    (self.shards, parts) = (shards, shards.parts(rank: group.rank))
    for (index, layout) in shards.buckets.enumerated() {
      let buffer = MessageBuffer(byteCount: layout.count * MemoryLayout<Scalar>.stride)
      let own = shards.part(of: layout, rank: group.rank)
      buckets.append(
        Bucket(
          layout: layout, own: own, buffer: buffer,
          sum: RankSum(own: buffer, part: own, rank: group.rank, size: group.size), missing: []))
      for entry in layout.entries { bucketOfSlot[entry.slot] = index }
    }
  }

  /// Begins the sums of a step.
  func begin() {
    for index in buckets.indices {
      buckets[index].missing = Set(buckets[index].layout.entries.map(\.slot))
      buckets[index].exchange = nil
    }
  }

  /// Takes the gradient of a parameter, which no longer changes. Once those of a bucket are there, their sum begins.
  func add(_ gradient: Tensor<Scalar>, slot: Int) {
    guard let index = bucketOfSlot[slot] else { return }
    let entry = buckets[index].layout.entries.first { $0.slot == slot }!
    buckets[index].buffer.store(0..<gradient.count, of: gradient, at: entry.elements.lowerBound)
    buckets[index].missing.remove(slot)
    // In their order, the same on all ranks.
    while let index = buckets.firstIndex(where: { $0.exchange == nil }), buckets[index].missing.isEmpty {
      let exchange = reduction(of: buckets[index])
      buckets[index].exchange = exchange
      group.start(exchange)
    }
  }

  private func bytes(_ elements: Range<Int>) -> Range<Int> {
    let stride = MemoryLayout<Scalar>.stride
    return elements.lowerBound * stride..<elements.upperBound * stride
  }

  private func reduction(of bucket: Bucket) -> MessageExchange {
    let sum = bucket.sum
    return MessageExchange(
      sends: others.map { .init($0, bucket.buffer, bytes(shards.part(of: bucket.layout, rank: $0))) },
      receives: sum.receives, purpose: .gradients, take: { sum.take($0) })
  }

  /// The other ranks, beginning with the next one, so that not all send to the same.
  private var others: [Int] { (1..<group.size).map { (group.rank + $0) % group.size } }

  /// Returns the summed gradients of the elements that this rank updates, by slot, when all are there. A parameter without a
  /// gradient has none on any rank.
  func finish() -> [Int: Tensor<Scalar>] {
    // Zeros stand for gradients that are not there, so that the bucket can be summed.
    var without: Set<Int> = []
    for bucket in buckets where bucket.exchange == nil {
      for slot in bucket.missing {
        without.insert(slot)
        let entry = bucket.layout.entries.first { $0.slot == slot }!
        add(.zeros([entry.elements.count]), slot: slot)
      }
    }
    var sums: [Int: Tensor<Scalar>] = [:]
    for bucket in buckets {
      group.finish(bucket.exchange!)
      for entry in bucket.layout.entries where !without.contains(entry.slot) {
        let part = entry.part(in: bucket.own)
        var sum = Tensor<Scalar>(uninitialized: [part.count])
        let start = entry.elements.lowerBound + part.lowerBound - bucket.own.lowerBound
        if !part.isEmpty { bucket.sum.sum.load(from: start, into: 0..<part.count, of: &sum) }
        sums[entry.slot] = sum
      }
    }
    return sums
  }

  private func storeOwn(_ values: [Tensor<Scalar>]) {
    for bucket in buckets {
      for entry in bucket.layout.entries {
        let part = entry.part(in: bucket.own)
        bucket.buffer.store(part, of: values[entry.slot], at: entry.elements.lowerBound + part.lowerBound)
      }
    }
  }

  /// Gives every rank the elements that the others have updated.
  func shareParameters<Model: Module<Scalar>>(of model: inout Model) {
    storeOwn(model.parameters.map(\.parameter.value))
    func messages(_ bucket: Bucket, ofRank rank: Int?) -> [MessageExchange.Message] {
      others.map { .init($0, bucket.buffer, bytes(shards.part(of: bucket.layout, rank: rank ?? $0))) }
    }
    group.run(
      MessageExchange(
        sends: buckets.flatMap { messages($0, ofRank: group.rank) },
        receives: buckets.flatMap { messages($0, ofRank: nil) }, purpose: .parameters))
    model.updateParameters { [buckets, bucketOfSlot] parameter, _ in
      guard let slot = parameter.slot, let index = bucketOfSlot[slot] else { return }
      let bucket = buckets[index]
      let entry = bucket.layout.entries.first { $0.slot == slot }!
      let own = entry.part(in: bucket.own)
      for part in [0..<own.lowerBound, own.upperBound..<entry.elements.count] where !part.isEmpty {
        bucket.buffer.load(from: entry.elements.lowerBound + part.lowerBound, into: part, of: &parameter.value)
      }
    }
  }
}
