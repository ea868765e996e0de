import Autograd
import TensorCore

/// The loop over time of a backward pass: from the gradients of outputs and final state to those of the preactivations,
/// the initial state and, where it is wanted, the input. T steps, B sequences, G gates, H units, P numbers in own
/// parameters.
struct BackwardLoop<Scalar: TensorScalar> {
  /// Gradient of the gates' preactivations over the chunk that was run last, by shard, [rows, G·H].
  let dGates: [MatrixView<Scalar>]
  /// Gradient of the sum of the recurrent products likewise, where it is apart; else the same views.
  let dRecurrent: [MatrixView<Scalar>]
  /// Gradient of W_hr·units likewise, [rows, output]; empty without a projection.
  let dProjected: [MatrixView<Scalar>]
  /// Gradient of the initial state, by component, [B, width].
  let dInitialState: [Tensor<Scalar>]
  /// Gradient of the cell's own parameters, each sequence's apart, [B, P]; nil without any.
  let dParameters: Tensor<Scalar>?
  /// Gradient of the state after resets, each sequence's apart, [B, width]; empty where that is zero.
  let dResetState: [Tensor<Scalar>]
  /// Gradient of x, [T, B, input], where it is wanted.
  let dInput: Tensor<Scalar>?

  private let gateRows, recurrentRows, projectedRows: [MutableMatrixView<Scalar>]
  private let record: FusedRecord<Scalar>
  private let plan: ChunkPlan
  private let dOutputs: SharedMatrix<Scalar>?
  private let products: [PackedProduct<Scalar>]
  private let inputWeight: PackedMatrix<Scalar>?
  private let projection: PackedMatrix<Scalar>?
  /// Gradient of the units of a step, [B, H], in cells with a projection.
  private let dUnits: MutableMatrixView<Scalar>?
  /// Gradient of each saved buffer of a step, [B, width].
  private let dSaved: [MutableMatrixView<Scalar>]
  /// Gradient that bypasses a step through the elements that zoneout keeps, by component, [B, width]; empty without
  /// zoneout.
  private let dKept: [MutableMatrixView<Scalar>?]
  private let dStates, dResetViews: [MutableMatrixView<Scalar>]
  private let stateViews: [StateViews<Scalar>]
  /// Whether nothing else replaces the gradient of the new h by that of the previous one.
  private let clearsHiddenGradient: Bool
  /// Transformation of the input's product at each step; nil without one, or where a table was transformed instead.
  private let transform: (any InputTransform<Scalar>)?
  /// Launch of all steps on a device; nil where they are taken one by one.
  private let sequence: SequenceLaunch<Scalar>?
  private let dInputView, dParametersView: MutableMatrixView<Scalar>?
  /// Tensors that only the views read.
  private let storage: [Tensor<Scalar>]

  /// - Parameters:
  ///   - dOutputs: gradient of the outputs, [T, B, output]; nil for zeros.
  ///   - dFinalState: gradient of the final state, by component; nil for zeros.
  ///   - later: sums over the later segments of the same sequence, to be continued.
  init(
    record: FusedRecord<Scalar>, parameters: FusedParameters<Parameter<Scalar>>, plan: ChunkPlan,
    dOutputs: Tensor<Scalar>?, dFinalState: [Tensor<Scalar>?], later: SegmentSums<Scalar>.OfCell?,
    needsInputGradient: Bool, workspace: Workspace<Scalar>
  ) {
    let (pool, batch, layout) = (workspace.pool, record.batch, record.layout)
    (self.record, self.plan, self.dOutputs) = (record, plan, dOutputs.map { SharedMatrix($0) })
    inputWeight = needsInputGradient ? workspace.packed(parameters.inputWeight, transposed: false) : nil
    projection = parameters.projection.map { workspace.packed($0, transposed: false) }
    let overwriting = layout.overwritingHiddenGradient
    products = PackedProduct.all(of: parameters, layout, transposed: false, workspace: workspace) {
      overwriting.contains($0.columns.lowerBound) ? .nothing : .target
    }.reversed()

    let states = zip(dFinalState, record.states).map {
      OwnedMatrix($0 ?? .zeros([batch, $1.states.shape[2]], pool: pool))
    }
    let resetWidths = record.states.compactMap { $0.resetState?.count }
    let resetStates = (later?.resetState ?? resetWidths.map { .zeros([batch, $0], pool: pool) }).map { OwnedMatrix($0) }
    let inputShape: TensorShape = [record.time, batch, parameters.inputWeight.shape[1]]
    let input = needsInputGradient ? OwnedMatrix<Scalar>(uninitialized: inputShape, pool: pool) : nil
    let own = record.parameters.map { OwnedMatrix(later?.parameters ?? .zeros([batch, $0.count], pool: pool)) }
    (dStates, dResetViews, dInputView, dParametersView) =
      (states.map { $0.view }, resetStates.map { $0.view }, input?.view, own?.view)
    (dInitialState, dResetState) = (states.map { $0.tensor }, resetStates.map { $0.tensor })
    (dInput, dParameters) = (input?.tensor, own?.tensor)

    var storage: [Tensor<Scalar>] = []
    func matrix(_ rows: Int, _ columns: Int, padded: Int? = nil) -> MutableMatrixView<Scalar> {
      let matrix = OwnedMatrix<Scalar>(uninitialized: [rows, padded ?? columns], pool: pool)
      storage.append(matrix.tensor)
      return matrix.view.columns(0..<columns)
    }
    func ofChunk(_ width: Int) -> [MutableMatrixView<Scalar>] {
      plan.shards.indices.map {
        matrix(plan.rowsOfLargestChunk($0), width, padded: FusedRecord<Scalar>.paddedWidth(width))
      }
    }
    gateRows = ofChunk(layout.gates)
    recurrentRows = layout.separatesRecurrent ? ofChunk(layout.gates) : gateRows
    projectedRows = parameters.projection.map { ofChunk($0.shape[0]) } ?? []
    (dGates, dRecurrent) = (gateRows.map { $0.readOnly }, recurrentRows.map { $0.readOnly })
    dProjected = projectedRows.map { $0.readOnly }
    dUnits = record.units.map { matrix(batch, $0.shape[1]) }
    dSaved = layout.saved.map { matrix(batch, $0) }
    let hasZoneout = record.states.contains { $0.mask != nil }
    dKept = hasZoneout ? record.states.map { $0.computed.map { matrix(batch, $0.shape[1]) } } : []
    stateViews = record.states.map { $0.views }
    clearsHiddenGradient = layout.ignoresHidden
    transform = record.buffers.transformed.isEmpty ? nil : record.step.inputTransform
    sequence = products.count == 1 ? record.sequenceLaunch(isForced: workspace.launchesWholeSequences) : nil
    self.storage = storage
  }

