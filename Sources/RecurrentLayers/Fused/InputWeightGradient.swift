import Autograd
import TensorCore

/// Gradients of W_ih and b_ih, from vectors or from tokens, summed chunk by chunk: see `WeightGradient`.
enum InputWeightGradient<Scalar: TensorScalar> {
  case vectors(WeightGradient<Scalar>)
  case tokens(TableGradient<Scalar>, hasBias: Bool)
  case embedded(TableGradient<Scalar>, hasBias: Bool, table: Tensor<Scalar>, weight: Parameter<Scalar>)

  /// Sums over the steps so far.
  enum Sums {
    case vectors(WeightGradient<Scalar>.Sums)
    case table(TableGradient<Scalar>.Sums)

    fileprivate var ofVectors: WeightGradient<Scalar>.Sums? { if case .vectors(let sums) = self { sums } else { nil } }
    fileprivate var ofTable: TableGradient<Scalar>.Sums? { if case .table(let sums) = self { sums } else { nil } }
  }

  init(
    _ sequence: SequenceInput<Scalar>, weight: Parameter<Scalar>, plan: ChunkPlan, hasBias: Bool,
    continuing previous: Sums?, workspace: Workspace<Scalar>
  ) {
    let (width, inputSize) = (weight.shape[0], weight.shape[1])
    switch sequence.content {
    case .vectors(let input):
      let rows = input.value.reshaped([-1, inputSize])
      self = .vectors(
        WeightGradient(
          inputs: rows, outputs: width, plan: plan, hasBias: hasBias, continuing: previous?.ofVectors,
          workspace: workspace))
    case .tokens(let grid):
      self = .tokens(
        TableGradient(
          ids: grid.ids, tokens: inputSize, width: width, plan: plan, continuing: previous?.ofTable,
          workspace: workspace),
        hasBias: hasBias)
    case .embedded(let grid, let table):
      self = .embedded(
        TableGradient(
          ids: grid.ids, tokens: table.shape[0], width: width, plan: plan, continuing: previous?.ofTable,
          workspace: workspace),
        hasBias: hasBias, table: table.value, weight: weight)
    }
  }

  /// Sums over the steps so far, without the inputs that they were taken from.
  var sumsSoFar: Sums {
    switch self {
    case .vectors(let gradient): .vectors(gradient.sumsSoFar)
    case .tokens(let gradient, _), .embedded(let gradient, _, _, _): .table(gradient.tables)
    }
  }

  /// Prepares a thread's share of a chunk.
  func pack(_ chunk: Range<Int>, thread: Int) {
    if case .vectors(let gradient) = self { gradient.pack(chunk, thread: thread) }
  }

  /// Adds a thread's share of a chunk.
  func add(_ gradients: [MatrixView<Scalar>], _ chunk: Range<Int>, thread: Int) {
    switch self {
    case .vectors(let gradient): gradient.add(gradients, chunk, thread: thread)
    case .tokens(let gradient, _), .embedded(let gradient, _, _, _): gradient.add(gradients, chunk, thread: thread)
    }
  }

  /// Gradients of W_ih, of b_ih and, where it is wanted, of the table of vectors.
  ///
  /// - Parameter ofProducts: turns the gradient of the table that was looked up into that of the products with W_ihᵀ.
  func sums(
    needsTable: Bool, ofProducts: (_ ofTable: Tensor<Scalar>) -> Tensor<Scalar>
  ) -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>?, table: Tensor<Scalar>?) {
    switch self {
    case .vectors(let gradient):
      let sums = gradient.sums()
      return (sums.weight, sums.bias, nil)
    case .tokens(let gradient, let hasBias):
      let products = ofProducts(gradient.sum())
      let bias = hasBias ? columnSums(products, workspace: gradient.workspace) : nil
      return (transposed(products, workspace: gradient.workspace), bias, nil)
    case .embedded(let gradient, let hasBias, let table, let weight):
      let (products, workspace) = (ofProducts(gradient.sum()), gradient.workspace)
      let dTable =
        needsTable
        ? products.matmul(workspace.packed(weight, transposed: false), team: workspace.team, pool: workspace.pool) : nil
      let sums = weightGradient(products, table, hasBias: hasBias, workspace: workspace)
      return (sums.weight, sums.bias, dTable)
    }
  }
}

/// Gradient of the table that tokens look up, [tokens, G·H]: the products of their vectors with W_ihᵀ.
struct TableGradient<Scalar: TensorScalar> {
  /// By shard, [tokens, G·H].
  typealias Sums = [OwnedMatrix<Scalar>]

  let workspace: Workspace<Scalar>
  /// Sums over the steps so far.
  let tables: Sums
  private let ids: [Int32]
  private let plan: ChunkPlan
  /// Whether `tables` held sums over later steps at the start.
  private let isContinued: Bool

  init(
    ids: [Int32], tokens: Int, width: Int, plan: ChunkPlan, continuing previous: Sums?,
    workspace: Workspace<Scalar>
  ) {
    (self.ids, self.plan, self.workspace) = (ids, plan, workspace)
    isContinued = previous != nil
    tables =
      previous
      ?? plan.shards.map { _ in OwnedMatrix(uninitialized: [tokens, width], pool: workspace.pool) }
  }

  @_specialize(where Scalar == Float)
  func add(_ gradients: [MatrixView<Scalar>], _ chunk: Range<Int>, thread: Int) {
    for (shard, part) in plan.share(of: tables[0].view.columns, unit: 16, thread, workspace.team) {
      let table = tables[shard].view.columns(part)
      if chunk == plan.chunks.last && !isContinued { table.fill(0) }
      if plan.shards.count == 1 {
        // The rows of all steps lie one after the other: the same sums in the same order.
        let rows = plan.rows(chunk)
        table.scatterAddRows(ids[rows], gradients[shard].rows(0..<rows.count).columns(part))
        continue
      }
      for t in chunk {
        let g = gradients[shard].rows(plan.rows(t, of: shard, in: chunk)).columns(part)
        table.scatterAddRows(ids[plan.rows(t, of: shard)], g)
      }
    }
  }

  func sum() -> Tensor<Scalar> { addShards(tables, team: workspace.team) }
}
