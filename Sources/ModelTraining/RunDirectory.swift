import Foundation
import TensorCheckpoints
import TensorCore

/// The files of one training run.
public struct RunDirectory: Sendable, Equatable {
  public let path: String

  public init(_ path: String) { self.path = path }

  /// The model with the lowest validation loss.
  public var best: String { path + "/best.safetensors" }
  /// Everything that an exact resume needs.
  public var last: String { path + "/last.safetensors" }
  /// Every option as it was resolved, as JSON.
  public var configuration: String { path + "/config.json" }
  /// Measurements, one JSON object a line.
  public var metrics: String { path + "/metrics.jsonl" }

  /// Whether it holds a `last` or a `best`.
  public var holdsRun: Bool { [last, best].contains { FileKind(at: $0) != nil } }

  /// Makes the directory, and those it lies in, where it is not there yet.
  public func create() throws(FileError) {
    var part = path.hasPrefix("/") ? "/" : ""
    for name in path.split(separator: "/") {
      part += name
      if mkdir(part, 0o777) != 0 && errno != EEXIST {
        throw FileError(path: part, action: "create the directory", code: errno)
      }
      part += "/"
    }
  }

  /// Checks that there is room for a file of this size, by allocating it for a moment.
  public func requireRoom(_ bytes: Int) throws(FileError) {
    #if os(Linux)
      let probe = path + "/.room.\(getpid()).tmp"
      let descriptor = open(probe, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { throw FileError(path: path, action: "create a file", code: errno) }
      let code = posix_fallocate(descriptor, 0, off_t(bytes))
      close(descriptor)
      unlink(probe)
      if code == ENOSPC || code == EDQUOT || code == EFBIG {
        throw FileError(path: path, action: "find room for a checkpoint of \(bytes >> 20) MiB", code: code)
      }
    #endif
  }

  /// Adds a line to the metrics.
  public func appendMetrics(_ line: String) throws(FileError) {
    let descriptor = open(metrics, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: metrics, action: "open", code: errno) }
    defer { close(descriptor) }
    let bytes = Array((line + "\n").utf8)
    let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    if written != bytes.count { throw FileError(path: metrics, action: "write", code: written < 0 ? errno : ENOSPC) }
  }

  /// Removes the metrics after a step, which a resumed run measures again, and the event that ended the run.
  public func cutMetrics(toStep step: Int) throws {
    guard let data = FileManager.default.contents(atPath: metrics) else { return }
    struct Line: Decodable { let step: Int, event: String? }
    let kept = data.split(separator: UInt8(ascii: "\n")).filter { line in
      guard let line = try? JSONDecoder().decode(Line.self, from: Data(line)) else { return false }
      return line.step <= step && line.event != "end"
    }
    try AtomicFile.write(kept.map { Array($0) + [UInt8(ascii: "\n")] }, to: metrics)
  }
}
