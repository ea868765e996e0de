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
  /// - Throws: `FileError` (of kind `missing` also for a directory that holds neither), `SafetensorsError` or
  ///   `ModelFileError`, each with the file and the reason.
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
      throw ModelFileError(file: file, reason: "the kind of token \(shown(kindName)) is unknown to this version")
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
    model = CharacterModel(configuration)
    try model.take(from: checkpoint)
    let known = Set(model.parameters.map(\.name))
    let isOfModel = { (name: String) in ["encoder.", "rnn.", "decoder."].contains { name.hasPrefix($0) } }
    if let unknown = checkpoint.names.first(where: { isOfModel($0) && !known.contains($0) }) {
      throw ModelFileError(file: file, reason: "its architecture has no parameter \(shown(unknown)), which it holds")
    }
    history = try checkpoint.metadata[MetadataKey.history].map { try TrainingHistory(json: $0, file: file) }
  }

  /// The checkpoint of this model alone.
  public var checkpoint: Checkpoint {
    var checkpoint = Checkpoint(
      parametersOf: model,
      metadata: [
        MetadataKey.architecture: canonicalJSON(model.configuration),
        MetadataKey.tokens: vocabulary.kind.rawValue,
        MetadataKey.vocabulary: vocabulary.json,
      ])
    if let history { checkpoint.metadata[MetadataKey.history] = canonicalJSON(history) }
    return checkpoint
  }

  private static func configuration(_ json: String, file: String) throws(ModelFileError) -> ModelConfiguration {
    let configuration: ModelConfiguration = try decoded(json, "the architecture", file: file)
    if let problem = configuration.problem { throw ModelFileError(file: file, reason: "the architecture: \(problem)") }
    return configuration
  }

  /// The file itself, or in a run directory `best`, else `last`.
  private static func resolve(_ path: String) throws(FileError) -> String {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue else {
      return path
    }
    let directory = RunDirectory(path)
    guard let file = [directory.best, directory.last].first(where: { FileManager.default.fileExists(atPath: $0) })
    else {
      throw FileError(
        path: path, action: "open", code: ENOENT,
        explanation: "holds no run (neither best.safetensors nor last.safetensors)")
    }
    return file
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
    self = try decoded(json, "its training history", file: file)
    guard split(count: 0) != nil else {
      throw ModelFileError(
        file: file,
        reason: "its training history: the fractions \(shown(validationFraction)) for validation and "
          + "\(shown(testFraction)) for test split no text")
    }
  }

  /// How a text of `count` tokens is split by the fractions; nil where they are no fractions or leave nothing to train on.
  public func split(count: Int) -> CorpusSplit? {
    guard let validation = DecimalFraction(validationFraction), let test = DecimalFraction(testFraction) else {
      return nil
    }
    return try? CorpusSplit(count: count, validation: validation, test: test)
  }
}

/// The value of a JSON text in a checkpoint's metadata. A name that stands twice in an object is refused, and so is one that
/// this version would leave unread: it may change what the others mean.
///
/// - Parameter subject: what errors call it.
func decoded<Value: Codable>(
  _ json: String, _ subject: String, file: String
) throws(ModelFileError) -> Value {
  let value: Value
  do {
    try requireDistinctNames(inJSON: json)
    value = try JSONDecoder().decode(Value.self, from: Data(json.utf8))
  } catch SafetensorsError.Problem.duplicateName(let name, _) {
    throw ModelFileError(file: file, reason: "\(subject): the name \(shown(name)) stands twice")
  } catch {
    throw ModelFileError(file: file, reason: "\(subject) is not one that this version knows: \(shown(json))")
  }
  if let unknown = names(inJSON: json).subtracting(names(inJSON: canonicalJSON(value))).min() {
    throw ModelFileError(file: file, reason: "\(subject) has \(shown(unknown)), which is unknown to this version")
  }
  return value
}

/// The names of all values in a JSON text, those within others with theirs before: `refined.zoneout`.
private func names(inJSON json: String) -> Set<String> {
  func names(_ value: Any, at path: String) -> [String] {
    guard let members = value as? [String: Any] else { return value is NSNull ? [] : [path] }
    return members.flatMap { names($1, at: path.isEmpty ? $0 : "\(path).\($0)") }
  }
  let value = try? JSONSerialization.jsonObject(with: Data(json.utf8), options: .fragmentsAllowed)
  return Set(names(value ?? NSNull(), at: ""))
}

/// Text from a file that may be hostile, cut where it would drown the message.
private func shown(_ text: String) -> String {
  let scalars = text.unicodeScalars
  return "\"\(String(scalars.prefix(100)))\(scalars.count > 100 ? "…" : "")\""
}

/// JSON with sorted keys: the same bytes for the same value.
func canonicalJSON(_ value: some Encodable) -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  guard let data = try? encoder.encode(value) else { programmingError("\(type(of: value)) holds a number JSON cannot") }
  return String(decoding: data, as: UTF8.self)
}
