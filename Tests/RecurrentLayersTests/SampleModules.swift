import Autograd
import NeuralLayers
import RecurrentLayers
import TensorCore

/// A cell that a user might write: one gate, a trained initial state, and nothing but operations on variables.
///
///     f = σ(W_f·[x, h] + b_f)   h' = f·h + (1 − f)·tanh(W_c·[x, h] + b_c)
struct MinimalGatedCell: RecurrentCell {
  typealias Scalar = Double
  var forget: Dense<Double>
  var candidate: Dense<Double>
  var start: Parameter<Double>
  let inputSize: Int
  let hiddenSize: Int

  init(input: Int, hidden: Int) {
    (inputSize, hiddenSize) = (input, hidden)
    forget = Dense(input + hidden, hidden)
    candidate = Dense(input + hidden, hidden)
    start = Parameter([hidden], .uniform(0.5))
  }

  func initialState(batchSize: Int, in context: inout ForwardContext<Double>) -> HiddenState<Double> {
    HiddenState(hidden: context.variable(start).broadcast(to: [batchSize, hiddenSize]))
  }

  func step(
    _ input: Variable<Double>, from state: HiddenState<Double>, in context: inout ForwardContext<Double>
  ) -> (output: Variable<Double>, state: HiddenState<Double>) {
    let both = Variable.concatenate([input, state.hidden], axis: 1)
    let f = forget(both, in: &context).sigmoid()
    let hidden = f * state.hidden + (1 - f) * candidate(both, in: &context).tanh()
    return (hidden, HiddenState(hidden: hidden))
  }

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&forget, "forget")
    try visitor.visit(&candidate, "candidate")
    try visitor.visit(&start, "start")
  }
}

/// A recurrent network and what reads its outputs, named as a language model names them.
struct SequenceModel<Cell: RecurrentCell>: Module {
  typealias Scalar = Cell.Scalar
  var rnn: StackedRecurrent<Cell>
  var decoder: Dense<Cell.Scalar>

  mutating func visitParameters<V: ParameterVisitor<Cell.Scalar>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&rnn, "rnn")
    try visitor.visit(&decoder, "decoder")
  }
}
