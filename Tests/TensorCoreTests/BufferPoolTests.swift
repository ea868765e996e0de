import TensorCore
import Testing

struct BufferPoolTests {
  @Test func memoryOfADroppedTensorServesTheNextOneOfItsSize() {
    let pool = BufferPool()
    for round in 0..<10 {
      let first = Tensor<Float>(uninitialized: [100, 7], pool: pool)
      let second = Tensor<Float>.zeros([7, 100], pool: pool)
      #expect(pool.allocations == 2, "round \(round)")
      #expect(first.withScalars(\.baseAddress) != second.withScalars(\.baseAddress))
      withExtendedLifetime((first, second)) {}
    }
    #expect(pool.bytesAllocated >= 2 * 2800)
    _ = Tensor<Float>.zeros([3000], pool: pool)
    #expect(pool.allocations == 3, "another size needs other memory")
  }

  @Test func zerosAreZerosInMemoryThatWasUsedBefore() {
    let pool = BufferPool()
    for _ in 0..<3 {
      var tensor = Tensor<Double>.zeros([37], pool: pool)
      #expect(tensor == .zeros([37]))
      tensor += 5
    }
    #expect(pool.allocations == 1)
  }

  /// The result of an operation on a pooled tensor comes from its pool, and goes back to it.
  @Test func theResultOfAnOperationOnAPooledTensorComesFromItsPool() {
    let operations: [(Tensor<Float>) -> Tensor<Float>] = [
      { $0 + 1 }, { 1 / $0 }, { $0.tanh() }, { $0.map { $0 } }, { $0.softmax() }, { $0.transposed() },
      { $0.max(axis: 1) },
      { $0.permuted([1, 0]) }, { $0.sum(axis: 0) }, { $0.broadcast(to: [2, 4, 9]) }, { $0.gatherRows([1, 1]) },
      { $0.slice(axis: 1, 2..<5) }, { .concatenate([$0, $0]) }, { .zeros(like: $0) },
    ]
    for (index, operation) in operations.enumerated() {
      let pool = BufferPool()
      let input = Tensor<Float>.zeros([4, 9], pool: pool)
      for _ in 0..<3 { _ = operation(input) }
      #expect(pool.allocations == 2, "operation \(index)")
    }
  }

  @Test func aStepThatIsRepeatedTakesNoMoreMemoryAfterItsFirstTime() {
    let pool = BufferPool()
    let weights = Tensor<Float>.sample([9, 5])
    var allocations = 0
    for turn in 0..<5 {
      let input = Tensor<Float>.zeros([4, 9], pool: pool)
      let output = ((input + 1).matmul(PackedMatrix(weights, pool: pool), pool: pool) * 2).tanh()
      var gradient = output.transposed()
      gradient -= gradient.softmax().sum(axis: -1, keepingAxis: true)
      if turn == 0 { allocations = pool.allocations }
      #expect(allocations > 0 && pool.allocations == allocations)
    }
  }

  @Test func trimmingGivesBackWhatWaitsAndNothingThatIsInUse() {
    let pool = BufferPool()
    let used = Tensor<Float>.full(like: .zeros([3000], pool: pool), 2)
    let bytes = pool.bytesAllocated
    for size in [500, 500_000] { _ = Tensor<Float>.zeros([size], pool: pool) }
    #expect(pool.bytesAllocated >= bytes + 4 * 500_500)
    pool.trim()
    #expect(pool.bytesAllocated < bytes && pool.bytesAllocated >= 4 * 3000)
    #expect(used == .full([3000], 2))
    _ = Tensor<Float>.zeros([500], pool: pool)
    #expect(pool.bytesAllocated >= 4 * 3500, "the pool serves on")
  }

  @Test func largeBuffersAreAlignedTo2MiBPagesAllOthersToACacheLine() {
    for count in [1, 1000, 1 << 19, 3 << 19] {
      let tensor = Tensor<Float>.zeros([count], pool: BufferPool())
      let address = tensor.withScalars { UInt(bitPattern: $0.baseAddress) }
      #expect(address % (count * 4 >= 2 << 20 ? 2 << 20 : 64) == 0)
    }
  }

  @Test func aTensorOutlivesTheNameOfItsPool() {
    var pool: BufferPool? = BufferPool()
    let tensor = Tensor<Float>.full(like: .zeros([50], pool: pool), 3)
    pool = nil
    #expect(tensor == .full([50], 3))
  }
}
