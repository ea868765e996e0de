import ModelTraining
import TensorCheckpoints
import TensorCore

/// Treatment of a directory that holds an earlier run.
public enum EarlierRunPolicy: Sendable {
  /// Refuse to touch it.
  case refuse
  /// Replace it, each file when its successor is written. The models of a run that has the identity of the new one go before:
  /// they could not be told from its own, whose bits they have as far as both train.
  case replace
  /// Go on with it. Where it has no `last` yet, it begins again, if it is this run; its best model stays until there is a
  /// better one.
  case resume
}

/// A directory that holds something that this run must not replace.
public enum RunDirectoryTaken: Error, Equatable, CustomStringConvertible {
  case holdsRun(path: String)
  /// A file of a name that runs use, in a directory that holds no run.
  case foreignFile(path: String)
  /// A model of another run than the directory's, which that one does not replace.
  case otherRun(path: String)
  /// A run that has no `last` to go on from, and that was begun with other settings, corpus or weights.
  case otherBeginning(path: String)
  /// A run that has no `last` to go on from, and states that it kept.
  case lostLast(path: String, kept: String)
  /// A `last` that another process wrote after this one had read it.
  case savedElsewhere(path: String)
  /// A directory that was removed or renamed while its run was going on, and another run's has its name.
  case movedAway(path: String)

  public var description: String {
    switch self {
    case .holdsRun(let path): "\(path): holds a run already"
    case .foreignFile(let path): "\(path): is there and belongs to no run"
    case .otherRun(let path): "\(path): is of another run than the directory"
    case .otherBeginning(let path):
      "\(path): its run has no last.safetensors to go on from, and began with other options or another text"
    case .lostLast(let path, let kept):
      "\(path): its run has no last.safetensors to go on from, but keeps \(kept)"
    case .savedElsewhere(let path): "\(path): another process has saved it since this one read it"
    case .movedAway(let path):
      "\(path): was removed or renamed, and is another run's now, so that this run cannot save any more"
    }
  }
}

/// A run's hold on its directory: the lock, and what is still there from an earlier run.
struct DirectoryClaim {
  let directory: RunDirectory
  /// Whether the run goes on with what it has in the directory.
  let isContinued: Bool
  private let lock: DirectoryLock
  /// Paths of models of runs that this one replaces.
  private var foreignModels: [String]

  /// The `last` that a run last read or wrote.
  struct KnownState {
    /// Path of the directory; nil where that is not known.
    var path: String?
    /// Its metadata; nil where the run has no `last` yet.
    var metadata: [String: String]?
    /// Metadata of one that could not be saved, and may be there all the same.
    var attempted: [String: String]?

    /// Steps of the `last` that is in the directory; nil where it is none that the run read or wrote.
    func step(in directory: RunDirectory) -> Int? {
      guard attempted != nil else { return Self.step(of: metadata) }
      let found = try? Checkpoint.metadata(ofFileAt: directory.last, using: directory.files)
      return found == attempted || found == metadata ? Self.step(of: found) : nil
    }

    private static func step(of metadata: [String: String]?) -> Int? {
      metadata?[MetadataKey.history].flatMap { try? TrainingHistory(json: $0, file: "").step }
    }
  }

