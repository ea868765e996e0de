import ModelTraining
import TensorCheckpoints
import TensorCore

/// Error of a run that could not save something by its end. The files that are there are whole.
public struct UnsavedRun: Error, CustomStringConvertible {
  public enum Part: Sendable, Equatable { case last, best, undecayed, kept, metrics }

  public let parts: [Part]
  /// Failure of the first part.
  public let error: FileError

  public var description: String {
    if parts.contains(.last) { return "\(error); the last state is not saved" }
    if parts.contains(.best) { return "\(error); the last state is saved, the best model is not" }
    if parts.contains(.undecayed) {
      return "\(error); the run is saved, but not the state before its learning rate fell, from which it could train on"
    }
    return parts.contains(.kept)
      ? "\(error); the run is saved, but not every state that was to be kept"
      : "\(error); the run is saved, but its metrics lack lines"
  }
}

/// Saves the files of a run on the way. A file that cannot be saved stays as it was, and is tried again.
struct RunSaver {
  private let run: CharacterRun
  let report: (RunEvent) -> Void
  /// Step and rollbacks of the `last` that was saved last.
  private var saved: (step: Int, rollbacks: Int)?
  private var failures: [(part: UnsavedRun.Part, error: FileError)] = []
  /// How many saved states are kept beside `last`.
  private let kept: Int

  init(_ run: CharacterRun, kept: Int, report: @escaping (RunEvent) -> Void) {
    (self.run, self.kept, self.report) = (run, kept, report)
  }

  /// - Throws: `RunDirectoryTaken.movedAway` where what is written would go into another run's directory.
  func requireDirectory() throws(RunDirectoryTaken) {
    if let claim = run.claim, claim.isReplaced { throw .movedAway(path: claim.directory.path) }
  }

  /// Adds a line to the metrics.
  mutating func append(_ line: String) throws(RunDirectoryTaken) {
    try requireDirectory()
    note(.metrics, failure(of: { [run] () throws(FileError) in try run.metrics?.append(line) }))
  }

  /// Saves `last`, and before it what failed to be saved before.
  ///
  /// - Throws: `RunDirectoryTaken`; in a group also `UnsavedRun`: many processes do not go on for a state that may be lost.
  mutating func saveLast() throws {
    try requireDirectory()
    guard run.claim != nil || run.group != nil, run.trainer.nonFiniteState == nil else { return }
    let progress = run.progress
    let file = run.file(of: try run.trainer.model.on(.cpu), validationLoss: progress.bestValidationLoss)
    let checkpoint = try run.trainer.checkpoint(file, settings: run.settings, corpus: run.corpus)
    // In a group rank 0 saves what all ranks have given; none of them tries a state again that failed there.
    guard let directory = run.claim?.directory else {
      saved = (progress.step, progress.rollbacks)
      return
    }
    savePending()
    if kept > 0, let replaced = run.knownState?.step(in: directory), replaced < progress.step {
      note(.kept, failure(of: { () throws(FileError) in try directory.keepLast(as: directory.keptPath(replaced)) }))
    }
    let isSaved = save(.last, checkpoint, to: directory.last)
    if isSaved || run.group != nil { saved = (progress.step, progress.rollbacks) }
    guard isSaved else {
      run.knownState?.attempted = checkpoint.metadata
      if run.group != nil { try finish() }
      return
    }
    run.knownState?.metadata = checkpoint.metadata
    run.knownState?.attempted = nil
    run.claim?.removeForeignModels()
    // A state that cannot be removed now is removed the next time.
    try? directory.removeKeptStates(butLatest: kept, before: progress.step)
  }

  /// Saves `last`, and keeps it as the state to extend the run from.
  mutating func saveUndecayed() throws {
    try saveLastUnlessSaved()
    let isFinite = run.trainer.nonFiniteState == nil
    guard let directory = run.claim?.directory else { return }
    if let failed = failures.first(where: { $0.part == .last }) {
      note(.undecayed, failed.error)
    } else if isFinite {
      note(.undecayed, failure(of: { () throws(FileError) in try directory.keepLast(as: directory.undecayed) }))
    }
  }

  mutating func saveLastUnlessSaved() throws {
    if saved.map({ $0 != (run.progress.step, run.progress.rollbacks) }) ?? true { try saveLast() }
  }

  /// Saves the model as `best` unless the one there, of an earlier part of this run, is as good.
  ///
  /// - Throws: `RunDirectoryTaken`; `DeviceError` where a device has failed that holds the model.
  mutating func saveBest(loss: Double) throws {
    try requireDirectory()
    guard loss < run.bestLoss else { return }
    run.pendingBest = run.file(of: try run.trainer.validatedModel.on(.cpu), validationLoss: loss).checkpoint
    run.bestLoss = loss
    savePendingBest()
  }

  /// Tries again what failed.
  ///
  /// - Throws: `UnsavedRun` when something still fails.
  mutating func finish() throws(UnsavedRun) {
    savePending()
    guard let first = failures.first else { return }
    throw UnsavedRun(parts: failures.map(\.part), error: first.error)
  }

  /// Saves what belongs to the steps done and is not on the disk: a resumed run does not write it again.
  private mutating func savePending() {
    note(.metrics, failure(of: { [run] () throws(FileError) in try run.metrics?.sync() }))
    savePendingBest()
  }

  private mutating func savePendingBest() {
    guard let directory = run.claim?.directory, let checkpoint = run.pendingBest else { return }
    guard save(.best, checkpoint, to: directory.best) else { return }
    run.pendingBest = nil
    run.claim?.owns(directory.best)
  }

  private mutating func save(_ part: UnsavedRun.Part, _ checkpoint: Checkpoint, to path: String) -> Bool {
    let files = run.claim?.directory.files ?? SystemFiles()
    return note(part, failure(of: { () throws(FileError) in try checkpoint.write(to: path, using: files) }))
  }

  private func failure(of save: () throws(FileError) -> Void) -> FileError? {
    do throws(FileError) { try save() } catch { return error }
    return nil
  }

  /// Notes whether saving a part failed.
  ///
  /// - Returns: whether it is saved.
  @discardableResult
  private mutating func note(_ part: UnsavedRun.Part, _ failure: FileError?) -> Bool {
    failures.removeAll { $0.part == part }
    guard let failure else { return true }
    failures.append((part, failure))
    report(.saveFailed(failure))
    return false
  }
}
