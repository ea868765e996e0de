import Autograd
import TensorCore

/// The loop over time of a backward pass: from the gradients of outputs and final state to those of the preactivations, the
/// initial state and, where it is wanted, the input.
struct BackwardSteps<Scalar: TensorScalar> {
  /// ∂L/∂(x·W_ihᵀ + b_ih) over the last stretch that was run, for each lane, [rows, G·H].
  let dGates: [MatrixView<Scalar>]
  /// ∂L/∂(h·W_hhᵀ + b_hh) likewise, which may be the same.
  let dRecurrent: [MatrixView<Scalar>]
  /// ∂L/∂(W_hr·units) likewise, [rows, output]; empty for cells that do not project their output.
  let dProjected: [MatrixView<Scalar>]
  /// ∂L/∂(initial state), each [B, width].
  let dInitial: [Tensor<Scalar>]
  /// ∂L/∂(the peepholes) of each sequence, [B, 3·H], for cells that have them.
  let dPeepholes: Tensor<Scalar>?
  /// ∂L/∂(what sequences that forget begin with) of each sequence, [B, width], where that is given.
  let dBeginning: [Tensor<Scalar>]
  /// ∂L/∂(gains and biases of layer normalizations) likewise, [B, 2 · width of all]: the gains before the biases.
  let dNorms: Tensor<Scalar>?
  /// ∂L/∂x, [T, B, input], where it is wanted.
  let dInput: Tensor<Scalar>?

  private let record: FusedRecord<Scalar>
  private let plan: StretchPlan
  private let dOutputs: SharedMatrix<Scalar>?
  private let recurrentWeight: RecurrentProduct<Scalar>
  private let inputWeight: PackedMatrix<Scalar>?
  private let projection: PackedMatrix<Scalar>?
  /// ∂L/∂units of a step, [B, H], for cells that project them.
  private let dUnits: MutableMatrixView<Scalar>?
  /// ∂L/∂(r·h) of a step, [B, H], for cells that reset before the product.
  private let dResetHidden: MutableMatrixView<Scalar>?
  /// What of ∂L/∂h and of ∂L/∂c after a step passes by it, through the elements that keep their values; nil where none does.
  private let dKeptHidden, dKeptCell: MutableMatrixView<Scalar>?
  /// What the views are of.
  private let storage: [Tensor<Scalar>]
  /// The views by which the gradients of a chunk are written.
  private let gatesViews, recurrentViews, projectedViews: [MutableMatrixView<Scalar>]
  private let dStates: [MutableMatrixView<Scalar>]
  private let dBeginningViews: [MutableMatrixView<Scalar>]
  private let dInputView, dPeepholesView, dNormsView: MutableMatrixView<Scalar>?

  init(
    record: FusedRecord<Scalar>, weights: GatedWeights<Scalar>, plan: StretchPlan, dOutputs: Tensor<Scalar>?,
    dFinal: [Tensor<Scalar>?], later: FusedSums<Scalar>.OfCell?, needsInputGradient: Bool, workspace: Workspace<Scalar>
  ) {
    let pool = workspace.pool
    (self.record, self.plan, self.dOutputs) = (record, plan, dOutputs.map { SharedMatrix($0) })
    recurrentWeight = RecurrentProduct(weights, record.functions, transposed: false, workspace: workspace)
    inputWeight = needsInputGradient ? workspace.packed(weights.inputWeight, transposed: false) : nil

    let stateShapes = [record.hidden, record.cell].compactMap { $0?.states }.map { [record.batch, $0.shape[2]] }
    var states = zip(dFinal, stateShapes).map { $0 ?? .zeros(TensorShape($1)) }
    dStates = states.indices.map { states[$0].mutableMatrix() }
    let beginning = [record.hidden, record.cell].compactMap { $0?.beginning }
    var beginnings = later?.beginning ?? beginning.map { .zeros([record.batch, $0.count]) }
    dBeginningViews = beginnings.indices.map { beginnings[$0].mutableMatrix() }
    dBeginning = beginnings
    let inputShape: TensorShape = [record.time, record.batch, weights.inputSize]
    var input = needsInputGradient ? Tensor<Scalar>(uninitialized: inputShape, pool: pool) : nil
    var peepholes = record.peepholes.map { later?.peepholes ?? Tensor<Scalar>.zeros([record.batch, $0.count]) }
    var norms = record.norms.map {
      later?.norms ?? Tensor<Scalar>(uninitialized: [record.batch, 2 * $0.width], pool: pool)
    }
    (dInputView, dPeepholesView) = (input?.mutableMatrix(), peepholes?.mutableMatrix())
    dNormsView = norms?.mutableMatrix()
    if later == nil { dNormsView?.fill(0) }
    (dInitial, dInput, dPeepholes, dNorms) = (states, input, peepholes, norms)

    var storage: [Tensor<Scalar>] = []
    func matrix(_ rows: Int, _ columns: Int, padded: Int) -> MutableMatrixView<Scalar> {
      var tensor = Tensor<Scalar>(uninitialized: [rows, padded], pool: pool)
      let view = tensor.mutableMatrix().columns(0..<columns)
      storage.append(tensor)
      return view
    }
    func ofStretch(_ width: Int) -> [MutableMatrixView<Scalar>] {
      plan.lanes.indices.map { matrix(plan.longest($0), width, padded: FusedRecord<Scalar>.paddedWidth(width)) }
    }
    gatesViews = ofStretch(record.width)
    recurrentViews = record.functions.separatesRecurrent ? ofStretch(record.width) : gatesViews
    projection = weights.projection.map { workspace.packed($0, transposed: false) }
    projectedViews = projection == nil ? [] : ofStretch(weights.outputSize)
    (dGates, dRecurrent) = (gatesViews.map(\.readOnly), recurrentViews.map(\.readOnly))
    dProjected = projectedViews.map(\.readOnly)
    dUnits = record.units.map { matrix(record.batch, $0.shape[1], padded: $0.shape[1]) }
    dResetHidden = record.resetHidden.map { matrix(record.batch, $0.shape[1], padded: $0.shape[1]) }
    func likeState(_ state: StateRecord<Scalar>?) -> MutableMatrixView<Scalar>? {
      state?.computed.map { matrix(record.batch, $0.shape[1], padded: $0.shape[1]) }
    }
    (dKeptHidden, dKeptCell) = (likeState(record.hidden), likeState(record.cell))
    self.storage = storage
  }

