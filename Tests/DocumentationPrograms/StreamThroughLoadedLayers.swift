import SequenceModeling

func streamThroughLoadedLayers() throws {
  /// A session of one stream; nil for layers of two directions, which need the end of a sequence first.
  func session(of weights: RecurrentWeights, head: Dense<Float>) throws -> StreamingSession<Float>? {
    if weights.isBidirectional { return nil }  // a session of them would trap
    switch weights.cell {
    case .lstm: return try StreamingSession(StackedRecurrent<LSTMCell<Float>>(weights), reading: .vectors, head: head)
    case .gru, .gruResetBefore:
      return try StreamingSession(StackedRecurrent<GRUCell<Float>>(weights), reading: .vectors, head: head)
    case .rnn, .rnnReLU:
      return try StreamingSession(StackedRecurrent<ElmanCell<Float>>(weights), reading: .vectors, head: head)
    }
  }

  let file = try PackageFile(contentsOf: "Tests/Fixtures/character-gru.safetensors")
  let weights = try RecurrentWeights(file.tensors.filter { $0.key.hasPrefix("rnn.") }, in: .pytorch, cell: file.cell)
  var head = Dense<Float>(weights.outputSize, 30)  // self.decoder = nn.Linear(8, 30)
  try head.load(from: Checkpoint(tensors: file.tensors)) { "decoder." + $0 }

  if let session = try session(of: weights, head: head) {
    for step in 1...3 {
      session.push(Tensor<Float>.zeros([1, weights.inputSize]))  // [streams, features]
      print("\(weights.cell.rawValue), step \(step): \(session.outputs.scalars.prefix(3))")
    }
  } else {
    print("these layers read a sequence from its end too; run the whole of it: stack.run")
  }
}
