import ModelTraining
import TensorCheckpoints
import TensorCore

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Which files of a run directory are of its run, by the identity that each carries.
///
/// A run that replaces others leaves their files until it has its own. From the moment that `config.json` names the new run,
/// they are not read as its files.
package struct RunOwnership {
  package let directory: RunDirectory
  /// Identity of the run that the directory belongs to, empty for one that has none: that in `config.json`, or else that of the
  /// models; nil where nothing tells.
  package let run: String?
  /// Identities of the runs that it replaces.
  let replacedRuns: [String]
  /// Whether `config.json` names the run.
  package let isNamed: Bool

  /// - Throws: `FileError`, and `RunConfigurationError` where `config.json` cannot tell.
  package init(of directory: RunDirectory) throws {
    let configuration = try RunConfiguration(of: directory)
    let named = try configuration?.run()
    self.directory = directory
    replacedRuns = try configuration?.replacedRuns() ?? []
    isNamed = named != nil
    run = try named ?? Self.identity(of: directory.last, directory) ?? Self.identity(of: directory.best, directory)
  }

  /// Whose a model of the directory is.
  package enum Owner: Sendable, Equatable {
    case run
    /// A run that the directory's run replaces.
    case replaced
    case strange
  }

  /// Whose a file is, `best`, `last` or a kept state; nil where it is not there. One that is damaged is taken for the run's:
  /// reading it says how.
  package func owner(of file: String) throws(FileError) -> Owner? {
    guard try directory.requireFile(file) else { return nil }
    guard let run, let identity = try Self.identity(of: file, directory), identity != run else { return .run }
    return replacedRuns.contains(identity) ? .replaced : .strange
  }

  /// Path of the run's latest kept state, or else of that before its decay; nil without any.
  package func latestKeptState() throws(FileError) -> String? {
    let states = try directory.keptStates().reversed().map(\.path)
    for path in states + [directory.undecayed] where try owner(of: path) == .run { return path }
    return nil
  }

  /// Steps that the run had done when its `last` was saved; nil where it has none.
  ///
  /// - Throws: `FileError`, `SafetensorsError` or `ModelFileError` where the file does not tell.
  package func stepsDone() throws -> Int? {
    guard try owner(of: directory.last) == .run else { return nil }
    let json = try Checkpoint.metadata(ofFileAt: directory.last, using: directory.files)[MetadataKey.history]
    return try json.map { try TrainingHistory(json: $0, file: directory.last).step }
  }

  /// Path of the model of this directory's run: `best`, or else `last`.
  ///
  /// - Throws: `FileError`, of the kind `missing` where there is none; `VerificationProblem` where it is a strange one.
  package func modelToUse() throws -> String {
    for file in [directory.best, directory.last] {
      switch try owner(of: file) {
      case .run: return file
      case .strange:
        throw VerificationProblem(file: file, kind: .otherRun("run", file: directory.configuration))
      case .replaced, nil: break
      }
    }
    throw FileError(
      path: directory.path, action: "open", code: ENOENT,
      explanation: directory.holdsRun
        ? "holds no saved state of its run yet (best.safetensors and last.safetensors are of a run that it replaces)"
        : Self.holdsNoRun)
  }

  static let holdsNoRun = "holds no run (neither best.safetensors nor last.safetensors)"

  /// Identity of the run that a file is of, empty for a run that has none; nil where the file is not there or is damaged.
  static func identity(of file: String, _ directory: RunDirectory) throws(FileError) -> String? {
    guard try directory.requireFile(file) else { return nil }
    do {
      let metadata = try Checkpoint.metadata(ofFileAt: file, using: directory.files)
      guard let json = metadata[MetadataKey.history] else { return "" }
      return try TrainingHistory(json: json, file: file).run ?? ""
    } catch {
      guard let fault = error as? FileError else { return nil }
      throw fault
    }
  }
}
