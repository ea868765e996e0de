import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// A run that trains a character model on a corpus and, as a rule, keeps it in a run directory.
///
/// It can be killed at any moment and resumed; it then ends with the same bits as one that was left alone.
public final class CharacterRun {
  public let settings: TrainingSettings
  public let corpus: Corpus
  /// Where the run is kept; nil keeps nothing.
  public let directory: RunDirectory?
  public let split: CorpusSplit
  let trainer: Trainer<CharacterTask<Float>>

  /// A new run, or the one that the directory holds.
  ///
  /// - Parameters:
  ///   - checkpoint: the `last` of the run to go on with; nil starts from the beginning.
  ///   - initial: a model whose weights to start from, matched by symbol.
  ///   - directory: where it is kept; it is made when training begins.
  /// - Throws: `TrainingSettings.UnsupportedPrecision`, `CorpusError`, `CorpusSplitError`, `ResumeError`, `ModelFileError` or `SafetensorsError`.
  public init(
    settings: TrainingSettings, corpus: Corpus, directory: RunDirectory? = nil, resuming checkpoint: Checkpoint? = nil,
    initial: ModelFile<Float>? = nil, threads: Int = 1
  ) throws {
    guard settings.precision.isSupported else {
      throw TrainingSettings.UnsupportedPrecision(precision: settings.precision)
    }
    self.settings = settings
    self.corpus = corpus
    self.directory = directory
    split = try CorpusSplit(
      count: corpus.tokens.count, validation: Self.fraction(settings.validationFraction),
      test: Self.fraction(settings.testFraction))
    let configuration = settings.configuration(vocabulary: corpus.vocabulary.count)
    let batches = try ContiguousBatches(
      corpus.tokens, in: split.train, batch: settings.batch, length: settings.length)
    let validation = split.validation.count > 1 ? TextStream(corpus.tokens[split.validation]) : nil
    let task = CharacterTask<Float>(batches: batches, validation: validation, configuration: configuration)

    var random = RandomSource(seed: settings.seed)
    var model =
      checkpoint == nil ? CharacterModel<Float>(configuration, using: &random) : CharacterModel(zeros: configuration)
    if let initial { try model.takeWeights(of: initial, vocabulary: corpus.vocabulary) }
    trainer = Trainer(
      model: model, task: task, rule: settings.optimizer.rule, learningRate: settings.learningRate, clip: settings.clip,
      seed: settings.seed, threads: threads, products: settings.precision.products)
    if let checkpoint {
      let record = try RunRecord(checkpoint)
      guard record.corpusHash == corpus.contentHash else {
        throw ResumeError.corpusChanged(
          file: checkpoint.file, tokensThen: record.corpusTokens, tokensNow: corpus.tokens.count)
      }
      try trainer.restore(from: checkpoint, record: record)
    }
  }

  /// The settings that the `last` of a run was made with, for the options that a resume does not repeat.
  public static func settings(of checkpoint: Checkpoint) throws(ModelFileError) -> TrainingSettings {
    try RunRecord(checkpoint).settings
  }

  /// The instruction set that a run was last saved under.
  public static func instructionSet(of checkpoint: Checkpoint) throws(ModelFileError) -> String {
    try RunRecord(checkpoint).instructionSet
  }

  /// The hash of the corpus that a run was trained on.
  public static func corpusHash(of checkpoint: Checkpoint) throws(ModelFileError) -> String {
    try RunRecord(checkpoint).corpusHash
  }

  public var stepsPerEpoch: Int { trainer.task.stepsPerEpoch }
  /// Steps done.
  public var step: Int { trainer.step }
  public var model: CharacterModel<Float> { trainer.model }
  /// Tokens that one step trains on.
  public var tokensPerStep: Int { settings.batch * settings.length }
  public var progress: TrainingProgress { trainer.progress }

  /// The model as it stands, for saving or sampling.
  func file(validationLoss: Double?) -> ModelFile<Float> {
    ModelFile(
      model: model, vocabulary: corpus.vocabulary,
      history: TrainingHistory(
        step: step, epoch: Double(step) / Double(stepsPerEpoch), validationLoss: validationLoss,
        corpusHash: corpus.contentHash, validationFraction: settings.validationFraction,
        testFraction: settings.testFraction))
  }

  private static func fraction(_ text: String) throws -> DecimalFraction {
    guard let fraction = DecimalFraction(text) else {
      throw ModelFileError(file: "settings", reason: "\"\(text)\" is no decimal fraction")
    }
    return fraction
  }
}

/// Why a run cannot be resumed.
public enum ResumeError: Error, Equatable, CustomStringConvertible {
  case corpusChanged(file: String, tokensThen: Int, tokensNow: Int)

  public var description: String {
    switch self {
    case .corpusChanged(let file, let then, let now):
      "\(file): the corpus has changed since this run began"
        + (then == now ? " (as many tokens, other content)" : " (\(then) tokens then, \(now) now)")
        + "; resume with the corpus it was trained on, or start a new run with --out or --overwrite"
    }
  }
}
