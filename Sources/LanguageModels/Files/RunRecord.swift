import Foundation
import ModelTraining
import SequenceText
import TensorCheckpoints
import TensorCore

/// Record of a run in the metadata of `last.safetensors`: with the tensors there, all that an exact resume needs.
struct RunRecord: Sendable, Equatable, Codable {
  var settings: TrainingSettings
  var corpusHash: String
  var corpusTokens: Int
  /// Instruction set, or name of the device, that computed the steps.
  var instructionSet: String
  var progress: TrainingProgress
  /// Progress of the state that a divergence returns to; nil before the first step, and in files that lack that state.
  var rollback: TrainingProgress?

  init(
    settings: TrainingSettings, corpus: Corpus, device: Device, progress: TrainingProgress, rollback: TrainingProgress?
  ) {
    self.settings = settings
    corpusHash = corpus.contentHash
    corpusTokens = corpus.tokens.count
    instructionSet = device.arithmetic
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
