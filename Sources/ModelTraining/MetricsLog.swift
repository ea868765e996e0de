import Foundation
import TensorCheckpoints
import TensorCore

/// Lines of a run's `metrics.jsonl`. A line that cannot be written is kept, and written with the next.
package struct MetricsLog {
  private let directory: RunDirectory
  /// Length of the whole lines on the disk, in bytes.
  private var length: Int
  /// Lines that are not on the disk.
  private var pending: [UInt8] = []

  /// Takes up the log of a run at a step; its lines begin with one that names the run.
  ///
  /// Lines of another run go, as do lines after the step, which a resumed run measures again, lines of the ends of earlier
  /// parts of the run, and a line that a killed process left unfinished.
  ///
  /// - Parameters:
  ///   - run: the run's identity; nil for one begun by a version that had none, whose log has no first line either.
  ///   - mark: steps and rollbacks done.
  package init(_ directory: RunDirectory, run: String?, at mark: Mark) throws(FileError) {
    self.directory = directory
    let lines = try Self.lines(of: directory)
    let isOurs = lines.first.map { Self.entry($0)?.run == run } ?? false
    let first = run.map { Array(canonicalJSON(Entry(event: "start", step: 0, run: $0)).utf8) }
    let kept = isOurs ? lines.dropFirst(first == nil ? 0 : 1).filter { Self.entry($0)?.isKept(at: mark) ?? false } : []
    let content = ([first].compactMap { $0 } + kept).map { $0 + [UInt8(ascii: "\n")] }
    length = content.reduce(0) { $0 + $1.count }
    if content.isEmpty && lines.isEmpty { return }
    try AtomicFile.write(content, to: directory.metrics, using: directory.files)
  }

  /// Position in a run: steps count on, and go back when the number of rollbacks grows.
  package struct Mark: Sendable {
    package let step, rollbacks: Int

    package init(_ progress: TrainingProgress) { (step, rollbacks) = (progress.step, progress.rollbacks) }

    package init(step: Int, rollbacks: Int) { (self.step, self.rollbacks) = (step, rollbacks) }
  }

  package mutating func append(_ line: String) throws(FileError) {
    pending += Array((line + "\n").utf8)
    try flush()
  }

  /// Writes the lines that are not on the disk yet.
  package mutating func flush() throws(FileError) {
    guard !pending.isEmpty else { return }
    let (path, files) = (directory.metrics, directory.files)
    let descriptor = try naming(path, "open") { () throws(SystemError) in try files.openForUpdating(path) }
    defer { try? files.closeDescriptor(descriptor) }
    try naming(path, "write") { () throws(SystemError) in
      // Remains of a write that failed are written over.
      length = min(length, try files.status(of: descriptor).size)
      try files.writeAll(pending, to: descriptor, at: length)
    }
    length += pending.count
    pending = []
  }

  private static func entry(_ line: [UInt8]) -> Entry? { try? JSONDecoder().decode(Entry.self, from: Data(line)) }

  private static func lines(of directory: RunDirectory) throws(FileError) -> [[UInt8]] {
    guard let bytes = try directory.contents(of: directory.metrics) else { return [] }
    return bytes.split(separator: UInt8(ascii: "\n")).map { Array($0) }
  }
}

/// Members of a line that decide whether it is kept.
private struct Entry: Codable {
  var event: String?
  var step: Int?
  var rollbacks: Int?
  var run: String?

  func isKept(at mark: MetricsLog.Mark) -> Bool {
    guard let step, event != "end" else { return false }
    return (rollbacks ?? 0, step) <= (mark.rollbacks, mark.step)
  }
}
