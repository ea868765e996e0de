import TensorCore

/// All that a fused pass over a sequence computed, step by step: T steps, B sequences, H hidden units, G gates.
///
/// Memory kept for the backward pass: about T·B·H·(G + 1) elements, and T·B·H more for an LSTM's cell states, T·B·3H for a
/// GRU's recurrent preactivations, T·B·H for the states that a GRU resets before the product. Where sequences forget, T·B·H
/// more for each component of the state; where elements keep their values, twice that. Layer normalization keeps about as much
/// as what it normalizes.
struct FusedRecord<Scalar: TensorScalar> {
  let functions: GateFunctions
  let time: Int
  let batch: Int
  /// G·H.
  let width: Int
  /// The steps of each sequence; nil where all have T.
  let lengths: SequenceLengths?
  /// Where sequences forget; nil where none does.
  let resets: StateResets?
  /// [T·B, `paddedWidth`].
  let gates: Tensor<Scalar>
  /// h·W_hhᵀ + b_hh, [T·B, `paddedWidth`], for cells that keep it apart.
  let recurrent: Tensor<Scalar>?
  /// h.
  let hidden: StateRecord<Scalar>
  /// c, for cells that have it.
  let cell: StateRecord<Scalar>?
  /// What h is a projection of, [T·B, H], for cells that project it.
  let units: Tensor<Scalar>?
  /// r·h, [T·B, H], for cells that reset before the product.
  let resetHidden: Tensor<Scalar>?
  /// Those of i, f and o, [3·H], for cells that have them.
  let peepholes: Tensor<Scalar>?
  /// For cells that normalize.
  let norms: FusedNorms<Scalar>?
  /// Views of these tensors, in their order: the loops over time touch no reference count.
  private let gatesView: MutableMatrixView<Scalar>
  let hiddenViews: StateViews<Scalar>
  let cellViews: StateViews<Scalar>?
  private let recurrentView, unitsView, resetHiddenView: MutableMatrixView<Scalar>?
  private let peepholesView: MatrixView<Scalar>?

  /// A record of which nothing but the initial state is there yet.
  ///
  /// - Parameters:
  ///   - fused: the cell that is run.
  ///   - initial: h and, where there is one, c before the first step, [B, H].
  ///   - masks: for each component of the state, where elements keep their values; nil where none does.
  init(
    of fused: some FusedCell<Scalar>, over sequence: SequenceInput<Scalar>, from initial: [Tensor<Scalar>],
    masks: [ZoneoutMask<Scalar>?], pool: BufferPool
  ) {
    functions = fused.functions
    (time, batch, width) = (sequence.time, sequence.batch, fused.weights.inputWeight.value.shape[0])
    (lengths, resets, peepholes) = (sequence.lengths, sequence.resets, fused.allPeepholes)
    let (rows, width) = (time * batch, width)
    func ofSteps(_ width: Int) -> Tensor<Scalar> { Tensor(uninitialized: [rows, width], pool: pool) }
    func states(_ component: Int) -> StateRecord<Scalar> {
      let beginning = sequence.beginning.isEmpty ? nil : sequence.beginning[component].value
      return StateRecord(
        from: initial[component], time: sequence.time, forgets: sequence.resets != nil, beginning: beginning,
        taking: masks[component], pool: pool)
    }
    (hidden, cell) = (states(0), functions.hasCellState ? states(1) : nil)
    (hiddenViews, cellViews) = (hidden.views, cell?.views)
    let padded = Self.paddedWidth(width)
    var gates = ofSteps(padded)
    var recurrent = functions.separatesRecurrent ? ofSteps(padded) : nil
    var units = fused.weights.projection.map { ofSteps($0.shape[1]) }
    var resetHidden = functions.resetsBeforeProduct ? ofSteps(width / 3) : nil
    gatesView = gates.mutableMatrix().columns(0..<width)
    recurrentView = recurrent?.mutableMatrix().columns(0..<width)
    (unitsView, resetHiddenView) = (units?.mutableMatrix(), resetHidden?.mutableMatrix())
    peepholesView = peepholes?.reshaped([1, -1]).matrix()
    (self.gates, self.recurrent, self.units, self.resetHidden) = (gates, recurrent, units, resetHidden)
    let place = functions.normalizesRecurrentInPlace ? recurrentView : nil
    norms = fused.norms.map {
      $0.validate(product: width, hidden: initial[0].shape[1])
      return FusedNorms($0, rows: rows, readsVectors: sequence.areVectors, recurrent: place, pool: pool)
    }
  }

