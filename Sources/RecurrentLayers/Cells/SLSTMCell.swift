import Autograd
import NeuralLayers
import TensorCore

/// sLSTM of xLSTM (Beck et al., 2024, equations 8 to 17): long short-term memory with an exponential input gate, a normalizer
/// and a recurrence within heads; gates in the order i, f, z, o:
///
///     ĩ, f̃, z̃, õ = x·W_ihᵀ + b_ih + h·W_hhᵀ + b_hh
///     m' = max(ĩ, m + log σ(f̃))   i = exp(ĩ − m')   f = exp(m + log σ(f̃) − m')
///     c' = f·c + i·tanh(z̃)   n' = f·n + i   h' = σ(õ)·c'/n'
///
/// The stabilizer m keeps the exponents at or below 0 and cancels in c'/n'. A normalizer that is not positive, such as that of
/// the zero state, marks a state in which nothing was read: there m' = ĩ, and f is at most 1.
///
/// Each of the heads multiplies its own units of h alone: head k of d units has the rows k·d..<(k+1)·d of every gate's W_hh,
/// which are d wide.
///
/// The forget gate's b_ih starts at 1, each block of W_hh orthogonal.
///
/// Memory of a fused pass, for T steps of N sequences with H units: T·N·9H numbers (gates, h, c, n, m, σ(f̃)).
public struct SLSTMCell<Scalar: TensorScalar>: RecurrentCell, FusedCell {
  /// W_ih, [4 · hidden, input], and b_ih.
  public var weights: InputWeights<Scalar>
  /// W_hh, [4 · hidden, hidden / heads].
  public var recurrentWeight: Parameter<Scalar>
  /// b_hh, [4 · hidden].
  public var recurrentBias: Parameter<Scalar>?

  /// A cell whose weights are still to be drawn.
  ///
  /// - Parameters:
  ///   - heads: number of blocks of the recurrence.
  ///   - forgetBias: initial b_ih of the forget gate.
  ///   - inputWeight: initializer of W_ih.
  /// - Precondition: heads divides hidden.
  public init(
    input: Int, hidden: Int, heads: Int = 1, bias: Bool = true, forgetBias: Double = 1,
    inputWeight: Initializer = .lecunUniform
  ) {
    require(heads > 0 && hidden % heads == 0, "an sLSTM of \(hidden) hidden units cannot have \(heads) heads")
    weights = InputWeights(
      gates: 4, input: input, hidden: hidden, bias: bias, inputWeight: inputWeight,
      inputBias: .stacked([.zeros, .constant(forgetBias), .zeros, .zeros]))
    recurrentWeight = Parameter(
      [4 * hidden, hidden / heads], .stacked(Array(repeating: .orthogonal, count: 4 * heads)))
    recurrentBias = bias ? Parameter([4 * hidden], .zeros) : nil
  }

  public var inputSize: Int { weights.inputWeight.shape[1] }
  public var hiddenSize: Int { weights.inputWeight.shape[0] / 4 }
  public var heads: Int { hiddenSize / recurrentWeight.shape[1] }

  public func step(
    _ input: Variable<Scalar>, from state: SLSTMState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: SLSTMState<Scalar>) {
    var gates = weights(input, in: context) + recurrentProduct(state.hidden, in: context)
    if let recurrentBias { gates = gates + context.variable(recurrentBias) }
    let (i, f) = (gates.gate(0, of: 4), gates.gate(1, of: 4))
    let kept = state.stabilizer - (-f).softplus()
    // 0 in a state that has read nothing, where the maximum is ĩ.
    let hasRead = state.normalizer.value.sign().relu()
    let stabilizer = i + Variable(hasRead) * (kept - i).relu()
    let add = (i - stabilizer).exp()
    let keep = (-(stabilizer - kept).relu()).exp()
    let cell = keep * state.cell + add * gates.gate(2, of: 4).tanh()
    let normalizer = keep * state.normalizer + add
    let hidden = gates.gate(3, of: 4).sigmoid() * (cell / normalizer)
    return (hidden, SLSTMState(hidden: hidden, cell: cell, normalizer: normalizer, stabilizer: stabilizer))
  }

