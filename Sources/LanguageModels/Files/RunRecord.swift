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
  /// Progress of the state that a divergence returns to; nil before the first step, and in files that lack that state.
  var rollback: TrainingProgress?

  init(settings: TrainingSettings, corpus: Corpus, progress: TrainingProgress, rollback: TrainingProgress?) {
    self.settings = settings
    corpusHash = corpus.contentHash
    corpusTokens = corpus.tokens.count
    instructionSet = InstructionSet.current.rawValue
    self.progress = progress
    self.rollback = rollback
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
    if let problem = progress.problem ?? rollback?.problem ?? rollbackProblem {
      throw ModelFileError(file: checkpoint.file, problem: .progress(problem))
    }
  }

  private var rollbackProblem: String? {
    guard let rollback, rollback.step > progress.step else { return nil }
    return "it goes back to step \(rollback.step) from step \(progress.step)"
  }
}

extension Trainer where Task == CharacterTask<Float> {
  /// The whole state of a run as a checkpoint: the tensors of the state after the steps so far, and those of the state that a
  /// divergence returns to, under the names of `rollbackPrefix`.
  func checkpoint(_ file: ModelFile<Float>, settings: TrainingSettings, corpus: Corpus) -> Checkpoint {
    var checkpoint = file.checkpoint
    let record = RunRecord(
      settings: settings, corpus: corpus, progress: progress, rollback: rollbackState?.progress)
    checkpoint.metadata[MetadataKey.run] = canonicalJSON(record)
    for (name, tensor) in state.tensorsBesideModel { checkpoint.tensors[name] = StoredTensor(tensor) }
    if let rollbackState {
      for (name, parameter) in rollbackState.model.parameters {
        checkpoint.tensors[rollbackPrefix + name] = StoredTensor(parameter.value)
      }
      for (name, tensor) in rollbackState.tensorsBesideModel {
        checkpoint.tensors[rollbackPrefix + name] = StoredTensor(tensor)
      }
    }
    return checkpoint
  }

  /// Takes up the run of a checkpoint, whose model is the trainer's already.
  ///
  /// - Throws: `SafetensorsError` when something that the run needs is missing.
  func restore(from checkpoint: Checkpoint, record: RunRecord) throws(SafetensorsError) {
    var rollbackState: State?
    if let progress = record.rollback {
      var good = model
      try good.take(from: checkpoint, prefix: rollbackPrefix)
      rollbackState = try saved(good, progress, in: checkpoint, prefix: rollbackPrefix)
    }
    restore(try saved(model, record.progress, in: checkpoint), rollbackState: rollbackState)
  }

  private func saved(
    _ model: CharacterModel<Float>, _ progress: TrainingProgress, in checkpoint: Checkpoint, prefix: String = ""
  ) throws(SafetensorsError) -> State {
    func tensor(_ name: String, _ shape: TensorShape) throws(SafetensorsError) -> Tensor<Float> {
      try checkpoint.tensor(prefix + name, shape: shape)
    }
    var state = State(model: model, task: task, optimizer: optimizer, progress: progress)
    try state.optimizer.restore(step: progress.updates, for: model, moment: tensor)
    // The first steps of an epoch may have been skipped: then there is no state to carry yet.
    let carriesState = checkpoint.tensors.keys.contains { $0.hasPrefix(prefix + "state.") }
    if carriesState || progress.skippedInARow == 0 { try state.task.restore(step: progress.step, carried: tensor) }
    return state
  }
}

/// Start of the names of tensors of the state that a divergence returns to.
let rollbackPrefix = "rollback."

extension Trainer.State where Task == CharacterTask<Float> {
  fileprivate var tensorsBesideModel: [(name: String, tensor: Tensor<Float>)] {
    optimizer.namedMoments(of: model) + task.carriedState
  }
}
