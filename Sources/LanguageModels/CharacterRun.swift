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
  /// Whether it goes on with an earlier run.
  let isResumed: Bool
  var claim: DirectoryClaim?
  /// Whether what the directory holds may be this run's own.
  var hasTrained = false
  /// The newest best model, where it could not be saved yet.
  var pendingBest: Checkpoint?

  /// A new run, or the one that the directory holds.
  ///
  /// - Parameters:
  ///   - checkpoint: the `last` of the run to go on with; nil starts from the beginning.
  ///   - initial: a model whose weights to start from, matched by symbol.
  ///   - directory: where it is kept; it is made when training begins.
  /// - Throws: `TrainingSettings.Unusable`, `TrainingSettings.UnsupportedPrecision`, `TrainingSettings.TooLarge`, `TrainingSettings.UnusableSchedule`,
  ///   `CorpusError`, `CorpusSplitError`, `ResumeError`, `ModelFileError` or `SafetensorsError`.
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
    split = try settings.split(corpus)
    let validation = split.validation.count > 1 ? TextStream(corpus.tokens[split.validation]) : nil
    let schedule = try settings.learningRateSchedule(validates: validation != nil)
    if let problem = settings.problem { throw TrainingSettings.Unusable(problem: problem) }
    let configuration = settings.configuration(vocabulary: corpus.vocabulary.count)
    try Self.requireMemory(for: settings, configuration)
    let windows = try settings.windows(of: corpus, split: split)
    let task = CharacterTask<Float>(
      windows: windows, validation: validation, configuration: configuration, penalties: settings.penalties)

    let saved = try checkpoint.map { try Self.model(of: $0, configuration: configuration, corpus: corpus) }
    var random = RandomSource(seed: settings.seed)
    var model = saved ?? CharacterModel<Float>(configuration).drawn(using: &random)
    if let initial { try model.takeWeights(of: initial, vocabulary: corpus.vocabulary) }
    isResumed = checkpoint != nil
    trainer = Trainer(
      model: model, task: task, optimizer: settings.optimizerSettings,
      schedule: schedule, clipping: settings.clip > 0 ? .norm(settings.clip) : .none, seed: settings.seed,
      threads: threads, products: settings.precision.products)
    if let checkpoint { try trainer.restore(from: checkpoint, record: RunRecord(checkpoint)) }
  }

  /// The model of a run's checkpoint, if the run was one of this architecture on this corpus.
  private static func model(
    of checkpoint: Checkpoint, configuration: ModelConfiguration, corpus: Corpus
  ) throws -> CharacterModel<Float> {
    let record = try RunRecord(checkpoint)
    guard record.corpusHash == corpus.contentHash else {
      throw ResumeError.corpusChanged(
        file: checkpoint.file, tokensThen: record.corpusTokens, tokensNow: corpus.tokens.count)
    }
    let saved = try ModelFile<Float>(checkpoint)
    guard saved.model.configuration == configuration, saved.vocabulary == corpus.vocabulary else {
      throw ModelFileError(file: checkpoint.file, reason: "its model is not the one that its own settings describe")
    }
    return saved.model
  }

  /// Refuses what cannot fit: weights, gradients, moments, packed copies and a state to go back to, and the activations of a
  /// step with their gradients.
  private static func requireMemory(for settings: TrainingSettings, _ configuration: ModelConfiguration) throws {
    let steps = TruncatedWindows.stepsKept(
      length: settings.length, backwardLength: settings.backwardLength, varies: settings.variesLength)
    let rows = Double(settings.batch) * Double(steps)
    let perUnit = configuration.activationsPerUnit + (settings.penalties == ActivationPenalties() ? 0 : 3)
    let units = Double(configuration.layers) * Double(configuration.hidden) * Double(perUnit)
    let numbers = 9 * Double(configuration.parameterCount) + rows * (units + 2 * Double(configuration.vocabulary))
    let machine = Double(ProcessInfo.processInfo.physicalMemory)
    guard numbers * 4 < machine else {
      throw TrainingSettings.TooLarge(bytes: numbers * 4, available: machine)
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
  /// Tokens that one step trains on; the mean where lengths vary.
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