  /// h·W_hhᵀ, head by head, [batch, 4 · hidden].
  private func recurrentProduct(
    _ h: Variable<Scalar>, in context: borrowing ForwardContext<Scalar>
  ) -> Variable<Scalar> {
    let (weight, width) = (context.variable(recurrentWeight), recurrentWeight.shape[1])
    let blocks = (0..<4 * heads).map { block in
      let columns = block % heads * width..<(block % heads + 1) * width
      let rows = weight.slice(axis: 0, block * width..<(block + 1) * width)
      return h.slice(axis: -1, columns).matmul(rows.transposed())
    }
    return .concatenate(blocks, axis: -1)
  }

  public mutating func updateRecurrentWeights(_ body: (_ weight: inout Parameter<Scalar>) -> Void) {
    body(&recurrentWeight)
  }

  public mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&weights.inputWeight, "weight_ih")
    try visitor.visit(&recurrentWeight, "weight_hh")
    try visitor.visit(&weights.inputBias, "bias_ih")
    try visitor.visit(&recurrentBias, "bias_hh")
  }

  var fusedParameters: FusedParameters<Parameter<Scalar>> {
    FusedParameters(
      inputWeight: weights.inputWeight, recurrentWeight: recurrentWeight, inputBias: weights.inputBias,
      recurrentBias: recurrentBias)
  }

  var fusedStep: any FusedStep<Scalar> { SLSTMStep(hidden: hiddenSize, heads: heads) }
}

/// State of an sLSTM, each component [batch, hidden].
public struct SLSTMState<Scalar: TensorScalar>: RecurrentState {
  /// h.
  public var hidden: Variable<Scalar>
  /// c, scaled by exp(−m).
  public var cell: Variable<Scalar>
  /// n, scaled by exp(−m).
  public var normalizer: Variable<Scalar>
  /// m.
  public var stabilizer: Variable<Scalar>

  public init(
    hidden: Variable<Scalar>, cell: Variable<Scalar>, normalizer: Variable<Scalar>, stabilizer: Variable<Scalar>
  ) {
    (self.hidden, self.cell, self.normalizer, self.stabilizer) = (hidden, cell, normalizer, stabilizer)
  }

  public static var componentNames: [String] { ["hidden", "cell", "normalizer", "stabilizer"] }
  public var components: [Variable<Scalar>] { [hidden, cell, normalizer, stabilizer] }
  public init(components: [Variable<Scalar>]) {
    self.init(
      hidden: components[0], cell: components[1], normalizer: components[2], stabilizer: components[3])
  }
}

/// Gates i, f, z, o; state: h, c, n, m; saved: σ(f̃).
private struct SLSTMStep<Scalar: TensorScalar>: FusedStep {
  let hidden, heads: Int

  var layout: StepLayout {
    let width = hidden / heads
    let blocks = heads == 1 ? 1 : 4 * heads
    var layout = StepLayout(
      gates: 4 * hidden,
      products: (0..<blocks).map { block in
        let rows = 4 * hidden / blocks
        return .init(
          columns: block * rows..<(block + 1) * rows,
          operand: .hidden(block % heads * width..<(block % heads + 1) * width))
      })
    layout.saved = [hidden]
    layout.isElementwise = heads == 1
    return layout
  }

  func forward(_ at: StepViews<Scalar>) {
    at.gates.applySLSTMGates(
      previous: (at.previous(1), at.previous(2), at.previous(3)), c: at.next(1), n: at.next(2), m: at.next(3),
      h: at.next(0), forgetSigmoid: at.saved(0))
  }

  func backward(_ at: StepViews<Scalar>, _ d: StepGradients<Scalar>) {
    d.gates.setSLSTMGradient(
      gates: at.gates.readOnly, previous: (at.previous(1), at.previous(2)), c: at.next(1).readOnly,
      n: at.next(2).readOnly, forgetSigmoid: at.saved(0).readOnly, dh: d.state(0).readOnly, dc: d.state(1),
      dn: d.state(2), dm: d.state(3))
  }
}
