import SequenceModeling

func readmeProgram() throws {
  let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .character)
  var settings = TrainingSettings()
  (settings.cell, settings.layers, settings.hidden, settings.batch) = (.gru, 1, 32, 20)
  let run = try CharacterRun(settings: settings, corpus: corpus, directory: RunDirectory("runs/gru"), threads: 2)
  try run.claimDirectory(earlier: .replace)  // without this line, a run that is there is refused
  try run.train(limits: TrainingLimits(steps: 20))  // epochs: 40 writes better
  let file = try ModelFile<Float>(contentsOf: "runs/gru")
  let generator = TextGenerator(model: file.model, vocabulary: file.vocabulary)
  print(generator.text(length: 100, options: SamplingOptions(temperature: 0.8), seed: 1))
}
