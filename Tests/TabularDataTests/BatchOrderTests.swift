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
}
