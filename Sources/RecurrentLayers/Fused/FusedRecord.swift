import Autograd
import TensorCore

/// Everything that a fused pass over a sequence computes and keeps for the backward pass: T steps, B sequences, H
/// units, G gates.
///
/// Memory: T·B·(G·H + Σ state widths) numbers, and T·B times the width of each buffer that the cell's layout names or
/// implies (recurrent products kept apart: G·H; units that are projected: H). Resets add T·B times each state width,
/// zoneout twice that.
struct FusedRecord<Scalar: TensorScalar> {
  let step: any FusedStep<Scalar>
  let layout: StepLayout
  let time: Int
  let batch: Int
  /// Steps of each sequence; nil where all have T.
  let lengths: SequenceLengths?
  let resets: StateResets?
  /// By component; the first is h.
  let states: [StateRecord<Scalar>]
  /// Units of which h is a projection, [T·B, H]; nil without a projection.
  let units: Tensor<Scalar>?
  /// By index in `StepLayout.saved`, [T·B, width].
  let saved: [Tensor<Scalar>]
  /// The cell's own parameters one after the other, [1, P]; nil without any.
  let parameters: Tensor<Scalar>?
  /// Views of these tensors: the loops over time touch no reference count.
  let buffers: StepBuffers<Scalar>
  private let unitsView: MutableMatrixView<Scalar>?
  private let stateViews: [StateViews<Scalar>]
  /// Output of each step as it is computed, before zoneout, [T·B, output].
  private let outputView: MutableMatrixView<Scalar>
  private let hasZoneout: Bool
  /// Tensors that only the views read.
  private let storage: [Tensor<Scalar>]

  /// A record that holds the initial state alone.
  ///
  /// - Parameters:
  ///   - initialState: by component, [B, width].
  ///   - masks: zoneout of each component; nil for none.
  init(
    step: any FusedStep<Scalar>, parameters: FusedParameters<Parameter<Scalar>>, request: SequenceRequest<Scalar>,
    from initialState: [Tensor<Scalar>], masks: [ZoneoutMask<Scalar>?], pool: BufferPool
  ) {
    let (layout, sequence) = (step.layout, request.sequence)
    layout.validate(step, parameters: parameters, stateWidths: initialState.map { $0.shape[1] })
    let rows = sequence.time * sequence.batch
    var storage: [Tensor<Scalar>] = []
    func buffer(_ width: Int) -> OwnedMatrix<Scalar> { OwnedMatrix(uninitialized: [rows, width], pool: pool) }
    func kept(_ width: Int, padded: Int? = nil) -> MutableMatrixView<Scalar> {
      let matrix = buffer(padded ?? width)
      storage.append(matrix.tensor)
      return matrix.view.columns(0..<width)
    }
    let states = initialState.enumerated().map { index, initial in
      StateRecord(
        from: initial, time: sequence.time, hasResets: sequence.resets != nil,
        resetState: request.resetState.isEmpty ? nil : request.resetState[index].value, mask: masks[index], pool: pool)
    }
    let units = parameters.projection.map { buffer($0.shape[1]) }
    let saved = layout.saved.map { buffer($0) }
    let own = parameters.own.isEmpty ? nil : Tensor.concatenate(parameters.own.map { $0.value }).reshaped([1, -1])
    let (gates, padded) = (layout.gates, Self.paddedWidth(layout.gates))
    let transform = sequence.areVectors ? step.inputTransform : nil
    buffers = StepBuffers(
      gates: kept(gates, padded: padded), recurrent: layout.separatesRecurrent ? kept(gates, padded: padded) : nil,
      previous: states.map { $0.views.entering.readOnly },
      next: [units?.view ?? states[0].views.computed] + states.dropFirst().map { $0.views.computed },
      saved: saved.map { $0.view }, transformed: transform.map { $0.saved.map { kept($0) } } ?? [],
      parameters: own?.matrix())
    (self.step, self.layout, time, batch) = (step, layout, sequence.time, sequence.batch)
    (lengths, resets, self.states, self.parameters) = (sequence.lengths, sequence.resets, states, own)
    (stateViews, outputView) = (states.map { $0.views }, states[0].views.computed)
    hasZoneout = masks.contains { $0 != nil }
    (self.units, unitsView, self.saved, self.storage) = (units?.tensor, units?.view, saved.map { $0.tensor }, storage)
  }

  /// A row of gates is a cache line longer than its contents: rows a power of two apart would share few sets of the
  /// caches.
  static func paddedWidth(_ width: Int) -> Int { width + 64 / MemoryLayout<Scalar>.stride }

