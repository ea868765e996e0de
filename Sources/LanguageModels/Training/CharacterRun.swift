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
  /// Directory that keeps the run; nil keeps nothing.
  public let directory: RunDirectory?
  public let split: CorpusSplit
  let trainer: Trainer<CharacterTask<Float>>
  /// Whether it was resumed from a checkpoint.
  let isResumed: Bool
  var claim: DirectoryClaim?
  /// Whether the directory may hold files of this run already.
  var hasTrained = false
  /// The newest best model, where it could not be saved yet.
  var pendingBest: Checkpoint?

  /// A new run, or the one that a checkpoint holds.
  ///
  /// - Parameters:
  ///   - checkpoint: the `last` of the run to resume; nil starts from the beginning.
  ///   - initial: a model whose weights to start from, matched by symbol.
  ///   - directory: it is made when training begins.
  public init(
    settings: TrainingSettings, corpus: Corpus, directory: RunDirectory? = nil, resuming checkpoint: Checkpoint? = nil,
    initial: ModelFile<Float>? = nil, threads: Int = 1
  ) throws(CharacterRunError) {
    guard settings.precision.isSupported else {
      throw .unsupportedPrecision(settings.precision, instructionSet: InstructionSet.current.rawValue)
    }
    if let problem = settings.problem { throw .settings(problem) }
    self.settings = settings
    self.corpus = corpus
    self.directory = directory
    split = try settings.split(corpus)
    let validation =
      split.validation.count >= TrainingSettings.leastHeldOut ? TextStream(corpus.tokens[split.validation]) : nil
    // A run that was begun with a setting that does nothing can go on.
    if checkpoint == nil { try settings.requireEffect(heldOut: split.validation.count) }
    let schedule = try settings.learningRateSchedule()
    var model = CharacterModel<Float>(settings.shape(vocabulary: corpus.vocabulary.count))
    try Self.requireMemory(for: model, settings)
    let task = CharacterTask(
      model, windows: try settings.windows(of: corpus, split: split), validation: validation,
      penalties: settings.penalties)

    if let checkpoint {
      model = try Self.model(of: checkpoint, shape: model.shape, corpus: corpus)
    } else {
      var random = RandomSource(seed: UInt64(settings.seed))
      model.initialize(using: &random)
    }
    if let initial {
      do { try model.takeWeights(of: initial, vocabulary: corpus.vocabulary) } catch { throw .transfer(error) }
    }
    isResumed = checkpoint != nil
    trainer = Trainer(
      model: model, task: task, optimizer: settings.optimizerSettings,
      schedule: schedule, clipping: settings.clip > 0 ? .norm(settings.clip) : .none, seed: UInt64(settings.seed),
      threads: threads, products: settings.precision.products)
    guard let checkpoint else { return }
    let record = try Self.record(of: checkpoint)
    do { try trainer.restore(from: checkpoint, record: record) } catch { throw .checkpoint(error) }
  }

  private static func record(of checkpoint: Checkpoint) throws(CharacterRunError) -> RunRecord {
    do { return try RunRecord(checkpoint) } catch { throw .modelFile(error) }
  }

  /// The model of a run's checkpoint, if the run was one of this shape on this corpus.
  private static func model(
    of checkpoint: Checkpoint, shape: ModelShape, corpus: Corpus
  ) throws(CharacterRunError) -> CharacterModel<Float> {
    let record = try record(of: checkpoint)
    guard record.corpusHash == corpus.contentHash else {
      throw .corpusChanged(file: checkpoint.file, tokensThen: record.corpusTokens, tokensNow: corpus.tokens.count)
    }
    let saved: ModelFile<Float>
    do { saved = try ModelFile<Float>(checkpoint) } catch let error as ModelFileError {
      throw .modelFile(error)
    } catch let error as SafetensorsError { throw .checkpoint(error) } catch { fatalError("ModelFile: \(error)") }
    guard saved.model.shape == shape, saved.vocabulary == corpus.vocabulary else {
      throw .modelFile(ModelFileError(file: checkpoint.file, problem: .otherModel))
    }
    return saved.model
  }

  /// Refuses a run that cannot fit into this machine's memory.
  private static func requireMemory(
    for model: CharacterModel<Float>, _ settings: TrainingSettings
  ) throws(CharacterRunError) {
    let steps = TruncatedWindows.stepsKept(
      length: settings.length, backwardLength: settings.backwardLength, varies: settings.variesLength)
    let bytes = model.trainingBytes(
      rows: Double(settings.batch) * Double(steps), isPenalized: settings.penalties != ActivationPenalties())
    let available = Double(ProcessInfo.processInfo.physicalMemory)
    guard bytes < available else { throw .tooLarge(bytes: bytes, available: available) }
  }

  /// Settings of the run that a `last` holds, for the options that a resume does not repeat.
  public static func settings(of checkpoint: Checkpoint) throws(ModelFileError) -> TrainingSettings {
    try RunRecord(checkpoint).settings
  }

  /// Instruction set that a run was last saved under.
  public static func instructionSet(of checkpoint: Checkpoint) throws(ModelFileError) -> String {
    try RunRecord(checkpoint).instructionSet
  }

  /// Hash of the corpus that a run was trained on.
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
