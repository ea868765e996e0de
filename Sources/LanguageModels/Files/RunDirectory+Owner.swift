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

extension RunDirectory {
  /// Path of the model of this directory's run: `best`, or else `last`.
  ///
  /// A run that replaces another leaves that one's files until it has its own; those are not its models.
  ///
  /// - Throws: `FileError`, of the kind `missing` where there is none.
  func modelToUse() throws(FileError) -> String {
    for file in [best, last] where try isOfRun(file) { return file }
    throw FileError(
      path: path, action: "open", code: ENOENT,
      explanation: holdsRun
        ? "holds no saved state of its run yet (best.safetensors and last.safetensors are of a run that it replaces)"
        : "holds no run (neither best.safetensors nor last.safetensors)")
  }

  /// Whether `file`, `best` or `last`, is there and is of the directory's run. One that is damaged counts: reading it says how.
  package func isOfRun(_ file: String) throws(FileError) -> Bool {
    guard try requireFile(file) else { return false }
    // A directory whose configuration names no run belongs to the run of its `last`.
    var owner = try owner()
    if owner == nil { owner = try identity(of: last) }
    guard let owner, let identity = try identity(of: file) else { return true }
    return identity == owner
  }

  /// Whether `last` is neither of the directory's run nor of the one that this replaces.
  package func holdsStrangeState() throws(FileError) -> Bool {
    if try isOfRun(last) { return false }
    guard let identity = try identity(of: last) else { return false }
    return try identity != replaced()
  }

  /// Identity of the run that a file is of, empty for a run that has none; nil where the file is not there or is damaged.
  func identity(of file: String) throws(FileError) -> String? {
    guard try requireFile(file) else { return nil }
    do {
      let metadata = try Checkpoint.metadata(ofFileAt: file, using: files)
      guard let json = metadata[MetadataKey.history] else { return "" }
      return try TrainingHistory(json: json, file: file).run ?? ""
    } catch {
      guard let fault = error as? FileError else { return nil }
      throw fault
    }
  }
}
