import SequenceModeling

func stopAndResume() throws {
  let corpus = try Corpus(files: ["corpora/names.txt"], kind: .character)
  var settings = TrainingSettings()
  (settings.layers, settings.hidden, settings.batch, settings.length) = (1, 16, 8, 16)
  let directory = RunDirectory("runs/stopped")

  let run = try CharacterRun(settings: settings, corpus: corpus, directory: directory)
  try run.claimDirectory(earlier: .replace)
  let end = try run.train(limits: TrainingLimits(steps: 20), shouldStop: { run.step == 10 })
  print("\(end) after step \(run.step)")

  let resumed = try CharacterRun(
    settings: settings, corpus: corpus, directory: directory, resuming: Checkpoint(contentsOf: directory.last))
  try resumed.train(limits: TrainingLimits(steps: 20))

  let unbroken = try CharacterRun(settings: settings, corpus: corpus)
  try unbroken.train(limits: TrainingLimits(steps: 20))
  let isSame = zip(resumed.model.parameters, unbroken.model.parameters).allSatisfy {
    $0.parameter.value == $1.parameter.value
  }
  print("the same weights, to the bit: \(isSame)")
}
