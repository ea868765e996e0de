import SequenceModeling

func loadFromPyTorch() throws {
  /// In PyTorch: self.rnn = nn.LSTM(30, 8, num_layers=2); self.decoder = nn.Linear(8, 30).
  struct Net: Module {
    typealias Scalar = Float
    var rnn = StackedRecurrent([LSTMCell<Float>(input: 30, hidden: 8), LSTMCell(input: 8, hidden: 8)])
    var decoder = Dense<Float>(8, 30)

    mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
      try visitor.visit(&rnn, "rnn")  // rnn.weight_ih_l0, rnn.weight_hh_l0, …
      try visitor.visit(&decoder, "decoder")  // decoder.weight, decoder.bias
    }
  }

  var net = Net()
  try net.load(from: "Tests/Fixtures/character-lstm.safetensors")
  var context = ForwardContext<Float>()
  let input = Variable(Tensor<Float>.zeros([5, 1, 30]))  // [time, batch, features]
  let (outputs, _) = net.rnn.run(.vectors(input), in: &context)
  let logits = net.decoder(outputs, in: &context)
  print("\(net.parameterCount) parameters, logits of the shape \(logits.shape)")
}
