import TensorCore

/// Gradients of a weight and a bias over a sequence, Σ gᵀ·x and Σ g over all steps and rows of the batch, accumulated chunk by
/// chunk.
///
/// Each shard of the batch has a sum of its own; the shards are added last, in order. With no more threads than shards, a
/// thread needs nothing that another one computed; with more, threads share the rows of a shard's weight. Results do not
/// depend on the number of threads.
package struct WeightGradient<Scalar: TensorScalar> {
  /// x, [time · batch, in].
  private let inputs: SharedMatrix<Scalar>
  /// Columns of x that the weight multiplies.
  private let columns: Range<Int>
  private let plan: ChunkPlan
  private let shards: [Shard]
  private let workspace: Workspace<Scalar>
  /// Whether the sums already hold those of later steps.
  private let isContinued: Bool

  /// Partial sums by shard: all that earlier steps need to continue.
  package struct Sums {
    fileprivate let shards: [ShardSums]
  }

  fileprivate struct ShardSums {
    /// Σ gᵀ·x, [out, in].
    let weight: OwnedMatrix<Scalar>
    /// Σ g, [1, out].
    let bias: OwnedMatrix<Scalar>?
  }

  private struct Shard {
    let sums: ShardSums
    /// The shard's inputs of a chunk, contiguous; nil where a single shard has them so already.
    let rows: OwnedMatrix<Scalar>?
    /// The shard's inputs of a chunk, packed, by their number of rows.
    let packed: [Int: PackedMatrix<Scalar>]
  }

  /// - Parameters:
  ///   - inputs: x, [time · batch, in]; further rows are ignored.
  ///   - columns: columns of x that the weight multiplies; nil for all.
  ///   - outputs: the number of columns of g.
  ///   - previous: sums over later steps of the same sequence, which are added to in place.
  package init(
    inputs: Tensor<Scalar>, columns: Range<Int>? = nil, outputs: Int, plan: ChunkPlan, hasBias: Bool,
    continuing previous: Sums? = nil, workspace: Workspace<Scalar>
  ) {
    let columns = columns ?? 0..<inputs.shape[-1]
    let (pool, width) = (workspace.pool, columns.count)
    isContinued = previous != nil
    shards = plan.shards.indices.map { shard in
      let rows =
        plan.shards.count > 1
        ? OwnedMatrix<Scalar>(uninitialized: [plan.rowsOfLargestChunk(shard), width], pool: pool) : nil
      var packed: [Int: PackedMatrix<Scalar>] = [:]
      for chunk in plan.chunks where packed[plan.count(chunk, shard)] == nil {
        packed[plan.count(chunk, shard)] = PackedMatrix(
          uninitializedRows: plan.count(chunk, shard), columns: width, format: workspace.products, pool: pool)
      }
      return Shard(
        sums: previous?.shards[shard] ?? Self.newSums(outputs: outputs, width: width, hasBias: hasBias, pool: pool),
        rows: rows, packed: packed)
    }
    (self.inputs, self.columns, self.plan, self.workspace) = (SharedMatrix(inputs), columns, plan, workspace)
  }

  private static func newSums(outputs: Int, width: Int, hasBias: Bool, pool: BufferPool) -> ShardSums {
    ShardSums(
      weight: OwnedMatrix(uninitialized: [outputs, width], pool: pool),
      bias: hasBias ? OwnedMatrix(uninitialized: [1, outputs], pool: pool) : nil)
  }

  /// The partial sums alone, without the inputs and buffers.
  package var sumsSoFar: Sums { Sums(shards: shards.map { $0.sums }) }

  /// Packs one thread's share of a chunk's inputs.
  @_specialize(where Scalar == Float)
  package func pack(_ chunk: Range<Int>, thread: Int) {
    let inputs = inputs.view.columns(columns)
    for (shard, columns) in plan.share(
      of: inputs.columns, unit: PackedMatrix<Scalar>.panelWidth, thread, workspace.team)
    {
      let packed = shards[shard].packed[plan.count(chunk, shard)]!
      guard let rows = shards[shard].rows?.view.rows(0..<packed.rows) else {
        packed.pack(inputs.rows(plan.rows(chunk)), columns: columns)
        continue
      }
      for t in chunk {
        rows.rows(plan.rows(t, of: shard, in: chunk)).columns(columns)
          .copy(from: inputs.rows(plan.rows(t, of: shard)).columns(columns))
      }
      packed.pack(rows.readOnly, columns: columns)
    }
  }

  /// Adds a chunk to one thread's share of the sums. Chunks are added from the last to the first.
  ///
  /// - Parameter gradients: g of each shard, in its buffer of a chunk; the chunk's inputs are packed.
  @_specialize(where Scalar == Float)
  package func add(_ gradients: [MatrixView<Scalar>], _ chunk: Range<Int>, thread: Int) {
    let isFirst = chunk == plan.chunks.last && !isContinued
    for (index, outputs) in plan.share(of: shards[0].sums.weight.view.rows, unit: 1, thread, workspace.team) {
      let shard = shards[index]
      let packed = shard.packed[plan.count(chunk, index)]!
      let g = gradients[index].rows(0..<packed.rows).columns(outputs)
      shard.sums.weight.view.rows(outputs).setProduct(g, transposed: true, packed, onto: isFirst ? .nothing : .target)
      if let target = shard.sums.bias?.view.columns(outputs) {
        if isFirst { target.fill(0) }
        target.addColumnSums(of: g)
      }
    }
  }

  /// The gradients summed over all shards: of the weight, [out, in], and of the bias, [out].
  package func sums() -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
    let weight = addShards(shards.map { $0.sums.weight }, team: workspace.team)
    let biases = shards.compactMap { $0.sums.bias }
    return (weight, biases.isEmpty ? nil : addShards(biases, team: workspace.team).reshaped([-1]))
  }
}

/// Adds the sums of all shards to the first one in place, and returns it.
package func addShards<Scalar>(_ sums: [OwnedMatrix<Scalar>], team: ThreadTeam) -> Tensor<Scalar> {
  let total = sums[0].view
  if sums.count > 1 {
    team.split(total.rows, keeping: sums) { rows in
      for other in sums.dropFirst() { total.rows(rows).add(other.view.readOnly.rows(rows)) }
    }
  }
  return sums[0].tensor
}
