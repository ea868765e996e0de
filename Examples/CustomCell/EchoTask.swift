import SequenceModeling

/// A recurrent cell with a linear decoder.
struct EchoModel: Module {
  typealias Scalar = Float

  var cell: MinimalGatedCell<Float>
  var decoder: Dense<Float>

  init(hidden: Int) {
    cell = MinimalGatedCell(input: 1, hidden: hidden)
    decoder = Dense(hidden, 2)
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&cell, "cell")
    try visitor.visit(&decoder, "decoder")
  }
}

/// Task: random bits go in, and the target is the bit of three steps ago. Guessing gives a loss of ln 2 = 0.693 nats.
struct EchoTask: TrainingTask {
  let stepsPerEpoch = 100
  let delay = 3
  let time = 20
  let batch = 32

  func loss(of model: EchoModel, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
    var random = context.nextRandomSource()
    let bits = (0..<time * batch).map { _ in Int32.random(in: 0...1, using: &random) }
    let input = Variable(Tensor(bits.map(Float.init), shape: [time, batch, 1]))
    let state = model.cell.initialState(batchSize: batch, in: &context)
    let (outputs, _) = model.cell.run(.vectors(input), from: state, in: &context)
    let logits = model.decoder(outputs.slice(axis: 0, delay..<time), in: &context)
    return softmaxCrossEntropy(logits, targets: Array(bits.dropLast(delay * batch)), in: context)
  }
}
