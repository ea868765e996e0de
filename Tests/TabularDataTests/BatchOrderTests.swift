import TabularData
import TensorCore
import Testing

@Suite struct BatchOrderTests {
  @Test(arguments: [false, true])
  func everyEpochHasEverySampleOnceInFullBatchesButTheLast(shuffled: Bool) {
    for count in [0, 1, 2, 7, 64, 65] {
      for size in [1, 2, 7, 64, 100] {
        let order = BatchOrder(count: count, batchSize: size, seed: 3, epoch: 2, shuffled: shuffled)
        #expect(order.count == (count + size - 1) / size)
        #expect(order.dropLast().allSatisfy { $0.count == size })
        #expect(order.last.map { (1...size).contains($0.count) } ?? (count == 0))
        #expect(order.flatMap(\.self).sorted() == Array(0..<count))
        if !shuffled { #expect(order.flatMap(\.self) == Array(0..<count)) }
      }
    }
  }

  /// An order depends on the seed and the epoch alone, and not on the size of the batches.
  @Test func anOrderDependsOnTheSeedAndTheEpochAlone() {
    func order(_ seed: UInt64, _ epoch: Int, batchSize: Int = 8) -> [Int] {
      BatchOrder(count: 100, batchSize: batchSize, seed: seed, epoch: epoch).flatMap(\.self)
    }
    #expect(order(1, 0) == order(1, 0, batchSize: 33))
    let orders = (0..<4).flatMap { seed in (0..<4).map { order(seed, $0) } }
    #expect(Set(orders).count == orders.count)
  }

  @Test func goingOnFromAnyStepGivesTheBatchesThatWereLeft() {
    let whole = Array(BatchOrder(count: 50, batchSize: 7, seed: 9, epoch: 4))
    for step in 0...whole.count {
      let rest = BatchOrder(count: 50, batchSize: 7, seed: 9, epoch: 4).dropFirst(step)
      #expect(Array(rest) == Array(whole[step...]))
    }
  }

  @Test func anOrderIsThePermutationDrawnFromTheEpochsSubstream() {
    var random = RandomSource(seed: 5).substream(6)
    #expect(
      BatchOrder(count: 30, batchSize: 4, seed: 5, epoch: 6).flatMap(\.self) == random.permutation(of: 30))
  }

  /// Every epoch has every sequence once; in a full batch the lengths differ little, and the longest comes first.
  @Test func batchesOfSequencesAreOfAboutOneLength() {
    var random = RandomSource(seed: 4)
    let lengths = (0..<5003).map { _ in Int.random(in: 1...400, using: &random) }
    func batches(_ epoch: Int) -> [[Int]] { Array(BatchOrder(lengths: lengths, batchSize: 8, seed: 1, epoch: epoch)) }
    let order = batches(0)
    #expect(order.count == 626 && order.flatMap(\.self).sorted() == Array(0..<5003))
    for batch in order {
      let sizes = batch.map { lengths[$0] }
      #expect(sizes == sizes.sorted(by: >))
    }
    let padded = order.reduce(0) { $0 + $1.count * lengths[$1[0]] }
    #expect(Double(padded) < 1.08 * Double(lengths.reduce(0, +)))
    #expect(batches(0) == order)
    let together = Set(order.map { Set($0) })
    #expect(batches(1).count { together.contains(Set($0)) } < 10, "other epochs put other sequences together")
    let first = order.prefix(50).map { lengths[$0[0]] }
    #expect(first != first.sorted() && first != first.sorted(by: >), "batches come in any order")
  }

  @Test func inferenceGoesFromTheLongestToTheShortest() {
    let order = BatchOrder(longestFirst: [2, 5, 1, 5, 3], batchSize: 2)
    #expect(Array(order) == [[1, 3], [4, 0], [2]])
  }
}
