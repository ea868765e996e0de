import SequenceModeling

func readStreams() throws {
  var random = RandomSource(seed: 1)
  let stack = StackedRecurrent([GRUCell<Float>(input: 2, hidden: 16).drawn(using: &random)])
  let head = Dense<Float>(16, 3).drawn(using: &random)  // or all of these loaded

  let session = StreamingSession(stack, reading: .vectors, head: head, streams: 2)
  var scores = [Float](repeating: 0, count: 3)
  for time in 0..<100 {
    let now = Float(time) / 10
    session.push(Tensor([now, 1, -now, 1], shape: [2, 2]))  // an item for each stream
    session.copyOutput(of: 0, to: &scores)
  }
  session.push(Tensor([0, 0], shape: [1, 2]), to: [1])  // for one of them; the other waits
  session.reset(0)  // its place is taken by a new stream

  let state = session.state(of: 1).mapValues { StoredTensor($0) }
  try Checkpoint(tensors: state).write(to: "stream.safetensors")
  let saved = try Checkpoint(contentsOf: "stream.safetensors")
  try session.setState(of: 0, to: saved.tensors.compactMapValues { Tensor($0) })
  print(session.state(of: 0) == session.state(of: 1), session.outputs.shape)
}
