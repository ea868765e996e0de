import Foundation
import ModelTraining
import NeuralLayers
import SequenceText
import TensorCheckpoints
import TensorCore

/// Checks of a model file, or of all files of a run directory, to the last byte and number.
public enum Verification {
  /// The files that a path means, each with what it holds or what is wrong with it: the model file itself, or of a run
  /// directory `best`, `last`, kept states, `config.json` and `metrics.jsonl`, as far as they are there.
  ///
  /// - Throws: `FileError` when there is no such file, or the directory holds no run.
  public static func files(at path: String) throws(FileError) -> [VerifiedFile] {
    let directory = RunDirectory(path)
    guard try directory.files.statusIfAny(of: path)?.kind == .directory else {
      return [try checked(path) { try model(at: path).summary }]
    }
    let models = [directory.best, directory.last].filter(directory.holds) + (try directory.keptStates().map(\.path))
    // Says why there is none.
    if models.isEmpty { _ = try directory.modelToUse() }
    let stored = models.compactMap { try? StoredModel(contentsOf: $0) }
    var files: [VerifiedFile] = []
    for file in models { files.append(try checked(file) { try model(at: file, among: stored).summary }) }
    let others = [
      (directory.configuration, { try Self.configuration(at: $0, of: stored.last) }),
      (directory.metrics, { try Self.metrics(at: $0) }),
    ]
    for (file, check) in others where directory.holds(file) {
      files.append(try checked(file) { try check(file) })
    }
    return files
  }

  /// Writes the format version and the checksum of a model file anew, after another program changed it. All else must hold.
  /// The file is replaced whole or not at all. A damaged file is sealed as it is, if the damage left a whole model.
  ///
  /// - Returns: whether it was written; false where the checksum held already.
  /// - Throws: `FileError`, `SafetensorsError` or `ModelFileError`.
  public static func reseal(_ path: String) throws -> Bool {
    let checkpoint = try Checkpoint.unsealed(contentsOf: path)
    _ = try requireWhole(checkpoint)
    if checkpoint.isSealed { return false }
    try checkpoint.write(to: path)
    return true
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

  private static func model(at path: String, among others: [StoredModel] = []) throws -> WholeModel {
    let whole = try requireWhole(Checkpoint(contentsOf: path))
    for other in others where other.checkpoint.file != path {
      if let difference = whole.stored.difference(from: other) {
        throw VerificationProblem(file: path, kind: .otherRun(difference, file: other.checkpoint.file))
      }
    }
    return whole
  }

  private struct WholeModel {
    let stored: StoredModel
    let isRun: Bool

    var summary: String {
      let steps = stored.history.map { " after step \($0.step)" } ?? ""
      return "\(isRun ? "run" : "model")\(steps), \(stored.parameterCount) parameters"
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
    try requireState(record.progress, of: model, record.settings, in: checkpoint)
    if let rollback = record.rollback {
      var good = model
      try good.take(from: checkpoint, prefix: rollbackPrefix)
      try requireState(rollback, of: good, record.settings, in: checkpoint, prefix: rollbackPrefix)
    }
    return WholeModel(stored: stored, isRun: true)
  }

  /// Reads the moments and the carried state of a run.
  private static func requireState(
    _ progress: TrainingProgress, of model: CharacterModel<Float>, _ settings: TrainingSettings,
    in checkpoint: Checkpoint,
    prefix: String = ""
  ) throws {
    var optimizer = Optimizer(settings.optimizerSettings, for: model)
    try optimizer.restore(step: progress.updates, for: model) { name, shape throws(SafetensorsError) in
      try checkpoint.tensor(prefix + name, shape: shape)
    }
    // A state is carried from all steps but those that end an epoch.
    let state = CharacterTask<Float>.stateShapes(of: model, batch: settings.batch)
    if state.contains(where: { checkpoint.tensors[prefix + $0.name] != nil }) {
      for (name, shape) in state { let _: Tensor<Float> = try checkpoint.tensor(prefix + name, shape: shape) }
    }
  }

  private static func configuration(at path: String, of model: StoredModel?) throws -> String {
    let bytes = try contents(of: path)
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else {
      throw VerificationProblem(file: path, kind: .noObject(line: nil))
    }
    if let run = object["run"] as? String, let other = model?.history?.run, run != other {
      throw VerificationProblem(file: path, kind: .otherRun("run", file: model?.checkpoint.file ?? ""))
    }
    guard let settings = model?.shape.architecture.asSettings else { return "\(object.count) options" }
    for field in SettingField.all where field.isStructural {
      let within = field.reportedWithin.map { object[$0] as? [String: Any] ?? [:] } ?? object
      guard let member = within[field.reportedName] else { continue }
      let value = field.value(in: settings)
      if !value.equals(member) {
        throw VerificationProblem(
          file: path, kind: .otherSetting(field.reportedName, found: "\(member)", model: "\(value)"))
      }
    }
    return "\(object.count) options"
  }

  private static func metrics(at path: String) throws -> String {
    let bytes = try contents(of: path)
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.dropLast().enumerated() {
      let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
      guard object?["step"] is Int else { throw VerificationProblem(file: path, kind: .noObject(line: number + 1)) }
    }
    if lines.last?.isEmpty == false { throw VerificationProblem(file: path, kind: .openLine(number: lines.count)) }
    return "\(lines.count - 1) lines"
  }

  private static func contents(of path: String) throws(FileError) -> [UInt8] { try FileReader(path).rest() }
}

/// A file that was checked.
public struct VerifiedFile: Sendable {
  public let path: String
  /// A few words on what it holds, or the error that names what is wrong.
  public let content: Result<String, any Error>
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

extension SettingValue {
  /// Whether a member of a JSON object has this value.
  fileprivate func equals(_ member: Any) -> Bool {
    switch self {
    case .none: member is NSNull
    case .flag(let value): member as? Bool == value
    case .integer(let value): member as? Int == value
    case .number(let value): member as? Double == value
    case .text(let value): member as? String == value
    }
  }
}
