import Foundation
import SequenceModeling

/// Events for TensorBoard: a run's metrics, in a file that grows with them.
struct RunEvents {
  private let directory: RunDirectory
  /// The log and the time at which it begins; nil before the first writing.
  private var begun: (log: TensorBoardLog, time: Double)?
  private var metrics = RunMetrics()
  private var clock = RunClock()
  /// Last step of each chart: a run that is resumed at its end measures that step twice.
  private var steps: [String: Int] = [:]

  init(_ directory: RunDirectory) { self.directory = directory }

  /// Keeps the events of a run in training up to date.
  static func follower(_ directory: RunDirectory) -> RunFollower {
    var events = RunEvents(directory)
    return RunFollower("its events for TensorBoard") {
      // A failure leaves all as it was, to be tried again.
      var next = events
      try next.write()
      events = next
    }
  }

  /// Adds the lines of the metrics that are new; at first all. Times are those of training, without pauses, so that a run that was
  /// stopped goes on with the same file; where resuming takes back what was measured, the file is replaced.
  private mutating func write() throws {
    let added = try metrics.readOn(directory)
    let lines = begun == nil ? metrics.lines : added
    let seconds = lines.map { clock.seconds(at: $0) }
    var (log, time) = try begun.map { ($0.log, $0.time) } ?? beginning(after: seconds.last ?? 0)
    for (line, second) in zip(lines, seconds) { add(line, to: &log, at: time + second) }
    begun = (log, time)
    try begun?.log.write()
  }

  /// A log that begins when the one that is there did; without one, so many seconds ago.
  private func beginning(after seconds: Double) throws -> (TensorBoardLog, Double) {
    let time =
      try directory.contents(of: directory.events).flatMap(TensorBoardLog.time) ?? Date().timeIntervalSince1970
      - seconds
    return (TensorBoardLog(directory.events, at: time), time)
  }

  private mutating func add(_ line: RunMetrics.Line, to log: inout TensorBoardLog, at time: Double) {
    if line.event == "rolled_back" {
      log.restart(at: line.step + 1, at: time)
      steps = steps.mapValues { min($0, line.step) }
    }
    for (tag, value) in Self.numbers {
      guard let number = value(line), line.step > steps[tag, default: -1] else { continue }
      log.add(number, to: tag, step: line.step, at: time)
      steps[tag] = line.step
    }
    if let text = line.text {
      // Four spaces keep a line from being read as Markdown.
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
      log.add(text: lines.joined(separator: "\n"), to: "sample", step: line.step, at: time)
    }
  }

  private static let numbers: [(tag: String, value: @Sendable (RunMetrics.Line) -> Double?)] = [
    ("loss/train", \.trainLoss), ("loss/validation", \.validationLoss), ("loss/test", \.testLoss),
    ("bits_per_character/validation", \.validationBits), ("bits_per_character/test", \.testBits),
    ("learning_rate", { isMeasurement($0) ? $0.learningRate : nil }), ("gradient_norm", \.gradientNorm),
    ("tokens_per_second", \.speed),
  ]

  private static func isMeasurement(_ line: RunMetrics.Line) -> Bool {
    line.text == nil && !RunMetrics.recoveries.contains(line.event)
  }
}
