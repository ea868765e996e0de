import Autograd
import Foundation
import ModelTraining
import NeuralLayers
import ProcessGroups
import SequenceText
import TensorCheckpoints
import TensorCore

/// A run that trains a character model on a corpus and, as a rule, keeps it in a run directory.
///
/// It can be killed at any moment and resumed; it then ends with the same bits as one that was left alone.
public final class CharacterRun {
  public let settings: TrainingSettings
  public let corpus: Corpus
  /// The corpus in the order of its parts.
  public let text: ArrangedCorpus
  /// Directory that keeps the run; nil keeps nothing. It may be changed until it is claimed.
  public var directory: RunDirectory?
  public var split: CorpusSplit { text.split }
  /// Hash of the corpus, the starting weights and the settings, without the patience. All files of the run carry it; nil for a resumed run that
  /// was begun by a version that had none.
  public let identity: String?
  /// Whether it goes on from another state than its `last`, which that state then replaces.
  let isExtended: Bool
  /// Whether activations are computed again in the backward pass, to stay within the memory.
  public let recomputes: Bool
  /// Bytes that training takes, about.
  package let trainingBytes: Double
  let trainer: Trainer<CharacterTask<Float>>
  /// Processes that train together; nil for this one alone.
  var group: ProcessGroup? { trainer.group }
  var claim: DirectoryClaim?
  /// The `last` that it last read or wrote; nil before it has a directory.
  var knownState: DirectoryClaim.KnownState?
  /// The lowest validation loss of a model of this run that is on the disk, or waits to be.
  var bestLoss = Double.infinity
  /// The newest best model, where it could not be saved yet.
  var pendingBest: Checkpoint?
  var metrics: MetricsLog?

