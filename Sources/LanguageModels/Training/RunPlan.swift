import Foundation
import ProcessGroups
import SequenceText
import TensorCheckpoints
import TensorCore

/// A run that rank 0 of a group has decided on, for the other ranks to make the same one.
package struct RunPlan: Sendable {
  package let settings: TrainingSettings
  package let limits: TrainingLimits
  package let reporting: TrainingReporting
  package let vocabulary: Vocabulary
  /// State to go on from; nil for a run that begins.
  package let checkpoint: Checkpoint?

  package init(
    settings: TrainingSettings, limits: TrainingLimits, reporting: TrainingReporting, corpus: Corpus,
    checkpoint: Checkpoint?
  ) {
    (self.settings, self.limits, self.reporting, self.checkpoint) = (settings, limits, reporting, checkpoint)
    vocabulary = corpus.vocabulary
  }

  /// Gives the plan to all other ranks, which call `received`.
  package func send(in group: ProcessGroup) {
    let outline = Outline(
      settings: settings, epochs: limits.epochs, steps: limits.steps, seconds: limits.seconds,
      sampleEvery: reporting.sampleEvery, checkpointEvery: reporting.checkpointEvery, kept: reporting.kept,
      sampleLength: reporting.sampleLength, vocabulary: vocabulary.json,
      checkpoint: checkpoint.map(Outline.State.init))
    _ = group.broadcast(Array(canonicalJSON(outline).utf8))
    for name in checkpoint?.names ?? [] { _ = group.broadcast(checkpoint!.tensors[name]!.bytes) }
  }

  /// The plan of rank 0.
  package static func received(in group: ProcessGroup) throws -> RunPlan {
    let outline = try JSONDecoder().decode(Outline.self, from: Data(group.broadcast([])))
    return RunPlan(outline, try Vocabulary(json: outline.vocabulary, kind: outline.settings.tokens)) {
      group.broadcast([])
    }
  }

  private init(_ outline: Outline, _ vocabulary: Vocabulary, nextTensor: () -> [UInt8]) {
    settings = outline.settings
    limits = TrainingLimits(epochs: outline.epochs, steps: outline.steps, seconds: outline.seconds)
    var reporting = TrainingReporting(
      sampleEvery: outline.sampleEvery, checkpointEvery: outline.checkpointEvery, kept: outline.kept)
    reporting.sampleLength = outline.sampleLength
    (self.reporting, self.vocabulary) = (reporting, vocabulary)
    checkpoint = outline.checkpoint.map { state in
      var checkpoint = Checkpoint(metadata: state.metadata, file: state.file)
      for tensor in state.tensors {
        checkpoint.tensors[tensor.name] = StoredTensor(dtype: tensor.dtype, shape: tensor.shape, bytes: nextTensor())
      }
      return checkpoint
    }
  }

  /// The plan but for the values of tensors.
  private struct Outline: Codable {
    let settings: TrainingSettings
    let epochs, steps: Int?
    let seconds: Double?
    let sampleEvery, checkpointEvery: Int?
    let kept, sampleLength: Int
    let vocabulary: String
    let checkpoint: State?

    struct State: Codable {
      let file: String
      let metadata: [String: String]
      let tensors: [Form]

      init(_ checkpoint: Checkpoint) {
        (file, metadata) = (checkpoint.file, checkpoint.metadata)
        tensors = checkpoint.names.map { name in
          let tensor = checkpoint.tensors[name]!
          return Form(name: name, dtype: tensor.dtype, shape: tensor.shape)
        }
      }
    }

    struct Form: Codable {
      let name: String
      let dtype: StoredTensor.DType
      let shape: [Int]
    }
  }
}
