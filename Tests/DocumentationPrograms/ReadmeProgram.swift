import SequenceModeling

func readmeProgram() throws {
  let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .character)
  var settings = TrainingSettings()
  (settings.cell, settings.layers, settings.hidden) = (.gru, 1, 64)
  (settings.batch, settings.learningRate) = (20, 0.01)
  let run = try CharacterRun(settings: settings, corpus: corpus, directory: RunDirectory("runs/gru"), threads: 2)
  try run.claimDirectory(earlier: .replace)  // without this line, a directory that holds a run is refused
  try run.train(limits: TrainingLimits(steps: 80))  // epochs: 20 writes better
  let file = try ModelFile<Float>(contentsOf: "runs/gru")
  let generator = TextGenerator(model: file.model, vocabulary: file.vocabulary)
  print(generator.text(length: 200, options: SamplingOptions(temperature: 0.8), seed: 1))
}
