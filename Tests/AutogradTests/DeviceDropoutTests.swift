import Autograd
import CharrnnTestSupport
import TensorCore
import Testing

/// What a pass drops is the same on a device as on the host, bit for bit.
@Suite(.enabled(if: hasDevice))
struct DeviceDropoutTests {
  private typealias Operation = @Sendable (Variable<Float>, inout ForwardContext<Float>) -> Variable<Float>

  /// Operations on [5, 7, 11].
  private static let operations: [(name: String, apply: Operation)] = [
    ("dropout", { dropout($0, probability: 0.4, in: &$1) }),
    ("dropout along a batch", { dropout($0, probability: 0.4, batchAxis: 1, in: &$1) }),
    ("dropout along a leading batch", { dropout($0.permuted([1, 0, 2]), probability: 0.4, batchAxis: 0, in: &$1) }),
    ("a segment's dropout", { dropout($0, probability: 0.4, batchAxis: 1, fromRow: 3, in: &$1) }),
    ("locked dropout", { lockedDropout($0, probability: 0.4, in: &$1) }),
    ("embedding dropout", { embeddingDropout($0.reshaped([35, 11]), probability: 0.4, in: &$1) }),
    ("zoneout", { zoneout($0.row(0), keeping: $0.row(1), probability: 0.4, in: &$1) }),
    ("two users", { dropout(dropout($0, probability: 0.1, in: &$1), probability: 0.2, in: &$1) }),
  ]

  /// Of whole batches, and of parts of batches as several processes have them.
  @Test(arguments: operations.indices)
  func theSameElementsDrop(index: Int) throws {
    let (name, apply) = Self.operations[index]
    let input = sample([5, 7, 11], of: Float.self)
    let shards = [nil, BatchShard(first: 0, count: 7, total: 7), BatchShard(first: 3, count: 7, total: 13)]
    for (number, shard) in shards.enumerated() {
      for seed in [1, 2, UInt64.max] {
        try expectSame("\(name), shard \(number), seed \(seed)", within: 0) { device in
          let tape = Tape<Float>()
          var context = ForwardContext(
            tape: tape, mode: .training, random: RandomSource(seed: seed), workspace: Workspace(device: device))
          context.batchShard = shard
          let x = tape.watch(try input.on(device))
          let result = apply(x, &context)
          return [("values", result.value), ("gradient", result.gradients(seed: .ones(like: result.value))[x])]
        }
      }
    }
  }
}
