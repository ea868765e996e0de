import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// Checks of a model file, or of all files of a run directory, to the last byte and number.
public enum Verification {
  /// The files that a path means, each with what it holds or what is wrong with it: the model file itself, or of a run
  /// directory `best`, `last`, the state before a decay, kept states, `config.json` and `metrics.jsonl`. One that is not there is wrong where the others show
  /// that the run had saved it.
  ///
  /// - Throws: `FileError` when there is no such file, or the directory holds no run.
  public static func files(at path: String) throws(FileError) -> [VerifiedFile] {
    let directory = RunDirectory(path)
    guard try directory.files.statusIfAny(of: path)?.kind == .directory else {
      return [try checked(path) { try model(at: path).summary }]
    }
    // Without a configuration that can be read, its own line says so, and the models are compared with each other.
    let ownership = try Result { try RunOwnership(of: directory) }.unlessFileError()
    let models = try directory.models()
    if models.isEmpty {
      throw FileError(path: path, action: "open", code: ENOENT, explanation: RunOwnership.holdsNoRun)
    }
    let kept = Dictionary(uniqueKeysWithValues: try directory.keptStates().map { ($0.path, $0.step) })
    var (files, own): ([VerifiedFile], [WholeModel]) = ([], [])
    var (firstOwn, traces): (String?, RunTraces) = (nil, RunTraces())
    for file in models {
      let isReplaced = try ownership?.owner(of: file) == .replaced
      if !isReplaced {
        firstOwn = firstOwn ?? file
        if kept[file] != nil { traces.savedLast = file }
      }
      files.append(
        try checked(file) {
          let others = isReplaced ? [] : own.map(\.stored)
          let whole = try model(at: file, of: isReplaced ? nil : ownership, among: others)
          if !isReplaced { own.append(whole) }
          if let step = kept[file], let found = whole.stored.history?.step, found != step {
            throw VerificationProblem(file: file, kind: .otherStep(found: found))
          }
          return whole.summary + (isReplaced ? "; of a run that this directory's replaces" : "")
        })
    }
    traces.savedBest = own.first { $0.lowestLoss != nil }?.stored.checkpoint.file
    if let index = files.firstIndex(where: { $0.path == directory.best }), case .success = files[index].content,
      let problem = Self.worseBest(among: own, best: directory.best)
    {
      files[index] = VerifiedFile(path: directory.best, content: .failure(problem))
    }
    let others = [
      (directory.configuration, { try Self.configuration(of: directory, for: own.last?.stored) }),
      (directory.metrics, { try Self.metrics(of: directory, run: ownership?.run, traces: &traces) }),
    ]
    // A model without a history, such as an imported one, is of no run that would have such files.
    let isOfRun = own.isEmpty || own.contains { $0.stored.history != nil }
    for (file, check) in others {
      if directory.holds(file) {
        files.append(try checked(file, check))
      } else if let firstOwn, isOfRun {
        files.append(.missing(file, shownBy: firstOwn))
      }
    }
    let missing = [(directory.best, traces.savedBest), (directory.last, traces.savedLast)]
    return missing.compactMap { file, trace in
      models.contains(file) ? nil : trace.map { .missing(file, shownBy: $0) }
    } + files
  }

  /// Writes the format version and the checksum of a model file anew, after another program changed it. All else must hold.
  /// The file is replaced whole or not at all. A damaged file is sealed as it is, if the damage left a whole model.
  ///
  /// - Returns: whether it was written; false where the checksum held already.
  /// - Throws: `FileError`, of the kind `busy` while a run uses the directory that it lies in; `SafetensorsError`;
  ///   `ModelFileError`.
  public static func reseal(_ path: String) throws -> Bool {
    // A run would write over it, or be written over.
    guard let lock = try directoryLock(besides: path) else { return try renewSeal(path) }
    return try lock.whileHeld { try renewSeal(path) }
  }

  private static func renewSeal(_ path: String) throws -> Bool {
    let checkpoint = try Checkpoint.unsealed(contentsOf: path)
    _ = try requireWhole(checkpoint)
    if checkpoint.isSealed { return false }
    try checkpoint.write(to: path)
    return true
  }

