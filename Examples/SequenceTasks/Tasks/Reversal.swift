import SequenceModeling

extension SequenceTask {
  /// Reversal by an encoder and a decoder, learned with teacher forcing (Sutskever, Vinyals and Le, 2014).
  package static let reversal = SequenceTask(
    name: "reversal",
    summary: "4 to 8 symbols of 8: the same from the last to the first"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (2500, 64), full: (5000, 128))
    var random = RandomSource(seed: seed)
    let batches = try (0..<steps).map { _ in try ReversalBatch(count: 32, using: &random) }
    let net = try EncoderDecoder(units: units, using: &random)
      .trained(on: batches, steps: steps, learningRate: 0.01) { $0.loss(on: $1, in: &$2) }
    let unseen = try ReversalBatch(count: effort.unseen, using: &random)
    let answers = net.answers(to: unseen, longest: 20)
    let right = zip(unseen.sequences, answers).map { Array($0.reversed()) == $1 }.share { $0 }
    return [
      Finding(
        quantity: "share of sequences reversed without a mistake", value: right, bound: .atLeast(0.95), baseline: 0)
    ]
  }
}

/// An encoder that reads a sequence, and a decoder that writes one from the encoder's final state.
private struct EncoderDecoder: Module {
  typealias Scalar = Float

  var encoder: StackedRecurrent<GRUCell<Float>>
  var decoder: SequenceNet<GRUCell<Float>>

  init(units: Int, using random: inout RandomSource) {
    let symbols = ReversalBatch.mark + 1
    let cell = GRUCell<Float>(input: Int(symbols), hidden: units, inputWeight: .oneHot(Int(symbols)))
    decoder = SequenceNet(cell, outputs: Int(symbols)).drawn(using: &random)
    encoder = StackedRecurrent([cell]).drawn(using: &random)
  }

  private func read(_ batch: ReversalBatch, in context: inout ForwardContext<Float>) -> [HiddenState<Float>] {
    encoder.runToEnd(.tokens(TokenGrid(padding: batch.sequences), lengths: batch.lengths), in: &context).state
  }

  /// Teacher forcing: during training the decoder reads the correct previous symbol instead of its own output.
  func loss(on batch: ReversalBatch, in context: inout ForwardContext<Float>) -> Variable<Float> {
    let state = read(batch, in: &context)
    let given = SequenceInput<Float>.tokens(batch.answers.inputs, lengths: batch.answers.lengths)
    let logits = decoder.answers(to: given, from: state, in: &context)
    return softmaxCrossEntropy(logits, targets: batch.answers.lengths.packed(batch.answers.targets), in: context)
  }

  /// Greedy decoding: the decoder reads its own most probable symbol, up to the end mark.
  func answers(to batch: ReversalBatch, longest: Int) -> [[Int32]] {
    var context = ForwardContext<Float>()
    var state = read(batch, in: &context)
    var written = Array(repeating: [ReversalBatch.mark], count: batch.sequences.count)
    for _ in 0..<longest {
      let logits: Tensor<Float>
      (logits, state) = decoder.answer(toNext: written.map { $0.last! }, from: state, in: &context)
      for (index, symbol) in logits.argmax().enumerated() { written[index].append(symbol) }
    }
    return written.map { Array($0.dropFirst().prefix { $0 != ReversalBatch.mark }) }
  }

  mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&encoder, "encoder")
    try visitor.visit(&decoder, "decoder")
  }
}

struct ReversalBatch {
  /// The symbol that starts and ends an answer.
  static let mark: Int32 = 8

  let sequences: [[Int32]]
  let lengths: SequenceLengths
  let answers: LanguageBatch

  init(count: Int, using random: inout RandomSource) throws {
    sequences = (0..<count).map { _ in
      (0..<4 + random.number(below: 5)).map { _ in Int32(random.number(below: Int(Self.mark))) }
    }
    lengths = try SequenceLengths(of: sequences)
    answers = try LanguageBatch(sequences.map { [Self.mark] + $0.reversed() + [Self.mark] })
  }
}
