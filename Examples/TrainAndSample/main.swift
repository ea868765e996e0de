// Trains a small character model on the fables and writes new text with it.
//
//     swift run -c release TrainAndSampleExample          # 12 epochs; another number may follow

import SequenceModeling

let epochs = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 12
let corpus = try Corpus(files: ["corpora/fables.txt"], kind: .character)

var settings = TrainingSettings()
settings.cell = .gru
settings.layers = 1
settings.batch = 20

let run = try CharacterRun(settings: settings, corpus: corpus, threads: ThreadTeam.availableCores)
print("\(run.model.parameterCount) parameters, \(run.stepsPerEpoch) steps an epoch")

try run.train(limits: TrainingLimits(epochs: epochs), reporting: TrainingReporting(sampleEvery: 0)) { event in
  if case .training(.validated(let report)) = event {
    print("step \(report.step): validation loss \(report.validationLoss) nats a character")
  }
}

let generator = TextGenerator(model: run.model, vocabulary: corpus.vocabulary)
let prime = try Tokenizer(corpus.vocabulary).encode("The fox ").tokens
print(generator.text(prime: prime, length: 400, options: SamplingOptions(temperature: 0.7), seed: 1))
