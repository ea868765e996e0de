import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A character model with the vocabulary that it was trained on, as a checkpoint holds them.
///
/// Metadata of the file: `architecture`, the model configuration as JSON; `tokens`, the kind of token; `vocabulary`, the symbols
/// as JSON; and what else a training run adds.
public struct ModelFile<Scalar: StorableScalar>: Sendable {
  public var model: CharacterModel<Scalar>
  public let vocabulary: Vocabulary
  /// How the training stood when the file was written, where the file says so.
  public var history: TrainingHistory?

  public init(model: CharacterModel<Scalar>, vocabulary: Vocabulary, history: TrainingHistory? = nil) {
    self.model = model
    self.vocabulary = vocabulary
    self.history = history
  }

  /// Reads a model from a checkpoint file, or from a run directory its `best` or else its `last`.
  ///
  /// - Throws: `FileError`, `SafetensorsError` or `ModelFileError`, each with the file and the reason.
  public init(contentsOf path: String) throws {
    try self.init(Self.checkpoint(at: path))
  }

  /// The checkpoint that a path means: the file, or in a run directory its `best` or else its `last`.
  public static func checkpoint(at path: String) throws -> Checkpoint { try Checkpoint(contentsOf: resolve(path)) }

  /// - Throws: `ModelFileError` or `SafetensorsError` when the checkpoint does not hold a whole model.
  public init(_ checkpoint: Checkpoint) throws {
    let file = checkpoint.file
    func metadata(_ key: String) throws(ModelFileError) -> String {
      guard let text = checkpoint.metadata[key] else {
        throw ModelFileError(file: file, reason: "its metadata has no \"\(key)\"; it is no charrnn model")
      }
      return text
    }
    let configuration = try Self.configuration(metadata(MetadataKey.architecture), file: file)
    let kindName = try metadata(MetadataKey.tokens)
    guard let kind = TokenKind(rawValue: kindName) else {
      throw ModelFileError(file: file, reason: "the kind of token \"\(kindName)\" is unknown to this version")
    }
    do { vocabulary = try Vocabulary(json: metadata(MetadataKey.vocabulary), kind: kind) } catch let error
      as VocabularyError
    {
      throw ModelFileError(file: file, reason: "\(error)")
    }
    guard vocabulary.count == configuration.vocabulary else {
      throw ModelFileError(
        file: file,
        reason: "the vocabulary has \(vocabulary.count) symbols, the architecture needs \(configuration.vocabulary)")
    }
    // Before a model of that size is made, so that a damaged number cannot ask for more memory than the file accounts for.
    let stored = checkpoint.tensors.values.reduce(0) { $0 + $1.count }
    guard configuration.parameterCount <= stored else {
      throw ModelFileError(
        file: file, reason: "the architecture needs \(configuration.parameterCount) numbers, the file holds \(stored)")
    }
    model = try CharacterModel(configuration, from: checkpoint)
    history = try checkpoint.metadata[MetadataKey.history].map { try TrainingHistory(json: $0, file: file) }
  }

  /// The checkpoint of this model alone.
  public var checkpoint: Checkpoint {
    var checkpoint = Checkpoint()
    checkpoint.metadata = [
      MetadataKey.architecture: canonicalJSON(model.configuration),
      MetadataKey.tokens: vocabulary.kind.rawValue,
      MetadataKey.vocabulary: vocabulary.json,
    ]
    if let history { checkpoint.metadata[MetadataKey.history] = canonicalJSON(history) }
    for (name, parameter) in model.parameters { checkpoint.tensors[name] = StoredTensor(parameter.value) }
    return checkpoint
  }

  private static func configuration(_ json: String, file: String) throws(ModelFileError) -> ModelConfiguration {
    do {
      let configuration = try JSONDecoder().decode(ModelConfiguration.self, from: Data(json.utf8))
      if let problem = configuration.problem { throw ModelFileError(file: file, reason: "architecture: \(problem)") }
      return configuration
    } catch let error as ModelFileError {
      throw error
    } catch {
      throw ModelFileError(
        file: file, reason: "the architecture is not one that this version knows: \(json.prefix(200))")
    }
  }

  /// The file itself, or in a run directory `best`, else `last`.
  private static func resolve(_ path: String) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      return path
    }
    let directory = RunDirectory(path)
    return FileManager.default.fileExists(atPath: directory.best) ? directory.best : directory.last
  }
}

/// The keys of a checkpoint's metadata.
enum MetadataKey {
  static let architecture = "architecture"
  static let tokens = "tokens"
  static let vocabulary = "vocabulary"
  static let history = "history"
  static let run = "run"
}

/// A checkpoint that is whole but holds no model that can be used.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
  public let file: String
  public let reason: String

  public var description: String { "\(file): \(reason)" }
}

/// How far a model was trained when it was saved.
public struct TrainingHistory: Sendable, Equatable, Codable {
  public var step: Int
  /// Passes over the training data, in part.
  public var epoch: Double
  /// In nats a token; nil where nothing was held out, or not yet measured.
  public var validationLoss: Double?

  /// The hash of the corpus's content, and how it was split: with them a test part can be told from training text.
  public var corpusHash: String
  public var validationFraction: String
  public var testFraction: String

  public init(
    step: Int, epoch: Double, validationLoss: Double?, corpusHash: String, validationFraction: String,
    testFraction: String
  ) {
    self.step = step
    self.epoch = epoch
    self.validationLoss = validationLoss
    self.corpusHash = corpusHash
    self.validationFraction = validationFraction
    self.testFraction = testFraction
  }

  init(json: String, file: String) throws(ModelFileError) {
    do { self = try JSONDecoder().decode(TrainingHistory.self, from: Data(json.utf8)) } catch {
      throw ModelFileError(file: file, reason: "its training history cannot be read")
    }
  }
}

/// JSON with sorted keys: the same bytes for the same value.
func canonicalJSON(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { programmingError("\(type(of: value)) holds a number JSON cannot") }
  return String(decoding: data, as: UTF8.self)
}