  /// Makes the directory if need be, locks it, clears away what killed runs have left and makes it the run's own.
  ///
  /// - Parameters:
  ///   - run: identity of the run; nil for one that was begun by a version that had none.
  ///   - known: the `last` that the run goes on from; nil for a run that begins.
  ///   - configuration: members of `config.json`; the identities are added to them. Once they are there, other runs' files are
  ///     no longer used.
  ///   - sizes: sizes of the files to come; there must be room for them.
  init(
    _ directory: RunDirectory, run: String?, known: KnownState?, configuration: Members, earlier: EarlierRunPolicy,
    sizes: RunDirectory.Sizes
  ) throws {
    try directory.create()
    lock = try DirectoryLock(directory.path, using: directory.files)
    self.directory = directory
    // Only now can no other process change the files.
    try Self.requireNoForeignFile(directory)
    for file in directory.records { try directory.requireFile(file) }
    let models = try directory.models()
    var (equal, replaced): ([String], [String]) = ([], [])
    isContinued = try known.map { try Self.holds($0, RunOwnership(of: directory)) } ?? false
    if earlier == .replace && !isContinued {
      let identities = try models.map { (path: $0, run: try RunOwnership.identity(of: $0, directory)) }
      equal = identities.filter { $0.run == run ?? "" }.map(\.path)
      foreignModels = models.filter { !equal.contains($0) }
      replaced = identities.compactMap(\.run).filter { $0 != run ?? "" }
    } else {
      let ownership = try RunOwnership(of: directory)
      try Self.requireFree(
        ownership, models, for: run, earlier: isContinued ? .resume : earlier, isContinued: isContinued)
      foreignModels = try models.filter { path in try ownership.owner(of: path) != .run }
      replaced = ownership.replacedRuns
    }
    directory.removeAbandoned()
    try directory.requireRoom(for: sizes)
    for path in equal { try naming(path, "remove") { () throws(SystemError) in try directory.files.remove(path) } }
    let text = JSONText.object(configuration + Self.identities(run: run ?? "", replaced: replaced)).line + "\n"
    try AtomicFile.write([Array(text.utf8)], to: directory.configuration, using: directory.files)
    guard earlier == .replace && !isContinued else { return }
    // Losses on the text of the run that is replaced, which can be computed again, and its measurements.
    for file in [directory.baselines, directory.events] { try? directory.files.remove(file) }
  }

  private static func identities(run: String, replaced: [String]) -> Members {
    let replaced = Set(replaced).sorted()
    return [(RunConfiguration.runName, .string(run))]
      + (replaced.isEmpty ? [] : [(RunConfiguration.replacesName, .array(replaced.map { .string($0) }))])
  }

  /// Whether the directory's `last` is the one that the run knows.
  private static func holds(_ known: KnownState, _ ownership: RunOwnership) throws -> Bool {
    let (directory, last) = (ownership.directory, ownership.directory.last)
    let isOwn = try ownership.owner(of: last) == .run
    let found = isOwn ? try Checkpoint.metadata(ofFileAt: last, using: directory.files) : nil
    let isSame = known.path == directory.path
    if found == known.metadata || found != nil && found == known.attempted { return isSame || found != nil }
    if isSame { throw RunDirectoryTaken.savedElsewhere(path: last) }
    return false
  }

  /// In a directory of no run, files of the names of a run's are another's.
  private static func requireNoForeignFile(_ directory: RunDirectory) throws {
    let namesRun = try? RunConfiguration(of: directory)?.run() != nil
    if try namesRun ?? false || !directory.models().isEmpty { return }
    for file in directory.records where directory.holds(file) {
      throw RunDirectoryTaken.foreignFile(path: file)
    }
  }

  private static func requireFree(
    _ ownership: RunOwnership, _ models: [String], for run: String?, earlier: EarlierRunPolicy, isContinued: Bool
  ) throws {
    let directory = ownership.directory
    switch earlier {
    case .replace: break
    case .refuse: if !models.isEmpty { throw RunDirectoryTaken.holdsRun(path: directory.path) }
    case .resume:
      for path in models where try ownership.owner(of: path) == .strange {
        throw RunDirectoryTaken.otherRun(path: path)
      }
      if isContinued { return }
      if try ownership.owner(of: directory.last) == .run { throw RunDirectoryTaken.holdsRun(path: directory.path) }
      if let kept = try ownership.latestKeptState() {
        throw RunDirectoryTaken.lostLast(path: directory.path, kept: kept)
      }
      if (ownership.isNamed || !models.isEmpty) && ownership.run != run {
        throw RunDirectoryTaken.otherBeginning(path: directory.path)
      }
    }
  }

  /// Whether another run's directory has taken the place of the one that the run has locked.
  var isReplaced: Bool { lock.isReplaced }

  /// Whether a file is of a run that this one replaces.
  func holdsForeign(_ path: String) -> Bool { foreignModels.contains(path) }

  /// Removes what is left of replaced runs after a `last` of this run was written in the place of theirs.
  mutating func removeForeignModels() {
    for path in foreignModels where path != directory.last { try? directory.files.remove(path) }
    foreignModels = []
  }

  /// Notes that a file is of this run now.
  mutating func owns(_ path: String) { foreignModels.removeAll { $0 == path } }
}