  /// Goes through the steps of a stretch, from the last to the first, for some rows of the batch.
  func run(_ stretch: Range<Int>, rows: Range<Int>) {
    for lane in plan.lanes.indices {
      let rows = rows.clamped(to: plan.lanes[lane])
      if !rows.isEmpty { run(stretch, rows: rows, of: lane) }
    }
  }

  private func run(_ stretch: Range<Int>, rows: Range<Int>, of lane: Int) {
    for t in stretch.reversed() {
      let start = plan.rows(t, of: lane, in: stretch).lowerBound - plan.lanes[lane].lowerBound
      func gradients(_ rows: Range<Int>) -> StepGradients<Scalar> {
        let inStretch = start + rows.lowerBound..<start + rows.upperBound
        return StepGradients(
          gates: gatesViews[lane].rows(inStretch), recurrent: recurrentViews[lane].rows(inStretch),
          projected: projection == nil ? nil : projectedViews[lane].rows(inStretch))
      }
      record.divide(rows, at: t) { rows in
        step(back: t, rows: rows, gradients(rows))
      } ended: { rows in
        // The state only passed by: its gradient does too.
        gradients(rows).fill(0)
        dInputView?.rows(record.rows(rows, at: t)).fill(0)
      }
    }
  }

  private func step(back t: Int, rows: Range<Int>, _ gradients: StepGradients<Scalar>) {
    let (functions, now) = (record.functions, record.rows(rows, at: t))
    let dh = dStates[0].rows(rows)
    let dc = dStates.count > 1 ? dStates[1].rows(rows) : nil
    if let dOutputs { dh.add(dOutputs.view.rows(now)) }
    let (keptHidden, keptCell) = (dKeptHidden?.rows(rows), dKeptCell?.rows(rows))
    if let keptHidden { record.hiddenViews.splitGradient(dh, kept: keptHidden, rows, now) }
    if let keptCell, let dc { record.cellViews?.splitGradient(dc, kept: keptCell, rows, now) }
    var dUnits = dh
    if let projection, let projected = gradients.projected {
      dUnits = self.dUnits!.rows(rows)
      projected.copy(from: dh.readOnly)
      dUnits.setProduct(dh.readOnly, projection)
    }
    let at = record.views(at: t, rows: rows)
    functions.backward(
      at, dh: dUnits, dc: dc, dGates: gradients.gates, dRecurrent: gradients.recurrent,
      dPeepholes: dPeepholesView?.rows(rows), dNorms: dNormsView?.rows(rows))
    if let candidate = recurrentWeight.candidate {
      let (parts, dReset) = (gradients.gates.gruParts, dResetHidden!.rows(rows))
      dReset.setProduct(parts.candidate.readOnly, candidate)
      gradients.gates.setGRUResetGradient(
        gates: at.gates.readOnly, hPrevious: at.hPrevious, dResetHidden: dReset.readOnly, dh: dh)
      dh.setProduct(parts.gates.readOnly, recurrentWeight.gates, onto: .target)
    } else {
      dh.setProduct(
        gradients.recurrent.readOnly, recurrentWeight.gates, onto: functions.separatesRecurrent ? .target : .nothing)
    }
    if let keptHidden { dh.add(keptHidden.readOnly) }
    if let keptCell { dc?.add(keptCell.readOnly) }
    if record.resets != nil { forget(at: t, rows: rows) }
    if let dInputView, let inputWeight { dInputView.rows(now).setProduct(gradients.gates.readOnly, inputWeight) }
  }

  /// Lets no gradient pass to before where sequences forget, but to what they begin with.
  private func forget(at t: Int, rows: Range<Int>) {
    record.forEachReset(at: t, rows: rows) { row in
      for component in dStates.indices {
        let d = dStates[component].rows(rows).rows(row)
        if !dBeginningViews.isEmpty { dBeginningViews[component].rows(rows).rows(row).add(d.readOnly) }
        d.fill(0)
      }
    }
  }
}

/// The gradients that one step leaves for the sums over a stretch, for some rows of the batch.
private struct StepGradients<Scalar: TensorScalar> {
  let gates: MutableMatrixView<Scalar>
  /// May be the same.
  let recurrent: MutableMatrixView<Scalar>
  let projected: MutableMatrixView<Scalar>?

  func fill(_ value: Scalar) {
    gates.fill(value)
    recurrent.fill(value)
    projected?.fill(value)
  }
}
