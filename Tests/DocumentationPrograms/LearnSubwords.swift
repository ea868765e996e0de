import SequenceModeling

func learnSubwords() throws {
  let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .subword, symbols: 600)
  let tokenizer = Tokenizer(corpus.vocabulary)
  let tokens = try tokenizer.encode("The fox and the grapes, again.").tokens
  print(tokens.map { "[\(corpus.vocabulary.display($0))]" }.joined())
  print(String(decoding: tokenizer.decode(tokens), as: UTF8.self))

  var settings = TrainingSettings(
    architecture: Architecture(cell: .gru, layers: 1, hidden: 48, embedding: 48, isTied: true))
  (settings.tokens, settings.symbols) = (.subword, 600)
  (settings.batch, settings.learningRate) = (20, 0.01)
  let run = try CharacterRun(settings: settings, corpus: corpus, threads: 2)
  try run.train(limits: TrainingLimits(steps: 60))
  let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
  print(generator.text(prime: try tokenizer.encode("The fox").tokens, length: 20, seed: 7))
}
