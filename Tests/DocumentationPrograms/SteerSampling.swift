import SequenceModeling

func steerSampling() throws {
  let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .character)
  var settings = TrainingSettings()
  (settings.cell, settings.layers, settings.hidden) = (.gru, 1, 48)
  (settings.batch, settings.learningRate) = (20, 0.01)
  let run = try CharacterRun(settings: settings, corpus: corpus, threads: 2)
  try run.train(limits: TrainingLimits(steps: 60))
  let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)

  let options = SamplingOptions(temperature: 0.7, topP: 0.95)
  print("seed 7:", generator.text(length: 60, options: options, seed: 7))
  print("again: ", generator.text(length: 60, options: options, seed: 7))

  let pattern = try TokenAutomaton(TextPattern("The [a-z]{2,8} and the [a-z]{2,8}"), over: corpus.vocabulary)
  let matching = TextConstraints(pattern: pattern)
  print("matching:", generator.text(length: 40, options: options, constraints: matching, seed: 7))

  let prime = try Tokenizer(corpus.vocabulary).encode("The fox ").tokens
  let line = TextConstraints(stop: "\n")  // the text ends before it
  print("stopped:", generator.text(prime: prime, length: 200, options: options, constraints: line, seed: 7))
}