  /// A new run, or the one that a checkpoint holds.
  ///
  /// - Parameters:
  ///   - checkpoint: the `last` of the run to resume; nil starts from the beginning. The run goes on where it lies, or
  ///     begins another directory. Do not hold on to it: while it is mapped, the file that replaces it needs room beside it.
  ///   - last: the `last` that `checkpoint` takes the place of: where that is the state before a decay.
  ///   - initial: a model whose weights to start from, matched by symbol.
  ///   - directory: it is made when training begins.
  ///   - device: where steps are computed, in single precision, by this process alone.
  ///   - memory: bytes that training may take, about; nil for all that this process, or the device, may use. Where that is too little to keep
  ///     all activations, the backward pass computes them again: the same bits, for the time of another forward pass.
  ///   - group: processes that train together, each of which makes this run of the same settings, corpus and checkpoint; a directory
  ///     is for rank 0 alone. Nil for this process alone.
  public init(
    settings: TrainingSettings, corpus: Corpus, directory: RunDirectory? = nil, resuming checkpoint: Checkpoint? = nil,
    inPlaceOf last: Checkpoint? = nil, initial: ModelFile<Float>? = nil, threads: Int = 1, device: Device = .cpu,
    memory: Double? = nil, group: ProcessGroup? = nil
  ) throws(CharacterRunError) {
    guard settings.precision.isSupported else {
      throw .unsupportedPrecision(
        settings.precision, instructionSet: InstructionSet.current.rawValue, isResumed: checkpoint != nil)
    }
    if device != .cpu && settings.precision != .float32 {
      throw .precisionOnDevice(settings.precision, device: device.description, isResumed: checkpoint != nil)
    }
    if let problem = settings.problem { throw .settings(problem) }
    guard corpus.kind == settings.tokens else { throw .otherTokens(corpus.kind, settings: settings.tokens) }
    let record = try checkpoint.map { checkpoint throws(CharacterRunError) in
      try Self.record(of: checkpoint, on: corpus)
    }
    self.settings = settings
    self.corpus = corpus
    self.directory = directory
    let text = try settings.arranged(corpus)
    self.text = text
    let split = text.split
    let validation =
      split.validation.count >= TrainingSettings.leastHeldOut
      ? (try? text.reading(.validation)).map { TextStream(text, in: $0) } : nil
    if let record {
      // A run that was begun with a setting that does nothing can go on; patience may be given anew.
      if settings.patience != record.settings.patience {
        try settings.requirePatienceEffect(heldOut: split.validation.count)
      }
    } else {
      try settings.requireEffect(heldOut: split.validation.count)
    }
    let schedule = try settings.learningRateSchedule()
    var model = CharacterModel<Float>(settings.shape(vocabulary: corpus.vocabulary.count))
    if let group, settings.batch < group.size { throw .tooManyRanks(group.size, batch: settings.batch) }
    let shard = BatchShard(of: settings.batch, rank: group?.rank ?? 0, size: group?.size ?? 1)
    (recomputes, trainingBytes) = try Self.mustRecompute(
      model, settings, batch: shard.count, hasDocuments: text.documentStarts != nil, on: device, within: memory,
      resuming: checkpoint)
    let task = CharacterTask(
      model, windows: try settings.windows(of: text, streams: shard.sequences), validation: validation,
      penalties: settings.penalties, group: group)

    if let checkpoint {
      let saved = try Self.file(of: checkpoint, shape: model.shape, corpus: corpus)
      guard saved.history?.isOf(corpus) ?? true else { throw .filesChanged(file: checkpoint.file) }
      (model, identity) = (saved.model, saved.history?.run)
    } else {
      var random = RandomSource(seed: UInt64(settings.seed))
      model.initialize(using: &random)
      if let initial {
        do { try model.takeWeights(of: initial, vocabulary: corpus.vocabulary) } catch { throw .transfer(error) }
      }
      identity = model.identity(settings: settings, corpus: corpus)
    }
    isExtended = last != nil && last?.file != checkpoint?.file
    knownState = (last ?? checkpoint).map { checkpoint in
      let path = directory.flatMap { $0.last == checkpoint.file ? $0.path : nil }
      return DirectoryClaim.KnownState(path: path, metadata: checkpoint.metadata)
    }
    model.rnn.recomputes = recomputes
    trainer = Trainer(
      model: model, task: task, optimizer: settings.optimizerSettings,
      schedule: schedule, clipping: settings.clip > 0 ? .norm(settings.clip) : .none, averaging: settings.averaging,
      seed: UInt64(settings.seed), threads: threads, products: settings.precision.products, device: device, group: group
    )
    guard let checkpoint, let record else { return }
    do { try trainer.restore(from: checkpoint, record: record) } catch { throw .checkpoint(error) }
  }

  /// The record of a checkpoint whose run was one on this corpus.
  private static func record(
    of checkpoint: Checkpoint, on corpus: Corpus
  ) throws(CharacterRunError) -> RunRecord {
    let record: RunRecord
    do { record = try RunRecord(checkpoint) } catch { throw .modelFile(error) }
    guard record.corpusHash == corpus.contentHash else {
      throw .corpusChanged(file: checkpoint.file, tokensThen: record.corpusTokens, tokensNow: corpus.tokens.count)
    }
    return record
  }

  /// The model of a run's checkpoint, if it is of this shape.
  private static func file(
    of checkpoint: Checkpoint, shape: ModelShape, corpus: Corpus
  ) throws(CharacterRunError) -> ModelFile<Float> {
    let saved: ModelFile<Float>
    do { saved = try ModelFile<Float>(checkpoint) } catch let error as ModelFileError {
      throw .modelFile(error)
    } catch let error as SafetensorsError { throw .checkpoint(error) } catch { fatalError("ModelFile: \(error)") }
    guard saved.model.shape == shape, saved.vocabulary == corpus.vocabulary else {
      throw .modelFile(ModelFileError(file: checkpoint.file, problem: .otherModel))
    }
    return saved
  }

