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

  public var description: String {
    switch self {
    case .holdsRun(let path): "\(path): holds a run already"
    case .foreignFile(let path): "\(path): is there and belongs to no run"
    }
  }
}

/// A run's hold on its directory: the lock, and what is still there from an earlier run.
struct DirectoryClaim {
  let directory: RunDirectory
  private let lock: DirectoryLock
  /// Whether `best` is of an earlier run that this one replaces.
  private(set) var holdsForeignBest: Bool

  /// Makes the directory if need be, locks it and clears away what killed runs have left.
  ///
  /// - Parameters:
  ///   - isResumed: whether the run resumes from a checkpoint of the directory.
  ///   - size: about how many bytes the largest file will take; there must be room for it.
  init(_ directory: RunDirectory, earlier: EarlierRun, isResumed: Bool, step: Int, size: Int) throws {
    let wasRun = FileManager.default.fileExists(atPath: directory.path + "/" + DirectoryLock.fileName)
    try directory.create()
    lock = try DirectoryLock(directory.path)
    self.directory = directory
    holdsForeignBest = !isResumed && earlier == .replace
    if !isResumed { try Self.requireFree(directory, earlier: earlier, wasRun: wasRun) }
    AtomicFile.removeAbandoned(in: directory.path)
    try directory.requireRoom(size)
    try directory.cutMetrics(toStep: isResumed ? step : -1)
  }

  private static func requireFree(_ directory: RunDirectory, earlier: EarlierRun, wasRun: Bool) throws {
    let manager = FileManager.default
    let holdsLast = manager.fileExists(atPath: directory.last)
    if earlier == .refuse && directory.holdsRun || earlier == .resume && holdsLast {
      throw RunDirectoryTaken.holdsRun(path: directory.path)
    }
    if wasRun || directory.holdsRun { return }
    for file in [directory.configuration, directory.metrics] where manager.fileExists(atPath: file) {
      throw RunDirectoryTaken.foreignFile(path: file)
    }
  }

  /// Removes files of a replaced run after a new `last` or `best` was written.
  mutating func replaced(best: Bool) {
    if holdsForeignBest && !best { unlink(directory.best) }
    holdsForeignBest = false
  }
}