  /// The lock of the run directory that a file lies in; nil where that is none.
  private static func directoryLock(besides path: String) throws(FileError) -> DirectoryLock? {
    // A link is followed, as it is by writing.
    let file = (try? SystemFiles().destination(of: path)) ?? path
    let slash = file.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == file.startIndex ? "/" : String(file[..<$0]) } ?? "."
    guard RunDirectory(directory).holds("\(directory)/\(DirectoryLock.fileName)") else { return nil }
    return try DirectoryLock(directory)
  }

  /// - Throws: `FileError` where the file cannot be read, which is no finding about its content.
  private static func checked(_ path: String, _ check: () throws -> String) throws(FileError) -> VerifiedFile {
    do {
      return VerifiedFile(path: path, content: .success(try check()))
    } catch let error as FileError {
      throw error
    } catch {
      return VerifiedFile(path: path, content: .failure(error))
    }
  }

  /// - Parameters:
  ///   - ownership: that of the directory whose run the file must be of.
  ///   - others: models of that run.
  private static func model(
    at path: String, of ownership: RunOwnership? = nil, among others: [StoredModel] = []
  ) throws -> WholeModel {
    let whole = try requireWhole(Checkpoint(contentsOf: path))
    if let ownership, ownership.isNamed, try ownership.owner(of: path) == .strange {
      throw VerificationProblem(file: path, kind: .otherRun("run", file: ownership.directory.configuration))
    }
    for other in others {
      if let difference = whole.stored.difference(from: other) {
        throw VerificationProblem(file: path, kind: .otherRun(difference, file: other.checkpoint.file))
      }
    }
    return whole
  }

  /// A best model that is not the best: one of an earlier part of the run, put in the place of its successor.
  private static func worseBest(among models: [WholeModel], best: String) -> VerificationProblem? {
    guard let loss = models.first(where: { $0.stored.checkpoint.file == best })?.stored.history?.validationLoss,
      let state = models.first(where: { $0.lowestLoss.map { $0 < loss } ?? false }), let lowest = state.lowestLoss
    else { return nil }
    return VerificationProblem(
      file: best, kind: .worseThanBest(loss, lowest: lowest, file: state.stored.checkpoint.file))
  }

  private struct WholeModel {
    let stored: StoredModel
    let isRun: Bool
    /// The lowest validation loss that a state of a run knows of; nil before the first scheduled validation.
    var lowestLoss: Double?

    var summary: String {
      let steps = stored.history.map { " after step \($0.step)" } ?? ""
      return "\(isRun ? "run" : "model")\(steps), \(counted(stored.parameterCount, "parameter"))"
        + (stored.checkpoint.isSealed ? "" : "; without a checksum, as other programs write it")
    }
  }

  /// Reads every number of a model, and of the state of its run if it has one.
  private static func requireWhole(_ checkpoint: Checkpoint) throws -> WholeModel {
    let stored = try StoredModel(checkpoint)
    let model = try ModelFile<Float>(stored).model
    guard checkpoint.metadata[MetadataKey.run] != nil else { return WholeModel(stored: stored, isRun: false) }
    let record = try RunRecord(checkpoint)
    guard record.settings.architecture == stored.shape.architecture else {
      throw ModelFileError(file: checkpoint.file, problem: .otherModel)
    }
    let stepsPerEpoch = stored.history.flatMap { $0.epoch > 0 ? Double($0.step) / $0.epoch : nil }
    try requireState(record, record.progress, stepsPerEpoch, of: model, in: checkpoint)
    if let rollback = record.rollback {
      var good = model
      try good.take(from: checkpoint, prefix: rollbackPrefix)
      try requireState(record, rollback, stepsPerEpoch, of: good, in: checkpoint, prefix: rollbackPrefix)
    }
    return WholeModel(stored: stored, isRun: true, lowestLoss: record.progress.bestValidationLoss)
  }

  /// Reads the moments, the averaged weights and the carried state of a run.
  ///
  /// - Parameter stepsPerEpoch: nil where the file does not tell.
  private static func requireState(
    _ record: RunRecord, _ progress: TrainingProgress, _ stepsPerEpoch: Double?, of model: CharacterModel<Float>,
    in checkpoint: Checkpoint, prefix: String = ""
  ) throws {
    var optimizer = Optimizer(record.settings.optimizerSettings, for: model)
    try optimizer.restore(step: progress.updates, for: model) { name, shape throws(SafetensorsError) in
      try checkpoint.tensor(prefix + name, shape: shape)
    }
    if record.settings.averaging > 0 {
      var average = model
      try average.take(from: checkpoint, prefix: prefix + averagePrefix)
    }
    let state = CharacterTask<Float>.stateShapes(of: model, batch: record.settings.batch)
    // A state is carried from all steps but those that end an epoch or were skipped, if windows do not reach back to its start.
    let (settings, reachesBack) = (record.settings, record.settings.backwardLength ?? 0 > record.settings.length)
    let isWithinEpoch = stepsPerEpoch.map { Double(progress.step).remainder(dividingBy: $0).magnitude > 0.25 } ?? false
    let isNeeded = isWithinEpoch && progress.skippedInARow == 0 && !reachesBack && !settings.variesLength
    if isNeeded || state.contains(where: { checkpoint.tensors[prefix + $0.name] != nil }) {
      for (name, shape) in state { let _: Tensor<Float> = try checkpoint.tensor(prefix + name, shape: shape) }
    }
  }
}

extension Result {
  /// The value; nil for an error of another kind than `FileError`.
  fileprivate func unlessFileError() throws(FileError) -> Success? {
    switch self {
    case .success(let value): return value
    case .failure(let error as FileError): throw error
    case .failure: return nil
    }
  }
}

/// A file that was checked.
public struct VerifiedFile: Sendable {
  public let path: String
  /// A few words on what it holds, or the error that names what is wrong.
  public let content: Result<String, any Error>

  fileprivate static func missing(_ path: String, shownBy file: String) -> VerifiedFile {
    VerifiedFile(path: path, content: .failure(VerificationProblem(file: path, kind: .missing(shownBy: file))))
  }
}

extension StoredModel {
  /// Name of what differs between two models that are to be of one run; nil if nothing does.
  fileprivate func difference(from other: StoredModel) -> String? {
    if shape != other.shape { return "architecture" }
    if vocabulary != other.vocabulary { return "vocabulary" }
    if history?.corpusHash != other.history?.corpusHash { return "corpus" }
    return history?.run == other.history?.run ? nil : "run"
  }
}