  /// Whether a run must compute activations again to fit into the memory that it may use, and the bytes that it then takes, about;
  /// refuses one that does not fit even then.
  ///
  /// - Parameters:
  ///   - batch: streams of this process.
  ///   - limit: the most bytes; nil for all that this process may use.
  private static func mustRecompute(
    _ model: CharacterModel<Float>, _ settings: TrainingSettings, batch: Int, hasDocuments: Bool, on device: Device,
    within limit: Double?, resuming checkpoint: Checkpoint?
  ) throws(CharacterRunError) -> (recomputes: Bool, bytes: Double) {
    let steps = TruncatedWindows.stepsKept(
      length: settings.length, backwardLength: settings.backwardLength, varies: settings.variesLength)
    func bytes(recomputes: Bool) -> Double {
      model.trainingBytes(
        time: steps, batch: batch, hasDocuments: hasDocuments,
        isPenalized: settings.penalties != ActivationPenalties(),
        isAveraged: settings.averaging > 0, recomputes: recomputes)
    }
    let available = min(device.memoryLimit ?? MemoryLimit.available, limit ?? .infinity)
    let (most, least) = (bytes(recomputes: false), bytes(recomputes: true))
    if most < available { return (false, most) }
    if least < available { return (true, least) }
    // A limit that was given is no fault of the file.
    guard let checkpoint, available < limit ?? .infinity else { throw .tooLarge(bytes: least, available: available) }
    throw .modelFile(ModelFileError(file: checkpoint.file, problem: .tooLarge(bytes: least, available: available)))
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
  /// Where steps are computed.
  public var device: Device { trainer.workspace.device }
  /// The model with the newest weights, on the run's device.
  public var model: CharacterModel<Float> { trainer.model }
  /// The model that is validated and kept as `best`: that of averaged weights, if any are averaged.
  public var validatedModel: CharacterModel<Float> { trainer.validatedModel }
  /// Tokens that one step trains on; the mean where lengths vary.
  public var tokensPerStep: Int { settings.batch * settings.length }
  public var progress: TrainingProgress { trainer.progress }
  /// Step of the state that was saved last; nil where none is.
  package var savedStep: Int? { directory.flatMap { knownState?.step(in: $0) } }
  /// Mean characters per token in the text that validation predicts, for bits per character that compare across kinds of token.
  /// Nil where no character begins there. The ranks of a group find it together, when they begin to train.
  public private(set) lazy var validationCharactersPerToken: Double? = {
    guard let predicted = try? text.reading(.validation).dropFirst() else { return nil }
    let characters: Int
    if let group, !corpus.tokens.isWhole {
      let own = RankShare(split, batch: settings.batch, rank: group.rank, size: group.size).validated
      characters = Int(group.sums(of: [Double(corpus.measure(own).characters)])[0])
    } else {
      characters = text.corpus.measure(predicted).characters
    }
    return characters > 0 ? Double(characters) / Double(predicted.count) : nil
  }()

  /// A model of this run as it stands, for saving.
  package func file(of model: CharacterModel<Float>, validationLoss: Double?) -> ModelFile<Float> {
    ModelFile(
      model: model, vocabulary: corpus.vocabulary,
      history: TrainingHistory(
        step: step, epoch: Double(step) / Double(stepsPerEpoch), validationLoss: validationLoss,
        corpusHash: corpus.contentHash, validationFraction: settings.validationFraction,
        testFraction: settings.testFraction, arrangement: settings.arrangement, run: identity
      ).noting(filesOf: corpus))
  }
}

extension CharacterModel<Float> {
  /// Hash of the settings, the corpus, its vocabulary and the weights of a run that starts from this model. Its patience, which may be
  /// given anew, is left out.
  fileprivate func identity(settings: TrainingSettings, corpus: Corpus) -> String {
    var (settings, hash) = (settings, ContentHash())
    settings.patience = nil
    hash.update(Array("\(canonicalJSON(settings))\n\(corpus.contentHash)\n".utf8))
    // Other vocabularies follow from the corpus.
    if corpus.kind.isOfPieces { hash.update(Array("\(corpus.vocabulary.json)\n".utf8)) }
    for (name, parameter) in parameters {
      hash.update(Array("\(name)\n".utf8))
      hash.update(StoredTensor(parameter.value).bytes)
    }
    return hash.finalize()
  }
}