  /// A row of gates is a cache line longer than it need be: rows that lie a power of two apart share few places in the caches.
  static func paddedWidth(_ width: Int) -> Int { width + 64 / MemoryLayout<Scalar>.stride }

  /// Where some rows of the batch stand at a step among all T·B rows.
  func rows(_ rows: Range<Int>, at t: Int) -> Range<Int> { t * batch + rows.lowerBound..<t * batch + rows.upperBound }

  /// The views of a step. They are valid while this record lives; they are written to in the forward pass only, before
  /// anything else holds the tensors.
  func views(at t: Int, rows: Range<Int>) -> StepViews<Scalar> {
    let (now, next) = (self.rows(rows, at: t), self.rows(rows, at: t + 1))
    return StepViews(
      gates: gatesView.rows(now), recurrent: recurrentView?.rows(now), hPrevious: hiddenViews.read(now),
      resetHidden: resetHiddenView?.rows(now),
      h: (unitsView?.rows(now)) ?? hiddenViews.computed(now, next), cPrevious: cellViews?.read(now),
      c: cellViews?.computed(now, next), peepholes: peepholesView,
      norms: norms.map { StepNorms(all: $0.steps, rows: now) })
  }

  /// Divides some rows of the batch into those whose sequences run at a step and those whose sequences have ended.
  func divide(
    _ rows: Range<Int>, at t: Int, running: (_ rows: Range<Int>) -> Void, ended: (_ rows: Range<Int>) -> Void
  ) {
    guard let parts = lengths?.parts(of: rows, at: t) else { return running(rows) }
    parts.running.forEach(running)
    parts.ended.forEach(ended)
  }

  /// h of some rows as a step computes it.
  func output(at t: Int, rows: Range<Int>) -> MutableMatrixView<Scalar> {
    hiddenViews.computed(self.rows(rows, at: t), self.rows(rows, at: t + 1))
  }

  /// Prepares what some rows read at a step.
  func enter(at t: Int, rows: Range<Int>) {
    guard resets != nil else { return }
    let now = self.rows(rows, at: t)
    func enter(_ views: StateViews<Scalar>) {
      views.enter(now)
      let states = (views.entered ?? views.states).rows(now)
      forEachReset(at: t, rows: rows) { row in
        if let beginning = views.beginning { states.rows(row).copy(from: beginning) } else { states.rows(row).fill(0) }
      }
    }
    enter(hiddenViews)
    if let cellViews { enter(cellViews) }
  }

  /// Leaves what some rows computed at a step, or what is taken of it.
  func leave(at t: Int, rows: Range<Int>) {
    let (now, next) = (self.rows(rows, at: t), self.rows(rows, at: t + 1))
    hiddenViews.leave(rows, now, next)
    cellViews?.leave(rows, now, next)
  }

  /// Calls `body` for those of some rows, counted from the first of them, whose sequences forget before a step.
  func forEachReset(at t: Int, rows: Range<Int>, _ body: (_ row: Range<Int>) -> Void) {
    guard let resets else { return }
    let first = self.rows(rows, at: t).lowerBound
    for row in 0..<rows.count where resets.places[first + row] { body(row..<row + 1) }
  }

  /// Takes the state after the last step for that before the first.
  func beginAgain() {
    for views in [hiddenViews, cellViews].compactMap({ $0 }) {
      views.states.rows(0..<batch).copy(from: views.states.readOnly.rows(time * batch..<(time + 1) * batch))
    }
  }

  /// Carries the state of some rows over a step unchanged.
  func keepState(at t: Int, rows: Range<Int>) {
    let (now, next) = (self.rows(rows, at: t), self.rows(rows, at: t + 1))
    hiddenViews.keep(now, next)
    cellViews?.keep(now, next)
    // Multiplied by the gradient of 0 that an ended sequence gives its weights: must be finite, because 0·NaN is NaN.
    unitsView?.rows(now).fill(0)
    resetHiddenView?.rows(now).fill(0)
  }

  /// h after each step, [T, B, H].
  var outputs: Tensor<Scalar> { hidden.states.rows(1..<time + 1) }

  /// h and, where there is one, c after the last step, [B, H].
  func final(pool: BufferPool) -> [Tensor<Scalar>] { [hidden, cell].compactMap { $0?.last(pool: pool) } }
}
