import TensorCore

/// One component of the state through a fused pass: T steps, B sequences, W units.
///
/// Two masks may stand between a step's result and the next step's input: zoneout, which keeps elements, and resets,
/// which replace rows. Only then are there tensors for the state before and after the mask.
struct StateRecord<Scalar: TensorScalar> {
  /// Initial state and the state after each step, [T + 1, B, W].
  let states: Tensor<Scalar>
  /// State that each step reads, [T·B, W], in runs with resets; else that is `states`.
  let entering: Tensor<Scalar>?
  /// State that each step computes, [T·B, W], in runs with zoneout; else that is `states`.
  let computed: Tensor<Scalar>?
  let mask: ZoneoutMask<Scalar>?
  /// State after a reset, [W]; nil for zeros.
  let resetState: Tensor<Scalar>?
  let views: StateViews<Scalar>

  /// A record that holds the initial state alone, [B, W].
  init(
    from initial: Tensor<Scalar>, time: Int, hasResets: Bool, resetState: Tensor<Scalar>?,
    mask: ZoneoutMask<Scalar>?, pool: BufferPool
  ) {
    let (batch, width) = (initial.shape[0], initial.shape[1])
    func ofSteps() -> Tensor<Scalar> { Tensor(uninitialized: [time * batch, width], pool: pool) }
    var states = Tensor<Scalar>(uninitialized: [time + 1, batch, width], pool: pool)
    var (entering, computed) = (hasResets ? ofSteps() : nil, mask == nil ? nil : ofSteps())
    let all = states.mutableMatrix()
    let (before, after) = (all.rows(0..<time * batch), all.rows(batch..<(time + 1) * batch))
    views = StateViews(
      before: before, after: after, entering: entering?.mutableMatrix() ?? before,
      computed: computed?.mutableMatrix() ?? after, isEnteringApart: entering != nil, mask: mask?.updated.matrix(),
      isMaskDrawn: mask?.isDrawn ?? false, resetState: resetState?.reshaped([1, width]).matrix())
    before.rows(0..<batch).copy(from: initial)
    (self.states, self.entering, self.computed) = (states, entering, computed)
    (self.mask, self.resetState) = (mask, resetState)
  }

  /// States that the steps read, in order: the first T·B rows.
  var read: Tensor<Scalar> { entering ?? states.reshaped([-1, states.shape[2]]) }

  /// State after the last step, [B, W]: a copy, so that carrying it on keeps nothing else alive.
  func last(pool: BufferPool) -> Tensor<Scalar> { states.row(states.shape[0] - 1).copied(pool: pool) }
}

/// Views of one component of the state, [T·B, W] each. Rows are given by position in the batch (`rows`) or among all
/// T·B (`now`).
struct StateViews<Scalar: TensorScalar> {
  /// State before and after each step: the same memory, B rows apart.
  let before, after: MutableMatrixView<Scalar>
  /// State that a step reads: `before`, unless it is apart.
  let entering: MutableMatrixView<Scalar>
  /// State that a step computes: `after`, unless zoneout stands between.
  let computed: MutableMatrixView<Scalar>
  let isEnteringApart: Bool
  /// Share of the computed state that is taken, [T·B, W] where it is drawn, else [B, W]; nil without zoneout.
  let mask: MatrixView<Scalar>?
  let isMaskDrawn: Bool
  /// State after a reset, [1, W]; nil for zeros.
  let resetState: MatrixView<Scalar>?

  /// Copies the state that the previous step left to where a step reads it.
  func enter(_ now: Range<Int>) { entering.rows(now).copy(from: before.readOnly.rows(now)) }

  /// Mixes the computed state with the previous one: after = mask·computed + (1 − mask)·entering.
  func leave(_ rows: Range<Int>, _ now: Range<Int>) {
    guard let mask else { return }
    after.rows(now).setMixture(
      mask.rows(isMaskDrawn ? now : rows), of: computed.readOnly.rows(now), and: entering.readOnly.rows(now))
  }

  /// Splits the gradient of the state after a step into that of the computed state, in place, and that of the previous
  /// state.
  func splitGradient(
    _ gradient: MutableMatrixView<Scalar>, kept: MutableMatrixView<Scalar>, _ rows: Range<Int>, _ now: Range<Int>
  ) {
    if let mask { gradient.divide(into: mask.rows(isMaskDrawn ? now : rows), rest: kept) }
  }

  /// Carries the state over a step unchanged. Such a step's input is multiplied by a gradient of 0 and must be finite,
  /// because 0·NaN is NaN.
  func keep(_ now: Range<Int>) {
    after.rows(now).copy(from: before.readOnly.rows(now))
    if isEnteringApart { entering.rows(now).fill(0) }
  }

  /// Takes the final state for the initial state.
  func carryOver(time: Int, batch: Int) {
    before.rows(0..<batch).copy(from: after.readOnly.rows((time - 1) * batch..<time * batch))
  }
}
