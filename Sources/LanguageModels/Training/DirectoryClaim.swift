import Foundation
import ModelTraining
import TensorCheckpoints
import TensorCore

/// Treatment of a directory that holds an earlier run.
public enum EarlierRun: Sendable {
  /// Refuse to touch it.
  case refuse
  /// Replace it, each file when its successor is written.
  case replace
  /// Go on with it; where only its best model is there, that stays until there is a better one.
  case resume
}

/// A directory that holds something that this run must not replace.
public enum RunDirectoryTaken: Error, Equatable, CustomStringConvertible {
  case holdsRun(path: String)
  /// A file of a name that runs use, in a directory that holds no run.
  case foreignFile(path: String)
  /// A state of another run than the one that the directory's configuration names, and that this one does not replace.
  case otherRun(path: String)

  public var description: String {
    switch self {
    case .holdsRun(let path): "\(path): holds a run already"
    case .foreignFile(let path): "\(path): is there and belongs to no run"
    case .otherRun(let path): "\(path): is of another run than the one in the directory's config.json"
    }
  }
}

/// A run's hold on its directory: the lock, and what is still there from an earlier run.
struct DirectoryClaim {
  let directory: RunDirectory
  private let lock: DirectoryLock
  /// Whether `best` may be of an earlier run that this one replaces.
  private(set) var holdsForeignBest: Bool
  /// Paths of states that an earlier run kept.
  private var foreignStates: [String]

  /// Makes the directory if need be, locks it, clears away what killed runs have left and makes it the run's own.
  ///
  /// - Parameters:
  ///   - run: identity of the run; nil for one that was begun by a version that had none.
  ///   - configuration: text of `config.json`, which names the run, and the identity of the one that it replaces, if any; from
  ///     then on other runs' files there are no longer used.
  ///   - isResumed: whether the run resumes from a checkpoint of the directory.
  ///   - sizes: sizes of the files to come; there must be room for them.
  init(
    _ directory: RunDirectory, run: String?, configuration: (_ replaced: String?) throws -> String, earlier: EarlierRun,
    isResumed: Bool,
    sizes: RunDirectory.Sizes
  ) throws {
    let wasRun = directory.holds(directory.path + "/" + DirectoryLock.fileName)
    try directory.create()
    lock = try DirectoryLock(directory.path, using: directory.files)
    self.directory = directory
    if !isResumed { try Self.requireFree(directory, earlier: earlier, wasRun: wasRun) }
    directory.removeAbandoned()
    try directory.requireRoom(for: sizes)
    let replaced = isResumed ? nil : try directory.identity(of: directory.last) ?? directory.replaced()
    if !isResumed && earlier == .replace { try Self.removeModels(of: run, in: directory) }
    try AtomicFile.write([Array(configuration(replaced).utf8)], to: directory.configuration, using: directory.files)
    foreignStates = try directory.keptStates().map(\.path).filter { path in try !directory.isOfRun(path) }
    holdsForeignBest = try directory.holds(directory.best) && !directory.isOfRun(directory.best)
  }

  /// Removes the models of a replaced run that has the identity of the new one, which they could not be told from.
  private static func removeModels(of run: String?, in directory: RunDirectory) throws {
    let kept = try directory.keptStates().map(\.path)
    for path in try (kept + [directory.best, directory.last]).filter({ try directory.identity(of: $0) == run }) {
      try naming(path, "remove") { () throws(SystemError) in try directory.files.remove(path) }
    }
  }

  private static func requireFree(_ directory: RunDirectory, earlier: EarlierRun, wasRun: Bool) throws {
    let holdsLast = try directory.isOfRun(directory.last)
    if earlier == .refuse && directory.holdsRun || earlier == .resume && holdsLast {
      throw RunDirectoryTaken.holdsRun(path: directory.path)
    }
    if try earlier == .resume && directory.holdsStrangeState() {
      throw RunDirectoryTaken.otherRun(path: directory.last)
    }
    if wasRun || directory.holdsRun { return }
    for file in [directory.configuration, directory.metrics] where directory.holds(file) {
      throw RunDirectoryTaken.foreignFile(path: file)
    }
  }

  /// Removes a replaced run's `best` and kept states after a `last` of this run was written in the place of its own.
  mutating func removeForeignModels() {
    if holdsForeignBest { try? directory.files.remove(directory.best) }
    for path in foreignStates { try? directory.files.remove(path) }
    (holdsForeignBest, foreignStates) = (false, [])
  }

  /// Notes that `best` is of this run now.
  mutating func ownsBest() { holdsForeignBest = false }
}
