import SequenceModeling

func paddedSequences() throws {
  /// An LSTM that reads numbers and tells two classes apart by its state after the last one.
  struct SignNet: Module {
    typealias Scalar = Float
    var rnn = StackedRecurrent([LSTMCell<Float>(input: 1, hidden: 8)])
    var decoder = Dense<Float>(8, 2)

    mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
      try visitor.visit(&rnn, "rnn")
      try visitor.visit(&decoder, "decoder")
    }
  }

  /// Task: whether the sum of a sequence is positive. An update reads all sequences.
  struct SignTask: TrainingTask {
    let stepsPerEpoch = 1
    let input: Tensor<Float>  // [time, batch, features]
    let lengths: SequenceLengths
    let classes: [Int32]

    func loss(of model: SignNet, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
      let (_, state) = model.rnn.run(.vectors(Variable(input), lengths: lengths), in: &context)
      let logits = model.decoder(state[0].hidden, in: &context)
      return softmaxCrossEntropy(logits, targets: classes, in: context)
    }
  }

  let sequences: [[Float]] = [[1, -2, 3, 0.1], [-2, 1, 0.5], [3, -1], [-1, 0.2], [0.5], [-0.3]]
  let time = sequences.map(\.count).max()!
  let padded = (0..<time).flatMap { t in sequences.map { t < $0.count ? $0[t] : 0 } }
  let task = SignTask(
    input: Tensor(padded, shape: [time, sequences.count, 1]),
    lengths: try SequenceLengths(sequences.map(\.count), time: time),
    classes: sequences.map { $0.reduce(0, +) > 0 ? 1 : 0 })

  var random = RandomSource(seed: 1)
  let trainer = Trainer(
    model: SignNet().drawn(using: &random), task: task, optimizer: .adam(learningRate: 0.02), seed: 1)
  for step in 1...60 {
    if case .step(let report) = try trainer.trainStep(), step % 20 == 0 { print("loss \(report.loss)") }
  }
}
