import TensorCore

/// One component of the state through a fused pass: T steps, B sequences, W units.
///
/// Between what a step computes and what the next one reads may stand a mask: of elements that keep their value (zoneout), and
/// of rows that forget (resets). Only where there is one are there tensors for what is before it and behind it.
struct StateRecord<Scalar: TensorScalar> {
  /// Before the first step and after each, [T + 1, B, W].
  let states: Tensor<Scalar>
  /// What each step reads, [T·B, W], in runs in which sequences forget; elsewhere that is `states`.
  let entered: Tensor<Scalar>?
  /// What each step computes, [T·B, W], in runs in which elements keep their values; elsewhere that is `states`.
  let computed: Tensor<Scalar>?
  /// What of it is taken.
  let mask: ZoneoutMask<Scalar>?
  /// What a sequence that forgets begins with, [W]; nil for zeros.
  let beginning: Tensor<Scalar>?
  let views: StateViews<Scalar>

  /// A record of which nothing but the initial state is there yet, [B, W].
  init(
    from initial: Tensor<Scalar>, time: Int, forgets: Bool, beginning: Tensor<Scalar>?,
    taking mask: ZoneoutMask<Scalar>?, pool: BufferPool
  ) {
    let (batch, width) = (initial.shape[0], initial.shape[1])
    func ofSteps() -> Tensor<Scalar> { Tensor(uninitialized: [time * batch, width], pool: pool) }
    var states = Tensor<Scalar>(uninitialized: [time + 1, batch, width], pool: pool)
    var (entered, computed) = (forgets ? ofSteps() : nil, mask == nil ? nil : ofSteps())
    views = StateViews(
      states: states.mutableMatrix(), entered: entered?.mutableMatrix(), computed: computed?.mutableMatrix(),
      taken: mask?.taken.matrix(), beginning: beginning?.reshaped([1, width]).matrix(),
      isMaskDrawn: mask?.isDrawn ?? false)
    views.states.rows(0..<batch).copy(from: initial)
    (self.states, self.entered, self.computed) = (states, entered, computed)
    (self.mask, self.beginning) = (mask, beginning)
  }

  /// What the steps read, one after the other: the first T·B rows.
  var read: Tensor<Scalar> { entered ?? states.reshaped([-1, states.shape[2]]) }

  /// After the last step, [B, W]: a copy, so that carrying it on keeps nothing else alive.
  func last(pool: BufferPool) -> Tensor<Scalar> {
    states.row(states.shape[0] - 1).copied(pool: pool)
  }
}

/// Views of one component of the state. Rows are given by where they stand in the batch, `rows`, among all T·B, `now`, and a
/// step later, `next`.
struct StateViews<Scalar: TensorScalar> {
  let states: MutableMatrixView<Scalar>
  let entered, computed: MutableMatrixView<Scalar>?
  let taken, beginning: MatrixView<Scalar>?
  let isMaskDrawn: Bool

  /// What a step reads.
  func read(_ now: Range<Int>) -> MatrixView<Scalar> { (entered ?? states).readOnly.rows(now) }

  /// Lets a step read what the one before it left; nothing to do where that is one and the same.
  func enter(_ now: Range<Int>) { entered?.rows(now).copy(from: states.readOnly.rows(now)) }

  /// What a step computes.
  func computed(_ now: Range<Int>, _ next: Range<Int>) -> MutableMatrixView<Scalar> {
    computed?.rows(now) ?? states.rows(next)
  }

  /// Leaves what is taken of what a step computed, and what it read for the rest.
  func leave(_ rows: Range<Int>, _ now: Range<Int>, _ next: Range<Int>) {
    guard let computed, let taken else { return }
    states.rows(next).setMixture(taken.rows(isMaskDrawn ? now : rows), of: computed.readOnly.rows(now), and: read(now))
  }

  /// From the gradient of what a step left to those of what it computed and, `kept`, of what it read for the rest.
  func splitGradient(
    _ gradient: MutableMatrixView<Scalar>, kept: MutableMatrixView<Scalar>, _ rows: Range<Int>, _ now: Range<Int>
  ) {
    if let taken { gradient.divide(into: taken.rows(isMaskDrawn ? now : rows), rest: kept) }
  }

  /// Carries the state over a step unchanged. What such a step would have read is multiplied by a gradient of 0 and must be
  /// finite, because 0·NaN is NaN.
  func keep(_ now: Range<Int>, _ next: Range<Int>) {
    states.rows(next).copy(from: states.readOnly.rows(now))
    entered?.rows(now).fill(0)
  }
}
