import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A character model with the vocabulary that it was trained on, as a checkpoint holds them.
///
/// Metadata of the file: `architecture`, the model's shape as JSON; `tokens`, the kind of token; `vocabulary`, the symbols as
/// JSON; and whatever else a training run adds.
public struct ModelFile<Scalar: StorableScalar>: Sendable {
  public var model: CharacterModel<Scalar>
  public let vocabulary: Vocabulary
  /// How far the training was when the file was written, where the file says so.
  public var history: TrainingHistory?
  /// Arrangement of the corpus that it was trained on; one text where that is not known.
  public var arrangement: CorpusArrangement { history?.arrangement ?? CorpusArrangement() }

  public init(model: CharacterModel<Scalar>, vocabulary: Vocabulary, history: TrainingHistory? = nil) {
    self.model = model
    self.vocabulary = vocabulary
    self.history = history
  }

  /// Reads a model from a checkpoint file, or from a run directory its `best` or else its `last`.
  ///
  /// - Throws: `FileError` (of kind `missing` also for a directory that holds neither), `SafetensorsError` or
  ///   `ModelFileError`, each with the file and the reason.
  public init(contentsOf path: String) throws {
    try self.init(Self.checkpoint(at: path))
  }

  /// The checkpoint that a path means: the file, or in a run directory its `best` or else its `last`.
  public static func checkpoint(at path: String) throws -> Checkpoint {
    try checkpoint(at: path, using: SystemFiles())
  }

  package static func checkpoint(at path: String, using files: any FileOperations) throws -> Checkpoint {
    guard try files.statusIfAny(of: path)?.kind == .directory else {
      return try Checkpoint(contentsOf: path, using: files)
    }
    return try Checkpoint(contentsOf: RunOwnership(of: RunDirectory(path, using: files)).modelToUse(), using: files)
  }

  /// - Throws: `ModelFileError` or `SafetensorsError` when the checkpoint does not hold a whole model.
  public init(_ checkpoint: Checkpoint) throws { try self.init(StoredModel(checkpoint)) }

  /// Takes the weights of a stored model.
  ///
  /// - Throws: `SafetensorsError` when a number is out of the range of `Scalar`.
  public init(_ stored: StoredModel) throws(SafetensorsError) {
    model = CharacterModel(stored.shape)
    try model.take(from: stored.weights)
    (vocabulary, history) = (stored.vocabulary, stored.history)
  }

  /// The checkpoint of this model alone.
  public var checkpoint: Checkpoint {
    var checkpoint = Self.checkpoint(
      of: Checkpoint(parametersOf: model).tensors, shape: model.shape, vocabulary: vocabulary)
    if let history { checkpoint.metadata[MetadataKey.history] = canonicalJSON(history) }
    return checkpoint
  }

  /// A checkpoint of parameters by name, which are to be those of a model of this shape.
  package static func checkpoint(
    of tensors: [String: StoredTensor], shape: ModelShape, vocabulary: Vocabulary, file: String = "checkpoint"
  ) -> Checkpoint {
    Checkpoint(
      tensors: tensors,
      metadata: [
        MetadataKey.architecture: canonicalJSON(shape),
        MetadataKey.tokens: vocabulary.kind.rawValue,
        MetadataKey.vocabulary: vocabulary.json,
      ], file: file)
  }
}

/// Names in a checkpoint's metadata.
package enum MetadataKey {
  package static let architecture = "architecture"
  package static let tokens = "tokens"
  package static let vocabulary = "vocabulary"
  /// All that an exported model needs.
  package static let model = [architecture, tokens, vocabulary]
  static let history = "history"
  static let run = "run"
}

extension ModelFile {
  /// Hash of all that the model's predictions depend on: its shape, its symbols and its parameters.
  var hash: ContentHash {
    var hash = ContentHash()
    hash.add(canonicalJSON(model.shape))
    hash.add(vocabulary.kind.rawValue)
    hash.add(vocabulary.json)
    for (name, parameter) in model.parameters {
      hash.add(name)
      hash.update(LittleEndianBytes.encode(parameter.value.scalars))
    }
    return hash
  }

  /// SHA-256 of all that the model's predictions depend on.
  package var contentHash: String { hash.finalize() }
}

extension ContentHash {
  /// Adds a text with its length.
  mutating func add(_ text: String) { update(LittleEndianBytes.encode([text.utf8.count]) + text.utf8) }
}
