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
  public static func checkpoint(at path: String) throws -> Checkpoint { try Checkpoint(contentsOf: resolve(path)) }

  /// - Throws: `ModelFileError` or `SafetensorsError` when the checkpoint does not hold a whole model.
  public init(_ checkpoint: Checkpoint) throws {
    func failure(_ problem: ModelFileError.Problem) -> ModelFileError {
      ModelFileError(file: checkpoint.file, problem: problem)
    }
    func metadata(_ name: String) throws(ModelFileError) -> String {
      guard let text = checkpoint.metadata[name] else { throw failure(.noMetadata(name: name)) }
      return text
    }
    let shape: ModelShape = try decoded(
      metadata(MetadataKey.architecture), .architecture, settingsAt: "", file: checkpoint.file)
    if let problem = shape.problem { throw failure(.settings(problem, of: .architecture)) }
    let kindName = try metadata(MetadataKey.tokens)
    guard let kind = TokenKind(rawValue: kindName) else { throw failure(.unknownTokenKind(kindName)) }
    do { vocabulary = try Vocabulary(json: metadata(MetadataKey.vocabulary), kind: kind) } catch let error
      as VocabularyError
    { throw failure(.vocabulary(error)) }
    guard vocabulary.count == shape.vocabulary else {
      throw failure(.vocabularySize(symbols: vocabulary.count, needed: shape.vocabulary))
    }
    model = CharacterModel(shape)
    // Before memory is taken for the weights, so that a damaged number cannot ask for more than the file accounts for.
    let stored = checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    let needed = model.parameterCount
    guard needed <= stored else { throw failure(.tooFewNumbers(stored: stored, needed: needed)) }
    try model.take(from: checkpoint)
    let known = Set(model.parameters.map(\.name))
    let isOfModel = { (name: String) in ["encoder.", "rnn.", "decoder."].contains { name.hasPrefix($0) } }
    if let unknown = checkpoint.names.first(where: { isOfModel($0) && !known.contains($0) }) {
      throw failure(.extraParameter(unknown))
    }
    history = try checkpoint.metadata[MetadataKey.history].map { try TrainingHistory(json: $0, file: checkpoint.file) }
  }

  /// The checkpoint of this model alone.
  public var checkpoint: Checkpoint {
    var checkpoint = Checkpoint(
      parametersOf: model,
      metadata: [
        MetadataKey.architecture: canonicalJSON(model.shape),
        MetadataKey.tokens: vocabulary.kind.rawValue,
        MetadataKey.vocabulary: vocabulary.json,
      ])
    if let history { checkpoint.metadata[MetadataKey.history] = canonicalJSON(history) }
    return checkpoint
  }

  /// The file itself, or in a run directory `best`, else `last`.
  private static func resolve(_ path: String) throws(FileError) -> String {
    guard FileKind(at: path) == .directory else { return path }
    let directory = RunDirectory(path)
    guard let file = [directory.best, directory.last].first(where: { FileKind(at: $0) != nil }) else {
      throw FileError(
        path: path, action: "open", code: ENOENT,
        explanation: "holds no run (neither best.safetensors nor last.safetensors)")
    }
    return file
  }
}

/// Names in a checkpoint's metadata.
enum MetadataKey {
  static let architecture = "architecture"
  static let tokens = "tokens"
  static let vocabulary = "vocabulary"
  static let history = "history"
  static let run = "run"
}
