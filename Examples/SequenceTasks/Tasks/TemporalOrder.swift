import SequenceModeling

extension SequenceTask {
  /// Temporal order (Hochreiter and Schmidhuber, 1997, experiment 6a).
  package static let temporalOrder = SequenceTask(
    name: "order",
    summary: "among 100 to 110 symbols two are X or Y, far apart: which, and in which order"
  ) { effort, seed in
    let (steps, units) = effort.choose(trial: (2, 8), brief: (1000, 32), full: (3000, 48))
    var random = RandomSource(seed: seed)
    let batches = try (0..<steps).map { _ in try OrderBatch(count: 32, using: &random) }
    let cell = GRUCell<Float>(
      input: OrderBatch.symbols, hidden: units, inputWeight: .oneHot(OrderBatch.symbols)
    ).keeping(0.88)
    let net = try SequenceNet(cell, outputs: 4).drawn(using: &random)
      .trained(on: batches, steps: steps, learningRate: 0.01) { net, batch, context in
        softmaxCrossEntropy(batch.answers(of: net, in: &context), targets: batch.classes, in: context)
      }
    let unseen = try OrderBatch(count: effort.unseen, using: &random)
    var context = ForwardContext<Float>()
    let answers = unseen.answers(of: net, in: &context).value.argmax()
    let right = zip(answers, unseen.classes).map(==).share { $0 }
    return [Finding(quantity: "share of orders told rightly", value: right, bound: .atLeast(0.99), baseline: 0.25)]
  }
}

/// A batch of the temporal order task. A sequence starts with E, ends with B and consists of a, b, c and d, except for an X
/// or Y between steps 10 and 20 and another between steps 50 and 60. The target is the pair of the two.
struct OrderBatch {
  /// The number of symbols: a b c d X Y E B.
  static let symbols = 8

  let sequences: TokenGrid
  let lengths: SequenceLengths
  /// Targets: XX, XY, YX or YY as 0 to 3.
  let classes: [Int32]

  init(count: Int, using random: inout RandomSource) throws {
    var (sequences, classes) = ([[Int32]](), [Int32]())
    for _ in 0..<count {
      var sequence = (0..<100 + random.number(below: 11)).map { _ in Int32(random.number(below: 4)) }
      (sequence[0], sequence[sequence.count - 1]) = (6, 7)
      let (first, second) = (random.number(below: 2), random.number(below: 2))
      sequence[10 + random.number(below: 11)] = Int32(4 + first)
      sequence[50 + random.number(below: 11)] = Int32(4 + second)
      sequences.append(sequence)
      classes.append(Int32(2 * first + second))
    }
    self.sequences = TokenGrid(padding: sequences)
    self.classes = classes
    lengths = try SequenceLengths(of: sequences)
  }

  func answers<Cell>(of net: SequenceNet<Cell>, in context: inout ForwardContext<Float>) -> Variable<Float> {
    net.answer(to: .tokens(sequences, lengths: lengths), in: &context)
  }
}
