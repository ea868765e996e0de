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
  var gates: Tensor<Scalar>
  /// h·W_hhᵀ + b_hh, [T·B, `paddedWidth`], for cells that keep it apart.
  var recurrent: Tensor<Scalar>?
  /// h.
  let hidden: StateRecord<Scalar>
  /// c, for cells that have it.
  let memory: StateRecord<Scalar>?
  /// What h is a projection of, [T·B, H], for cells that project it.
  var units: Tensor<Scalar>?
  /// r·h, [T·B, H], for cells that reset before the product.
  var resetHidden: Tensor<Scalar>?
  /// Those of i, f and o, [3·H], for cells that have them.
  let peepholes: Tensor<Scalar>?
  /// For cells that normalize.
  let norms: FusedNorms<Scalar>?
  /// Views of these tensors, in their order: the loops over time touch no reference count.
  private let gatesView: MatrixView<Scalar>
  let hiddenViews: StateViews<Scalar>
  let memoryViews: StateViews<Scalar>?
  private let recurrentView, unitsView, resetHiddenView, peepholesView: MatrixView<Scalar>?

  /// A record of which nothing but the initial state is there yet.
  ///
  /// - Parameters:
  ///   - width: G·H.
  ///   - projectedWidth: H, where h is a projection of the units; nil elsewhere.
  ///   - resets: where sequences forget; nil where none does.
  ///   - beginning: what they begin with after that, each component [H]; empty for zeros.
  ///   - masks: for each component of the state, where elements keep their values; nil where none does.
  ///   - peepholes: those of i, f and o, [3·H], for cells that have them.
  ///   - norms: for cells that normalize.
  ///   - readsVectors: whether x·W_ihᵀ is computed step by step.
  ///   - initial: h and, where there is one, c before the first step, [B, H].
  init(
    functions: GateFunctions, time: Int, width: Int, projectedWidth: Int?, lengths: SequenceLengths?,
    resets: StateResets?, beginning: [Tensor<Scalar>], masks: [ZoneoutMask<Scalar>?], peepholes: Tensor<Scalar>?,
    norms: CellNorms<Scalar>?, readsVectors: Bool, initial: [Tensor<Scalar>], pool: BufferPool
  ) {
    (self.functions, self.time, batch, self.width) = (functions, time, initial[0].shape[0], width)
    (self.lengths, self.resets, self.peepholes) = (lengths, resets, peepholes)
    let rows = time * batch
    func states(_ component: Int) -> StateRecord<Scalar> {
      StateRecord(
        from: initial[component], time: time, forgets: resets != nil,
        beginning: beginning.isEmpty ? nil : beginning[component], taking: masks[component], pool: pool)
    }
    let padded = Self.paddedWidth(width)
    gates = Tensor(uninitialized: [rows, padded], pool: pool)
    recurrent = functions.separatesRecurrent ? Tensor(uninitialized: [rows, padded], pool: pool) : nil
    hidden = states(0)
    memory = functions.hasMemory ? states(1) : nil
    (gatesView, hiddenViews, memoryViews) = (gates.mutableMatrix().columns(0..<width), hidden.views, memory?.views)
    units = projectedWidth.map { Tensor(uninitialized: [rows, $0], pool: pool) }
    recurrentView = recurrent?.mutableMatrix().columns(0..<width)
    resetHidden = functions.resetsBeforeProduct ? Tensor(uninitialized: [rows, width / 3], pool: pool) : nil
    resetHiddenView = resetHidden?.mutableMatrix()
    (unitsView, peepholesView) = (units?.mutableMatrix(), peepholes?.reshaped([1, -1]).matrix())
    // A GRU's gates need what h·W_hhᵀ became later too.
    let place = functions == .lstmLayerNorm ? recurrentView : nil
    self.norms = norms.map {
      FusedNorms(
        $0, rows: rows, width: width, hidden: initial[0].shape[1], readsVectors: readsVectors, recurrent: place,
        pool: pool)
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
      h: (unitsView?.rows(now)) ?? hiddenViews.computed(now, next), cPrevious: memoryViews?.read(now),
      c: memoryViews?.computed(now, next), peepholes: peepholesView, norms: norms?.views.rows(now))
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
  func output(at t: Int, rows: Range<Int>) -> MatrixView<Scalar> {
    hiddenViews.computed(self.rows(rows, at: t), self.rows(rows, at: t + 1))
  }

  /// Prepares what some rows read at a step.
  func enter(at t: Int, rows: Range<Int>) {
    guard resets != nil else { return }
    let now = self.rows(rows, at: t)
    func enter(_ views: StateViews<Scalar>) {
      views.enter(now)
      let states = views.read(now)
      forEachReset(at: t, rows: rows) { row in
        if let beginning = views.beginning { states.rows(row).copy(from: beginning) } else { states.rows(row).fill(0) }
      }
    }
    enter(hiddenViews)
    if let memoryViews { enter(memoryViews) }
  }

  /// Leaves what some rows computed at a step, or what is taken of it.
  func leave(at t: Int, rows: Range<Int>) {
    let (now, next) = (self.rows(rows, at: t), self.rows(rows, at: t + 1))
    hiddenViews.leave(rows, now, next)
    memoryViews?.leave(rows, now, next)
  }

  /// Calls `body` for those of some rows, counted from the first of them, whose sequences forget before a step.
  func forEachReset(at t: Int, rows: Range<Int>, _ body: (_ row: Range<Int>) -> Void) {
    guard let resets else { return }
    for (row, isReset) in resets.mask(at: t)[self.rows(rows, at: t)].enumerated() where isReset { body(row..<row + 1) }
  }

  /// Takes the state after the last step for that before the first.
  func beginAgain() {
    for views in [hiddenViews, memoryViews].compactMap({ $0 }) {
      views.states.rows(0..<batch).copy(from: views.states.rows(time * batch..<(time + 1) * batch))
    }
  }

  /// Carries the state of some rows over a step unchanged.
  func keepState(at t: Int, rows: Range<Int>) {
    let (now, next) = (self.rows(rows, at: t), self.rows(rows, at: t + 1))
    hiddenViews.keep(now, next)
    memoryViews?.keep(now, next)
    // Read with the gradient of 0 that an ended sequence gives its weights.
    unitsView?.rows(now).fill(0)
    resetHiddenView?.rows(now).fill(0)
  }

  /// h after each step, [T, B, H].
  var outputs: Tensor<Scalar> { hidden.states.rows(1..<time + 1) }

  /// h and, where there is one, c after the last step, [B, H].
  func final(pool: BufferPool) -> [Tensor<Scalar>] { [hidden, memory].compactMap { $0?.last(pool: pool) } }
}
