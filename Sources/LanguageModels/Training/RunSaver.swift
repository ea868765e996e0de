import ModelTraining
import TensorCheckpoints
import TensorCore

/// Error of a run that could not save something by its end. The files that are there are whole.
public struct UnsavedRun: Error, CustomStringConvertible {
  public enum Part: Sendable, Equatable { case last, best, kept, metrics }

  public let parts: [Part]
  /// Failure of the first part.
  public let error: FileError

  public var description: String {
    if parts.contains(.last) { return "\(error); the last state is not saved" }
    if parts.contains(.best) { return "\(error); the last state is saved, the best model is not" }
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
  /// The lowest validation loss of a model that is on the disk or waits to be.
  private lazy var bestLoss = min(bestOnDisk, pendingLoss)

  init(_ run: CharacterRun, kept: Int, report: @escaping (RunEvent) -> Void) {
    (self.run, self.kept, self.report) = (run, kept, report)
  }

  /// Adds a line to the metrics.
  mutating func append(_ line: String) {
    note(.metrics, failure(of: { [run] () throws(FileError) in try run.metrics?.append(line) }))
  }

  /// Saves `last`, and before it what failed to be saved before.
  mutating func saveLast() {
    guard let directory = run.directory, run.trainer.nonFiniteState == nil else { return }
    // A resumed run does not write them again.
    note(.metrics, failure(of: { [run] () throws(FileError) in try run.metrics?.sync() }))
    savePendingBest()
    let progress = run.progress
    let file = run.file(validationLoss: progress.bestValidationLoss)
    let checkpoint = run.trainer.checkpoint(file, settings: run.settings, corpus: run.corpus)
    guard save(.last, checkpoint, to: directory.last) else { return }
    saved = (progress.step, progress.rollbacks)
    run.knownState?.metadata = checkpoint.metadata
    run.claim?.removeForeignModels()
    note(
      .kept, failure(of: { [kept] () throws(FileError) in try directory.keepLast(ofStep: progress.step, count: kept) }))
  }

  mutating func saveLastUnlessSaved() {
    if saved.map({ $0 != (run.progress.step, run.progress.rollbacks) }) ?? true { saveLast() }
  }

  /// Saves the model as `best` unless the one there, of an earlier part of this run, is as good.
  mutating func saveBest(loss: Double) {
    guard loss < bestLoss else { return }
    bestLoss = loss
    run.pendingBest = run.file(validationLoss: loss).checkpoint
    savePendingBest()
  }

  /// Tries again what failed.
  ///
  /// - Throws: `UnsavedRun` when something still fails.
  mutating func finish() throws(UnsavedRun) {
    note(.metrics, failure(of: { [run] () throws(FileError) in try run.metrics?.sync() }))
    savePendingBest()
    guard let first = failures.first else { return }
    throw UnsavedRun(parts: failures.map(\.part), error: first.error)
  }

  private mutating func savePendingBest() {
    guard let directory = run.directory, let checkpoint = run.pendingBest else { return }
    guard save(.best, checkpoint, to: directory.best) else { return }
    run.pendingBest = nil
    run.claim?.owns(directory.best)
  }

  private mutating func save(_ part: UnsavedRun.Part, _ checkpoint: Checkpoint, to path: String) -> Bool {
    let files = run.directory?.files ?? SystemFiles()
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

  /// Loss of the `best` that is there, if it is of this run: the validation at the end of an earlier part may have written it.
  private var bestOnDisk: Double {
    guard let directory = run.directory, run.claim?.holdsForeign(directory.best) == false,
      let checkpoint = try? Checkpoint(contentsOf: directory.best, using: directory.files),
      let file = try? ModelFile<Float>(checkpoint), let history = file.history, history.run == run.identity,
      file.model.shape == run.model.shape, history.corpusHash == run.corpus.contentHash
    else { return .infinity }
    return history.validationLoss ?? .infinity
  }

  private var pendingLoss: Double {
    guard let pending = run.pendingBest, let history = try? ModelFile<Float>(pending).history else { return .infinity }
    return history.validationLoss ?? .infinity
  }
}