  /// The launch that takes the sequences through all steps on a device; nil where steps are taken one by one. It knows no resets, lengths,
  /// zoneout or projection.
  func sequenceLaunch(isForced: Bool) -> SequenceLaunch<Scalar>? {
    guard let cell = step.sequenceCell, lengths == nil, resets == nil, !hasZoneout, units == nil else { return nil }
    return SequenceLaunch(
      cell, time: time, batch: batch, gates: buffers.gates, recurrent: buffers.recurrent,
      states: states.map { $0.views.before }, isForced: isForced)
  }

  /// Rows of the batch at a step, among all T·B.
  func rows(_ rows: Range<Int>, at t: Int) -> Range<Int> { t * batch + rows.lowerBound..<t * batch + rows.upperBound }

  /// Calls `running` with the rows whose sequences run at a step, and `ended` with the rest, in ranges.
  func divide(
    _ rows: Range<Int>, at t: Int, running: (_ rows: Range<Int>) -> Void, ended: (_ rows: Range<Int>) -> Void
  ) {
    guard let parts = lengths?.parts(of: rows, at: t) else { return running(rows) }
    parts.running.forEach(running)
    parts.ended.forEach(ended)
  }

  /// Output of a step as it is computed, before zoneout: h, [rows, output].
  func output(at now: Range<Int>) -> MutableMatrixView<Scalar> { outputView.rows(now) }

  /// Makes the state that some rows read at a step, where that is a copy.
  func enter(at t: Int, rows: Range<Int>) {
    guard resets != nil else { return }
    let now = self.rows(rows, at: t)
    for state in stateViews {
      state.enter(now)
      let entering = state.entering.rows(now)
      forEachReset(at: t, rows: rows) { row in
        if let start = state.resetState {
          entering.rows(row).copy(from: start)
        } else {
          entering.rows(row).fill(0)
        }
      }
    }
  }

  /// Hands on the state that some rows computed at a step, mixed by zoneout where there is any.
  func leave(at t: Int, rows: Range<Int>) {
    if !hasZoneout { return }
    let now = self.rows(rows, at: t)
    for state in stateViews { state.leave(rows, now) }
  }

  /// Calls `body` with each of some rows, counted from the first of them, that is reset before a step.
  func forEachReset(at t: Int, rows: Range<Int>, _ body: (_ row: Range<Int>) -> Void) {
    guard let resets else { return }
    let first = self.rows(rows, at: t).lowerBound
    for row in 0..<rows.count where resets.positions[first + row] { body(row..<row + 1) }
  }

  /// Takes the final state for the initial state of another run.
  func carryStateOver() {
    for state in stateViews { state.carryOver(time: time, batch: batch) }
  }

  /// Carries the state of ended sequences over a step unchanged.
  func keepState(at t: Int, rows: Range<Int>) {
    let now = self.rows(rows, at: t)
    for state in stateViews { state.keep(now) }
    // Operands of products: multiplied by gradients of 0, so they must be finite, because 0·NaN is NaN.
    unitsView?.rows(now).fill(0)
    for view in buffers.saved { view.rows(now).fill(0) }
  }

  /// Numbers that a record keeps of each of the T·B positions.
  ///
  /// - Parameter readsVectors: whether the cell's input is vectors, not tokens.
  static func numbersPerPosition(
    of cell: some FusedCell<Scalar>, readsVectors: Bool, hasResets: Bool, zoneout: ZoneoutProbabilities
  ) -> Int {
    let (step, units) = (cell.fusedStep, cell.fusedParameters.projection?.shape[1])
    let gates = paddedWidth(step.layout.gates) * (step.layout.separatesRecurrent ? 2 : 1)
    let states = cell.stateWidths.enumerated().reduce(0) { sum, component in
      let isKept = (component.offset == 0 ? zoneout.hidden : zoneout.cell) > 0
      return sum + component.element * (1 + (hasResets ? 1 : 0) + (isKept ? 2 : 0))
    }
    let transformed = readsVectors ? step.inputTransform?.saved ?? [] : []
    return gates + states + (units ?? 0) + (step.layout.saved + transformed).reduce(0, +)
  }

  /// h after each step, [T, B, output].
  var outputs: Tensor<Scalar> { states[0].states.rows(1..<time + 1) }

  /// Each component after the last step, [B, width].
  func finalState(pool: BufferPool) -> [Tensor<Scalar>] { states.map { $0.last(pool: pool) } }
}
