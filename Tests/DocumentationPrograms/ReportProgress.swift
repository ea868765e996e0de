import SequenceModeling

func reportProgress() throws {
  var net = Sequential {
    Dense(1, 4, activation: .tanh)
    Dense(4, 1)
  }
  let x = Tensor<Float>([-2, -1, 0, 1, 2], shape: [5, 1])
  try net.fit(
    x, x * x, epochs: 5, optimizer: .adam(learningRate: 0.1), loss: .meanSquaredError,
    options: FitOptions(callbacks: [.everyEpoch { report, _ in print(report) }]))

  let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .character)
  var settings = TrainingSettings()
  (settings.layers, settings.hidden, settings.batch, settings.length) = (1, 16, 8, 16)
  (settings.learningRate, settings.validateEvery) = (0.01, 10)
  let run = try CharacterRun(settings: settings, corpus: corpus)
  try run.train(limits: TrainingLimits(steps: 20), reporting: TrainingReporting(sampleEvery: 10)) { event in
    switch event {
    case .training(.step(let report)): print("step \(report.step): \(report.loss) nats, norm \(report.gradientNorm)")
    case .training(.validated(let report)): print("validation: \(report.validationLoss) nats")
    case .training(.skipped(let step, let reason)): print("step \(step) was skipped: \(reason)")
    case .training(.rolledBack(let step, _, let reason)): print("back to step \(step): \(reason)")
    case .sample(_, let text): print(text)
    case .decaying(let steps, _): print("the learning rate falls over the next \(steps) steps")
    case .saveFailed(let error): print(error)
    }
  }
}
