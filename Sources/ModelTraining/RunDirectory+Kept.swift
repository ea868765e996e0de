import TensorCore

extension RunDirectory {
  /// States of earlier steps that the run keeps, `step-000120.safetensors`, by step.
  public func keptStates() throws(FileError) -> [(step: Int, path: String)] {
    let names = try naming(path, "read") { () throws(SystemError) in try files.names(in: path) }
    return names.compactMap { name in Self.step(ofKept: name).map { (step: $0, path: "\(path)/\(name)") } }
      .sorted { $0.step < $1.step }
  }

  /// Keeps the `last` of a step under a name of its own, and of the states kept so far those of the latest steps before it,
  /// `count` states in all. What is of a later step is from before a rollback, and goes.
  package func keepLast(ofStep step: Int, count: Int) throws(FileError) {
    guard count > 0 else { return }
    let kept = "\(path)/\(Self.keptName(step))"
    try? files.remove(kept)
    try naming(kept, "create") { () throws(SystemError) in try files.link(last, as: kept) }
    let states = try keptStates()
    for state in states.filter({ $0.step > step }) + states.filter({ $0.step <= step }).dropLast(count) {
      try? files.remove(state.path)
    }
  }

  private static func keptName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits + ".safetensors"
  }

  private static func step(ofKept name: String) -> Int? {
    guard name.hasPrefix("step-"), name.hasSuffix(".safetensors") else { return nil }
    guard let step = Int(name.dropFirst(5).dropLast(12)), step >= 0 else { return nil }
    return keptName(step) == name ? step : nil
  }
}
