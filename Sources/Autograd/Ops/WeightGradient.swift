import TensorCore

/// The gradient of a weight and of a bias, Σ gᵀ·x and Σ g over all steps and sequences, gathered stretch by stretch of the steps
/// so that each is added while it is in the caches.
///
/// The sum is taken over lanes of the batch first, then over the lanes, always the same ones: as long as there are no more
/// threads than lanes, a thread needs nothing that another one computed. Within a lane threads share the rows of the weight.
/// Results do not depend on the number of threads.
package struct WeightGradient<Scalar: TensorScalar> {
  private let inputs: SharedMatrix<Scalar>
  private let plan: StretchPlan
  private let lanes: [Lane]
  private let workspace: Workspace<Scalar>
  /// Whether the sums over later steps stand there already.
  private let isContinued: Bool

  /// What has been summed up, by lane: all that is needed to go on with earlier steps.
  package struct Sums {
    fileprivate let lanes: [OfLane]

    fileprivate struct OfLane {
      /// Σ gᵀ·x, [out, in].
      let weight: OwnedMatrix<Scalar>
      /// Σ g, [1, out].
      let bias: OwnedMatrix<Scalar>?
    }
  }

  /// What belongs to one lane.
  private struct Lane {
    let sums: Sums.OfLane
    /// The inputs of a stretch, without those of other lanes between them; nil where there are none.
    let rows: OwnedMatrix<Scalar>?
    /// The same packed, by how many rows there are.
    let packed: [Int: PackedMatrix<Scalar>]
  }

  /// - Parameters:
  ///   - inputs: x, [time · batch, in]; more rows may follow.
  ///   - outputs: the columns of g.
  ///   - previous: the sums over steps that come after those of the plan, to be added to in their place; they must be of the
  ///     same kind.
  package init(
    inputs: Tensor<Scalar>, outputs: Int, plan: StretchPlan, hasBias: Bool,
    continuing previous: Sums? = nil, workspace: Workspace<Scalar>
  ) {
    let (pool, width) = (workspace.pool, inputs.shape[-1])
    isContinued = previous != nil
    lanes = plan.lanes.indices.map { lane in
      let rows =
        plan.lanes.count > 1 ? OwnedMatrix<Scalar>(uninitialized: [plan.longest(lane), width], pool: pool) : nil
      var packed: [Int: PackedMatrix<Scalar>] = [:]
      for stretch in plan.stretches where packed[plan.count(stretch, lane)] == nil {
        packed[plan.count(stretch, lane)] = PackedMatrix(
          uninitializedRows: plan.count(stretch, lane), columns: width, format: workspace.products, pool: pool)
      }
      return Lane(
        sums: previous?.lanes[lane] ?? Self.newSums(outputs: outputs, width: width, hasBias: hasBias, pool: pool),
        rows: rows, packed: packed)
    }
    (self.inputs, self.plan, self.workspace) = (SharedMatrix(inputs), plan, workspace)
  }

  private static func newSums(outputs: Int, width: Int, hasBias: Bool, pool: BufferPool) -> Sums.OfLane {
    Sums.OfLane(
      weight: OwnedMatrix(uninitialized: [outputs, width], pool: pool),
      bias: hasBias ? OwnedMatrix(uninitialized: [1, outputs], pool: pool) : nil)
  }

  /// What has been summed up so far, without what it was summed up from.
  package var sumsSoFar: Sums { Sums(lanes: lanes.map(\.sums)) }

  /// Packs a thread's part of the inputs of a stretch.
  package func pack(_ stretch: Range<Int>, thread: Int) {
    let inputs = inputs.view
    for (lane, part) in plan.share(of: inputs.columns, unit: PackedMatrix<Scalar>.panelWidth, thread, workspace.team) {
      let packed = lanes[lane].packed[plan.count(stretch, lane)]!
      guard let rows = lanes[lane].rows?.view.rows(0..<packed.shape[0]) else {
        packed.pack(inputs.rows(plan.rows(stretch)), columns: part)
        continue
      }
      for t in stretch {
        rows.rows(plan.rows(t, of: lane, in: stretch)).columns(part)
          .copy(from: inputs.rows(plan.rows(t, of: lane)).columns(part))
      }
      packed.pack(rows.readOnly, columns: part)
    }
  }

  /// Adds a stretch to a thread's part of the gradients. Stretches are added from the last to the first.
  ///
  /// - Parameter gradients: of the outputs, for each lane, in the rows that it has in a stretch; all inputs are packed.
  package func add(_ gradients: [MatrixView<Scalar>], _ stretch: Range<Int>, thread: Int) {
    let isFirst = stretch == plan.stretches.last && !isContinued
    for (index, part) in plan.share(of: lanes[0].sums.weight.view.rows, unit: 1, thread, workspace.team) {
      let lane = lanes[index]
      let packed = lane.packed[plan.count(stretch, index)]!
      let g = gradients[index].rows(0..<packed.shape[0]).columns(part)
      lane.sums.weight.view.rows(part).setProduct(g, transposed: true, packed, onto: isFirst ? .nothing : .target)
      if let target = lane.sums.bias?.view.columns(part) {
        if isFirst { target.fill(0) }
        target.addColumnSums(of: g)
      }
    }
  }

  /// The sums over all lanes: of the weight, [out, in], and of the bias, [out].
  package func sums() -> (weight: Tensor<Scalar>, bias: Tensor<Scalar>?) {
    let weight = addLanes(lanes.map(\.sums.weight), team: workspace.team)
    let biases = lanes.compactMap(\.sums.bias)
    return (weight, biases.isEmpty ? nil : addLanes(biases, team: workspace.team).reshaped([-1]))
  }
}

/// Adds the tensors of all lanes to the first one, whose memory is written to, and returns it.
package func addLanes<Scalar>(
  _ parts: [OwnedMatrix<Scalar>], team: ThreadTeam
) -> Tensor<Scalar> {
  if parts.count > 1 {
    team.split(parts[0].view.rows, keeping: parts) { rows in
      for other in parts.dropFirst() { parts[0].view.rows(rows).add(other.view.readOnly.rows(rows)) }
    }
  }
  return parts[0].tensor
}
