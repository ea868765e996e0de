import SequenceModeling

/// The minimal gated unit (Zhou et al., 2016): a GRU with a single gate.
///
///     f = σ(W_f·x + U_f·h)    n = tanh(W_n·x + U_n·(f·h))    h' = (1 − f)·h + f·n
///
/// The step is all that a cell must write. Running over sequences, stacking, gradients, checks and saving come with
/// `RecurrentCell`.
struct MinimalGatedCell<Scalar: TensorScalar>: RecurrentCell {
  var gateInput: Dense<Scalar>
  var gateHidden: Dense<Scalar>
  var newInput: Dense<Scalar>
  var newHidden: Dense<Scalar>
  let inputSize: Int
  let hiddenSize: Int

  init(input: Int, hidden: Int) {
    inputSize = input
    hiddenSize = hidden
    gateInput = Dense(input, hidden)
    gateHidden = Dense(hidden, hidden, bias: false, initializer: .orthogonal)
    newInput = Dense(input, hidden)
    newHidden = Dense(hidden, hidden, bias: false, initializer: .orthogonal)
  }

  func step(
    _ input: Variable<Scalar>, from state: HiddenState<Scalar>, in context: inout ForwardContext<Scalar>
  ) -> (output: Variable<Scalar>, state: HiddenState<Scalar>) {
    let h = state.hidden
    let f = (gateInput(input, in: &context) + gateHidden(h, in: &context)).sigmoid()
    let n = (newInput(input, in: &context) + newHidden(f * h, in: &context)).tanh()
    let hidden = h + f * (n - h)
    return (hidden, HiddenState(hidden: hidden))
  }

  mutating func visitParameters<V: ParameterVisitor<Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&gateInput, "gate_input")
    try visitor.visit(&gateHidden, "gate_hidden")
    try visitor.visit(&newInput, "new_input")
    try visitor.visit(&newHidden, "new_hidden")
  }
}