  /// Goes through the steps of a chunk, from the last to the first, for some rows of the batch.
  @_specialize(where Scalar == Float)
  func backpropagate(_ chunk: Range<Int>, rows: Range<Int>) {
    if let sequence { return backpropagate(sequence) }
    for shard in plan.shards.indices {
      let rows = rows.clamped(to: plan.shards[shard])
      if !rows.isEmpty { backpropagate(chunk, rows: rows, of: shard) }
    }
  }

  /// Goes through all steps at once; on a device they are one chunk, and the batch one shard.
  private func backpropagate(_ sequence: SequenceLaunch<Scalar>) {
    sequence.backward(
      weight: products[0].weight, dOutputs: dOutputs?.view, dStates: dStates, dGates: gateRows[0],
      dRecurrent: recurrentRows[0])
    if let dInputView, let inputWeight { dInputView.setProduct(gateRows[0].readOnly, inputWeight) }
  }

  private func backpropagate(_ chunk: Range<Int>, rows: Range<Int>, of shard: Int) {
    var at = StepViews(record.buffers, rows: rows)
    for t in chunk.reversed() {
      let start = plan.rows(t, of: shard, in: chunk).lowerBound - plan.shards[shard].lowerBound
      func inChunk(_ rows: Range<Int>) -> Range<Int> { start + rows.lowerBound..<start + rows.upperBound }
      record.divide(rows, at: t) { rows in
        at.rows = record.rows(rows, at: t)
        let d = gradients(of: rows, inChunk: inChunk(rows), shard)
        backpropagate(at, d)
        if record.resets != nil { stopAtResets(at: t, rows: rows) }
        if let dInputView, let inputWeight { dInputView.rows(at.rows).setProduct(d.gates.readOnly, inputWeight) }
      } ended: { rows in
        // The state bypassed the step: its gradient does too.
        let d = gradients(of: rows, inChunk: inChunk(rows), shard)
        d.fill(0)
        dInputView?.rows(record.rows(rows, at: t)).fill(0)
      }
    }
  }

  private func gradients(of rows: Range<Int>, inChunk: Range<Int>, _ shard: Int) -> StepGradients<Scalar> {
    StepGradients(
      gates: gateRows[shard].rows(inChunk), recurrent: recurrentRows[shard].rows(inChunk),
      projected: projection == nil ? nil : projectedRows[shard].rows(inChunk),
      hidden: (dUnits ?? dStates[0]).rows(rows),
      states: dStates, rows: rows, sums: dParametersView)
  }

  /// One step back.
  private func backpropagate(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    let dh = dStates[0].rows(d.rows)
    if let dOutputs { dh.add(dOutputs.view.rows(at.rows)) }
    for component in dKept.indices {
      guard let kept = dKept[component]?.rows(d.rows) else { continue }
      stateViews[component].splitGradient(dStates[component].rows(d.rows), kept: kept, d.rows, at.rows)
    }
    if let projection, let projected = d.projected {
      projected.copy(from: dh.readOnly)
      d.hidden.setProduct(dh.readOnly, projection)
    }
    record.step.backward(at, d)
    transform?.backward(d.gates, saved: at.transformed, parameters: at.parameters, sums: d.parameters)
    if clearsHiddenGradient { dh.fill(0) }
    for index in products.indices {
      let gradient = d.recurrent.readOnly.columns(products[index].columns)
      switch products[index].operand {
      case .hidden(let columns):
        dh.columns(columns).setProduct(gradient, products[index].weight, onto: products[index].start)
      case .saved(let buffer):
        let dOperand = dSaved[buffer].rows(d.rows)
        dOperand.setProduct(gradient, products[index].weight)
        record.step.backwardThroughOperand(buffer, gradient: dOperand.readOnly, at, d)
      }
    }
    for component in dKept.indices {
      if let kept = dKept[component]?.rows(d.rows) { dStates[component].rows(d.rows).add(kept.readOnly) }
    }
  }

  /// Keeps the gradient from passing a reset; the state after the reset gets it.
  private func stopAtResets(at t: Int, rows: Range<Int>) {
    record.forEachReset(at: t, rows: rows) { row in
      for component in dStates.indices {
        let d = dStates[component].rows(rows).rows(row)
        if !dResetViews.isEmpty { dResetViews[component].rows(rows).rows(row).add(d.readOnly) }
        d.fill(0)
      }
    }
  }
}

extension StepGradients {
  fileprivate func fill(_ value: Scalar) {
    gates.fill(value)
    recurrent.fill(value)
    projected?.fill(value)
  }
}
