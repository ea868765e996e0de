import SequenceModeling

func readPulses() throws {
  /// A GRU that reads a signal; its outputs tell a label or none at each step.
  struct PulseReader: Module {
    typealias Scalar = Float
    var rnn = StackedRecurrent([GRUCell<Float>(input: 1, hidden: 8)])
    var decoder = Dense<Float>(8, 3)  // the blank, 0, and two labels

    func logits(of signals: SequenceInput<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
      decoder(rnn.run(signals, in: &context).outputs, in: &context)
    }

    mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
      try visitor.visit(&rnn, "rnn")
      try visitor.visit(&decoder, "decoder")
    }
  }

  /// Task: which pulses a signal has, in order; where they are is not told.
  struct PulseTask: TrainingTask {
    let stepsPerEpoch = 1
    let signals: SequenceInput<Float>
    let targets: CTCTargets

    func loss(of model: PulseReader, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
      let logits = model.logits(of: signals, in: &context)
      return ctcLossFromLogits(logits, targets: targets, lengths: signals.lengths)
    }
  }

  func input(_ signals: [[Float]]) throws -> SequenceInput<Float> {
    let time = signals.map(\.count).max()!
    let padded = (0..<time).flatMap { t in signals.map { t < $0.count ? $0[t] : 0 } }
    return .vectors(
      Variable(Tensor(padded, shape: [time, signals.count, 1])),
      lengths: try SequenceLengths(signals.map(\.count), time: time))
  }
  // A pulse up has label 1, a pulse down label 2.
  let signals = try input(
    [[0, 1, 1, 0, -1], [1, 0, 1, 1, 0], [-1, -1, 0, 1], [0, 0], [-1, 0, -1], [1, 0, 1, 0, -1]])
  let targets = try CTCTargets([[1, 2], [1, 1], [2, 1], [], [2, 2], [1, 1, 2]], classes: 3)

  var random = RandomSource(seed: 1)
  let trainer = Trainer(
    model: PulseReader().drawn(using: &random), task: PulseTask(signals: signals, targets: targets),
    optimizer: .adam(learningRate: 0.05), seed: 1)
  for step in 1...100 {
    if case .step(let report) = try trainer.trainStep(), step % 25 == 0 { print("loss \(report.loss)") }
  }

  var context = ForwardContext<Float>()
  let unseen = try input([[0, 1, 0, 1, 1, 0, -1, -1], [-1, 0, 0, 1]])
  let scores = trainer.model.logits(of: unseen, in: &context).value.logSoftmax()
  for likeliest in try CTCDecoder().beamSearch(scores, lengths: unseen.lengths, width: 4) {
    print("labels \(likeliest[0].labels), log-probability \(likeliest[0].score)")
  }
}
