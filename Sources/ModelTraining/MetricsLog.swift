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

  /// Line of the validation of the step at which the log was taken up, and whether it is there still: that of the end of an earlier
  /// part is not. Nil where there was none.
  package private(set) var closing: (line: String, isThere: Bool)?

  /// Whether lines that are in the file may be lost when the power fails.
  private var isUnsynced = false

  /// Begins the log of a run, or takes it up at a step. The first line names the run.
  ///
  /// Lines of a log that is taken up go where the run will write them again: those after the step, those of the ends of
  /// earlier parts of the run, and one that a killed process left unfinished. The log of another run goes whole.
  ///
  /// - Parameters:
  ///   - run: the run's identity; nil for one begun by a version that had none, whose log has no first line either.
  ///   - mark: steps and rollbacks done; nil for a run that begins.
  ///   - unwritten: the log of an earlier part, some of whose lines may not be on the disk.
  package init(
    _ directory: RunDirectory, run: String?, resumedAt mark: Mark?, unwritten earlier: MetricsLog? = nil
  ) throws(FileError) {
    self.directory = directory
    if mark != nil, let earlier, earlier.directory == directory { pending = earlier.pending }
    let lines = try Self.lines(of: directory)
    let named = lines.first.flatMap { Self.entry($0)?.run }
    // A resumed run that finds no name has lost its first line only.
    let own = named == nil || named == run ? lines : []
    let kept = mark.map { mark in own.filter { Self.entry($0)?.isKept(at: mark) ?? false } }
    closing = mark.flatMap { mark in
      own.last { Self.entry($0)?.isValidation(of: mark) ?? false }.map { line in
        (String(decoding: line, as: UTF8.self), Self.entry(line)?.isKept(at: mark) ?? false)
      }
    }
    let first = run.map { Array(canonicalJSON(Entry(event: "start", step: 0, run: $0)).utf8) }
    let content = ([first].compactMap { $0 } + (kept ?? [])).map { $0 + [UInt8(ascii: "\n")] }
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
    isUnsynced = true
  }

  /// Whether the file has the lines of this log and no more: another process may have gone on with the run.
  package var isWholeFile: Bool {
    pending.isEmpty && (try? directory.files.status(of: directory.metrics).size) == length
  }

  /// Writes all lines and waits until they are on the disk.
  package mutating func sync() throws(FileError) {
    try flush()
    guard isUnsynced else { return }
    let (path, files) = (directory.metrics, directory.files)
    let descriptor = try naming(path, "open") { () throws(SystemError) in try files.openForUpdating(path) }
    defer { try? files.closeDescriptor(descriptor) }
    try naming(path, "write") { () throws(SystemError) in try files.sync(descriptor) }
    isUnsynced = false
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

  func isValidation(of mark: MetricsLog.Mark) -> Bool {
    ["validation", "end"].contains(event) && (rollbacks ?? 0, step) == (mark.rollbacks, mark.step)
  }

  func isKept(at mark: MetricsLog.Mark) -> Bool {
    guard let step, !["start", "end", "test"].contains(event) else { return false }
    return (rollbacks ?? 0, step) <= (mark.rollbacks, mark.step)
  }
}
