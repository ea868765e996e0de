import SequenceModeling

func tagWords() throws {
  /// A GRU that reads in both directions, under a conditional random field.
  struct Tagger: Module {
    typealias Scalar = Float
    var rnn = StackedRecurrent([GRUCell<Float>(input: 6, hidden: 8)], reverse: [GRUCell(input: 6, hidden: 8)])
    var decoder = Dense<Float>(16, 3)
    var crf = ConditionalRandomField<Float>(tagCount: 3)

    func emissions(of words: SequenceInput<Float>, in context: inout ForwardContext<Float>) -> Variable<Float> {
      decoder(rnn.run(words, in: &context).outputs, in: &context)
    }

    mutating func visitParameters<V: ParameterVisitor<Float>>(_ visitor: inout V) throws(V.Failure) {
      try visitor.visit(&rnn, "rnn")
      try visitor.visit(&decoder, "decoder")
      try visitor.visit(&crf, "crf")
    }
  }

  /// Task: the tags of all words. An update reads all sentences.
  struct TaggingTask: TrainingTask {
    let stepsPerEpoch = 1
    let words: SequenceInput<Float>
    let tags: TagSequences

    func loss(of model: Tagger, step: Int, in context: inout ForwardContext<Float>) -> Variable<Float> {
      model.crf.loss(model.emissions(of: words, in: &context), targets: tags, in: &context)
    }
  }

  let words = ["in", "is", "new", "old", "york", "hill"]
  func input(_ sentences: [String]) throws -> SequenceInput<Float> {
    let ids = sentences.map { $0.split(separator: " ").map { Int32(words.firstIndex(of: String($0))!) } }
    return .tokens(TokenGrid(padding: ids), lengths: try SequenceLengths(of: ids))
  }
  let sentences = ["york is old", "in new york", "york hill is new", "new york is new", "old hill is in york"]
  // 0: no place. 1: the first word of a place. 2: a further word of it.
  let tags = try TagSequences([[1, 0, 0], [0, 1, 2], [1, 2, 0, 0], [1, 2, 0, 0], [1, 2, 0, 0, 1]], tagCount: 3)

  var random = RandomSource(seed: 1)
  let trainer = Trainer(
    model: Tagger().drawn(using: &random), task: TaggingTask(words: try input(sentences), tags: tags),
    optimizer: .adam(learningRate: 0.05), seed: 1)
  for step in 1...60 {
    if case .step(let report) = try trainer.trainStep(), step % 20 == 0 { print("loss \(report.loss)") }
  }

  var context = ForwardContext<Float>()
  let unseen = try input(["new york is in york hill", "old york"])
  let emissions = trainer.model.emissions(of: unseen, in: &context).value
  for best in try trainer.model.crf.bestTags(emissions, lengths: unseen.lengths) {
    print("tags \(best.labels), score \(best.score)")
  }
}
