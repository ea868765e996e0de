import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A model as a checkpoint holds it, checked but for its weights, which stay in the file until a `ModelFile` takes them.
///
/// Every name and every shape is compared with the file's header before memory is taken for a weight.
public struct StoredModel: Sendable {
  public let checkpoint: Checkpoint
  public let shape: ModelShape
  public let vocabulary: Vocabulary
  /// How far the training was when the file was written, where the file says so.
  public let history: TrainingHistory?
  public let parameterCount: Int
  /// The checkpoint with a tensor for every parameter, also for one that it holds under another name.
  let weights: Checkpoint

  /// Reads a model from a checkpoint file, or from a run directory its `best` or else its `last`.
  ///
  /// - Throws: `FileError` (of kind `missing` also for a directory that holds neither), `SafetensorsError` or
  ///   `ModelFileError`, each with the file and the reason.
  public init(contentsOf path: String) throws { try self.init(ModelFile<Float>.checkpoint(at: path)) }

  /// - Throws: `ModelFileError` or `SafetensorsError` when the checkpoint does not hold a whole model.
  public init(_ checkpoint: Checkpoint) throws {
    let file = checkpoint.file
    func metadata(_ name: String) throws(ModelFileError) -> String {
      guard let text = checkpoint.metadata[name] else {
        throw ModelFileError(file: file, problem: .noMetadata(name: name))
      }
      return text
    }
    let shape: ModelShape = try decoded(metadata(MetadataKey.architecture), .architecture, settingsAt: "", file: file)
    if let problem = shape.problem {
      throw ModelFileError(file: file, problem: .settings(problem, of: .architecture))
    }
    self.shape = shape
    vocabulary = try Self.vocabulary(
      metadata(MetadataKey.vocabulary), kind: metadata(MetadataKey.tokens), count: shape.vocabulary, file: file)
    history = try checkpoint.metadata[MetadataKey.history].map { try TrainingHistory(json: $0, file: file) }
    // Without values: a few objects for each layer, of which a sound shape has 64 at most.
    let model = CharacterModel<Float>(shape)
    parameterCount = model.parameterCount
    weights = try Self.requireWeights(of: model, in: checkpoint)
    self.checkpoint = checkpoint
  }

  private static func vocabulary(
    _ json: String, kind: String, count: Int, file: String
  ) throws(ModelFileError) -> Vocabulary {
    guard let kind = TokenKind(rawValue: kind) else {
      throw ModelFileError(file: file, problem: .unknownTokenKind(kind))
    }
    let vocabulary: Vocabulary
    do { vocabulary = try Vocabulary(json: json, kind: kind) } catch {
      throw ModelFileError(file: file, problem: .vocabulary(error))
    }
    guard vocabulary.count == count else {
      throw ModelFileError(file: file, problem: .vocabularySize(symbols: vocabulary.count, needed: count))
    }
    return vocabulary
  }

  /// The checkpoint with every parameter under its own name.
  ///
  /// - Throws: where a parameter is missing, has another shape or no floating-point type, and where the file has a tensor
  ///   that is named like a parameter and is none.
  private static func requireWeights(of model: CharacterModel<Float>, in checkpoint: Checkpoint) throws -> Checkpoint {
    var weights = checkpoint
    let parameters = model.parameters
    for (name, _) in parameters where weights.tensors[name] == nil {
      // The Python package saves a tensor that has several names once, and says in the metadata under which.
      if let other = checkpoint.metadata[name], let tensor = checkpoint.tensors[other] {
        weights.tensors[name] = tensor
      }
    }
    for (name, parameter) in parameters {
      try weights.requireFloatingPoint(name, shape: parameter.shape.dimensions)
    }
    let known = Set(parameters.map(\.name))
    let strangers = checkpoint.tensors.keys.filter { name in
      ["encoder.", "rnn.", "decoder."].contains { name.hasPrefix($0) } && !known.contains(name)
    }
    for name in strangers.sorted() {
      let (encoder, decoder) = ("encoder.weight", "decoder.weight")
      guard model.architecture.isTied, name == decoder else {
        throw ModelFileError(file: checkpoint.file, problem: .extraParameter(name))
      }
      // Both names of tied weights, as other programs write them.
      guard weights.tensors[encoder] == checkpoint.tensors[decoder] else {
        throw ModelFileError(file: checkpoint.file, problem: .tiedWeightsDiffer(encoder, decoder))
      }
    }
    return weights
  }
}
