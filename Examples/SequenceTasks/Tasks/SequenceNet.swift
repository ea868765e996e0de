import SequenceModeling

/// A recurrent layer with a linear decoder.
struct SequenceNet<Cell: RecurrentCell<Float>>: Module {
  typealias Scalar = Float

  var stack: StackedRecurrent<Cell>
  var decoder: Dense<Float>

  init(_ cell: Cell, outputs: Int) {
    stack = StackedRecurrent([cell])
    decoder = Dense(stack.outputSize, outputs)
  }

  /// The output after the last step of each sequence, [batch, outputs].
  func answer(to input: SequenceInput<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    decoder(stack.runToEnd(input, in: &context).output, in: &context)
  }

  /// The outputs after every step: [time, batch, outputs], or with lengths [steps, outputs], without padding.
  func answers(
    to input: SequenceInput<Float>, from state: [Cell.State]? = nil, in context: inout ForwardContext<Float>
  ) -> Variable<Float> {
    let (outputs, _) = stack.run(input, from: state, in: &context)
    return decoder(input.lengths?.packed(outputs) ?? outputs, in: &context)
  }

  /// The output after one more token of each sequence, [batch, outputs], and the next state.
  func answer(
    toNext tokens: [Int32], from state: [Cell.State]?, in context: inout ForwardContext<Float>
  ) -> (answer: Tensor<Float>, state: [Cell.State]) {
    let (output, next) = stack.runToEnd(
      .tokens(TokenGrid(ids: tokens, time: 1, batch: tokens.count)), from: state, in: &context)
    return (decoder(output, in: &context).value, next)
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&stack, "rnn")
    try visitor.visit(&decoder, "decoder")
  }
}
