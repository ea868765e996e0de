import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// Record of a run in the metadata of `last.safetensors`: with the tensors there, all that an exact resume needs.
struct RunRecord: Sendable, Equatable, Codable {
  var settings: TrainingSettings
  var corpusHash: String
  var corpusTokens: Int
  var instructionSet: String
  var progress: TrainingProgress

  init(settings: TrainingSettings, corpus: Corpus, progress: TrainingProgress) {
    self.settings = settings
    corpusHash = corpus.contentHash
    corpusTokens = corpus.tokens.count
    instructionSet = InstructionSet.current.rawValue
    self.progress = progress
  }

  /// Reads the record of a checkpoint.
  init(_ checkpoint: Checkpoint) throws(ModelFileError) {
    guard let json = checkpoint.metadata[MetadataKey.run] else {
      throw ModelFileError(file: checkpoint.file, problem: .noRun)
    }
    self = try decoded(json, .run, settingsAt: "settings", file: checkpoint.file)
    if let problem = settings.problem ?? settings.horizonProblem {
      throw ModelFileError(file: checkpoint.file, problem: .settings(problem, of: .run))
    }
    if let problem = progress.problem {
      throw ModelFileError(file: checkpoint.file, problem: .progress(problem))
    }
  }
}

extension Trainer where Task == CharacterTask<Float> {
  /// The whole state of a run as a checkpoint.
  func checkpoint(_ file: ModelFile<Float>, settings: TrainingSettings, corpus: Corpus) -> Checkpoint {
    var checkpoint = file.checkpoint
    checkpoint.metadata[MetadataKey.run] = canonicalJSON(
      RunRecord(settings: settings, corpus: corpus, progress: progress))
    for (name, tensor) in optimizer.namedMoments(of: model) + task.carriedState {
      checkpoint.tensors[name] = StoredTensor(tensor)
    }
    return checkpoint
  }

  /// Takes up the run of a checkpoint, whose model is the trainer's already.
  ///
  /// - Throws: `SafetensorsError` when something that the run needs is missing.
  func restore(from checkpoint: Checkpoint, record: RunRecord) throws(SafetensorsError) {
    func tensor(_ name: String, _ shape: TensorShape) throws(SafetensorsError) -> Tensor<Float> {
      try checkpoint.tensor(name, shape: shape)
    }
    var (optimizer, task) = (optimizer, task)
    try optimizer.restore(step: record.progress.updates, for: model, moment: tensor)
    try task.restore(step: record.progress.step, carried: tensor)
    restore(model: model, task: task, optimizer: optimizer, progress: record.progress)
  }
}
