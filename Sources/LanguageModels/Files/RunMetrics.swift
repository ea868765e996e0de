import Foundation
import ModelTraining
import TensorCore

/// The lines of a run's `metrics.jsonl`. They can be read on while the run adds to them.
package struct RunMetrics: Sendable {
  /// A line; members that the event does not have are nil.
  package struct Line: Sendable, Decodable {
    package var event: String
    package var step: Int
    package var epoch, seconds, learningRate, trainLoss, validationLoss, validationBits, gradientNorm, speed: Double?
    package var reason: String?
    /// A sample, and the longest passage of it that stands in the corpus, with its length in tokens.
    package var text, copy: String?
    package var longestCopy: Int?
    /// Losses on the test part, in nats a token: the model's and those of models that count.
    package var testLoss, testBits: Double?
    package var baselines: Baselines?

    enum CodingKeys: String, CodingKey {
      case event, step, epoch, seconds, reason, text, copy, baselines
      case learningRate = "learning_rate"
      case trainLoss = "train_loss"
      case validationLoss = "validation_loss"
      case validationBits = "validation_bits_per_character"
      case gradientNorm = "gradient_norm"
      case speed = "tokens_per_second"
      case longestCopy = "longest_copy"
      case testLoss = "test_loss"
      case testBits = "test_bits_per_character"
    }
  }

  /// All lines but those that a rollback took back, in order.
  package private(set) var lines: [Line] = []
  /// Bytes of the whole lines that were read.
  private var length = 0

  package init() {}

  package init(of directory: RunDirectory) throws(FileError) { try readOn(directory) }

  /// Reads the lines that were added since, or all of a file that became shorter. Remains of a line that was not finished, and
  /// lines that are no objects of metrics, are left out.
  ///
  /// - Returns: the lines that were read, those among them that a rollback took back too.
  @discardableResult
  package mutating func readOn(_ directory: RunDirectory) throws(FileError) -> [Line] {
    guard let bytes = try directory.contents(of: directory.metrics) else { return [] }
    if bytes.count < length { self = RunMetrics() }
    let end = bytes[length...].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? length
    let decoder = JSONDecoder()
    var added: [Line] = []
    for line in bytes[length..<end].split(separator: UInt8(ascii: "\n")) {
      guard let line = try? decoder.decode(Line.self, from: Data(line)) else { continue }
      if line.event == "rolled_back" {
        lines.removeAll { $0.step > line.step && !Self.recoveries.contains($0.event) }
      }
      lines.append(line)
      added.append(line)
    }
    length = end
    return added
  }

  /// Events of a run in trouble; the other ones measure.
  package static let recoveries: Set<String> = ["skipped", "rolled_back", "diverged"]

  package var best: Line? {
    lines.lazy.filter { $0.validationLoss != nil }.min { $0.validationLoss! < $1.validationLoss! }
  }

  package var last: Line? { lines.last { $0.learningRate != nil && $0.text == nil } }
  package var test: Line? { lines.last { $0.event == "test" } }

  /// Bits a character for each nat a token; nil where no line tells both.
  package var bitsPerNat: Double? {
    lines.lazy.compactMap { line in
      guard let loss = line.validationLoss, loss > 0 else { return nil }
      return line.validationBits.map { $0 / loss }
    }.first
  }
}

/// Time of training over all parts of a run, line after line of its metrics.
package struct RunClock: Sendable {
  private var before = 0.0
  private var last = 0.0

  package init() {}

  /// Seconds of training at the next line.
  package mutating func seconds(at line: RunMetrics.Line) -> Double {
    let now = line.seconds ?? last
    // Each part counts from its own start.
    if now < last { before += last }
    last = now
    return before + now
  }
}
