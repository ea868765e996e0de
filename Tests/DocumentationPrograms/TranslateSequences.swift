import SequenceModeling

func translateSequences() throws {
  struct Reversal: TrainingTask {
    let stepsPerEpoch = 100

    /// Strings of digits.
    static func strings(_ count: Int, _ random: inout RandomSource) -> [[Int32]] {
      (0..<count).map { _ in
        (0..<Int.random(in: 2...5, using: &random)).map { _ in Int32.random(in: 0..<10, using: &random) }
      }
    }

    func loss(
      of model: EncoderDecoder<GRUCell<Float>>, step: Int, in context: inout ForwardContext<Float>
    ) -> Variable<Float> {
      var random = RandomSource(seed: 2).substream(UInt64(step))
      let sources = Self.strings(32, &random)
      return model.loss(of: sources.map { $0.reversed() }, for: sources, in: &context)
    }
  }

  var random = RandomSource(seed: 1)
  let half = GRUCell<Float>(input: 16, hidden: 32)
  let net = EncoderDecoder(
    sourceTokens: 10, targetTokens: 10, encoder: StackedRecurrent([half], reverse: [half]),
    decoder: StackedRecurrent([GRUCell(input: 16, hidden: 64)]), attending: .luong()
  ).drawn(using: &random)
  let trainer = Trainer(
    model: net, task: Reversal(), optimizer: .adam(learningRate: 0.01), clipping: .norm(1), seed: 1)
  for _ in 0..<200 { _ = try trainer.trainStep() }

  let found = trainer.model.translate([[3, 1, 4, 2]], limit: 6, beam: 3)[0]
  print(found.tokens, found.logProbability)
  print(found.alignment)  // a row for each digit written, and for the end
}
