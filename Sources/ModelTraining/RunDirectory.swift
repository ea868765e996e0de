import Foundation
import TensorCheckpoints
import TensorCore

/// The files of one training run.
public struct RunDirectory: Sendable, Equatable {
  public let path: String
  package let files: any FileOperations

  public init(_ path: String) { self.init(path, using: SystemFiles()) }

  package init(_ path: String, using files: any FileOperations) { (self.path, self.files) = (path, files) }

  public static func == (left: RunDirectory, right: RunDirectory) -> Bool { left.path == right.path }

  /// The model with the lowest validation loss.
  public var best: String { path + "/best.safetensors" }
  /// Everything that an exact resume needs.
  public var last: String { path + "/last.safetensors" }
  /// The state before the learning rate decayed to 0, which more training goes on from.
  public var undecayed: String { path + "/undecayed.safetensors" }
  /// Every option as it was resolved, as JSON, and the run's identity.
  public var configuration: String { path + "/config.json" }
  /// Measurements, one JSON object a line.
  public var metrics: String { path + "/metrics.jsonl" }
  /// Losses of models that count, to judge the run's by.
  public var baselines: String { path + "/baselines.json" }

  /// A page for a browser that shows the run.
  public var report: String { path + "/report.html" }

  /// Measurements for TensorBoard; there where they were asked for.
  public var events: String { path + "/events.out.tfevents.charrnn" }

  /// Its files beside models.
  package var records: [String] { [configuration, metrics, baselines, report, events] }

  /// Whether it holds a `last` or a `best`.
  public var holdsRun: Bool { holds(last) || holds(best) }

  /// Whether one of its files is there. A file of which the system cannot tell counts as there: opening it says why.
  package func holds(_ file: String) -> Bool {
    do { return try files.statusIfAny(of: file) != nil } catch { return true }
  }

  /// Bytes of one of its files; nil where it is not there.
  package func contents(of file: String) throws(FileError) -> [UInt8]? {
    guard try requireFile(file) else { return nil }
    return try FileReader(file, using: files).rest()
  }

  /// Whether one of its files is there.
  ///
  /// - Throws: `FileError` where something else than a file has its name: a pipe would be waited for.
  @discardableResult
  package func requireFile(_ file: String) throws(FileError) -> Bool {
    guard let status = try files.statusIfAny(of: file) else { return false }
    guard status.kind == .file else {
      throw FileError(path: file, action: "read", code: status.kind == .directory ? EISDIR : ENODEV)
    }
    return true
  }

  /// Makes the directory, and those it lies in, where it is not there yet.
  public func create() throws(FileError) {
    var made: [String] = []
    try create(&made)
  }

  /// Makes the directory and calls `body` to fill it. Where that fails, directories that were made and hold nothing are removed.
  ///
  /// - Throws: `FileError` where it cannot be made, and what `body` throws.
  package func create(filling body: () throws -> Void) throws {
    var made: [String] = []
    do {
      try create(&made)
      try body()
    } catch {
      for directory in made.reversed() { try? files.removeDirectory(directory) }
      throw error
    }
  }

  /// - Parameter made: paths of the directories that were not there.
  private func create(_ made: inout [String]) throws(FileError) {
    var part = path.hasPrefix("/") ? "/" : ""
    var parent = part.isEmpty ? "." : part
    // By code units: a combining mark behind a slash makes one character with it.
    for name in path.utf8.split(separator: UInt8(ascii: "/")) {
      part += String(Substring(name))
      do throws(SystemError) {
        try files.makeDirectory(part)
        made.append(part)
        try AtomicFile.syncDirectory(parent, using: files)
      } catch {
        let isThere = try files.statusIfAny(of: part)?.kind == .directory
        if !isThere {
          throw FileError(
            path: path, action: "create the directory", code: error.code == EEXIST ? ENOTDIR : error.code)
        }
      }
      parent = part
      part += "/"
    }
  }

  /// Removes what killed processes left of files that they were writing here.
  package func removeAbandoned() {
    let names =
      ([last, best, undecayed] + records).map { String($0.dropFirst(path.count + 1)) } + [Self.probeName]
    AtomicFile.removeAbandoned(in: path, using: files) { names.contains($0) || Self.step(ofKept: $0) != nil }
  }

  static let probeName = "room"
}
