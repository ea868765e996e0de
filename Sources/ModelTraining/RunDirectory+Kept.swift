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
  /// Paths of the models there are: `best`, `last`, the state before a decay and kept states.
  package func models() throws(FileError) -> [String] {
    var models: [String] = []
    for file in [best, last, undecayed] where try requireFile(file) { models.append(file) }
    return try models + keptStates().map(\.path)
  }

  /// States of earlier steps that the run keeps, `step-000120.safetensors`, by step.
  public func keptStates() throws(FileError) -> [(step: Int, path: String)] {
    guard try files.statusIfAny(of: path)?.kind == .directory else { return [] }
    let names = try naming(path, "read") { () throws(SystemError) in try files.names(in: path) }
    return names.compactMap { name in Self.step(ofKept: name).map { (step: $0, path: "\(path)/\(name)") } }
      .sorted { $0.step < $1.step }
  }

  /// Keeps the `last` that is there, which is about to be replaced, under a path of its own.
  package func keepLast(as kept: String) throws(FileError) {
    try? files.remove(kept)
    let file = try naming(last, "find") { () throws(SystemError) in try files.destination(of: last) }
    do throws(SystemError) { try files.link(file, as: kept) } catch {
      // Not all file systems give a file a second name, and none gives a name on another.
      guard [EPERM, EACCES, ENOTSUP, EOPNOTSUPP, ENOSYS, EMLINK, EXDEV].contains(error.code) else {
        throw FileError(path: kept, action: "create", code: error.code)
      }
      try AtomicFile.write([FileReader(file, using: files).rest()], to: kept, using: files)
    }
  }

  /// Removes kept states but the latest `count` before a step. Those of the step and later ones go: the run went back behind
  /// them, and comes to those steps again.
  package func removeKeptStates(butLatest count: Int, before step: Int) throws(FileError) {
    let states = try keptStates()
    for state in states.filter({ $0.step >= step }) + states.filter({ $0.step < step }).dropLast(count) {
      try? files.remove(state.path)
    }
  }

  /// Path of the kept state of a step.
  package func keptPath(_ step: Int) -> String { "\(path)/\(Self.keptName(step))" }

  private static func keptName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".safetensors"
  }

  static func step(ofKept name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    guard let step = Int(name.dropFirst(5).dropLast(12)), step >= 0 else { return nil }
    return keptName(step) == name ? step : nil
  }
}
