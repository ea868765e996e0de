import CharrnnCommandSupport
import Foundation
import SequenceModeling

/// Keeps the page `report.html` of a run in training. A failure is said once and stops nothing.
final class RunPage {
  private var report: RunReport
  /// Whether there was a validation since the page was written.
  private var isDue = false
  private var hasFailed = false
  private var written = -Double.infinity
  /// Seconds that the last writing took.
  private var duration = 0.0

  /// - Parameter command: command line that goes on with the run.
  init(_ directory: RunDirectory, resuming command: String) {
    report = RunReport(directory, commands: Self.commands(for: directory, resuming: command))
  }

  /// Follows a run. The lines of a validation and of its sample are in the metrics when the next step is reported.
  func receive(_ event: RunEvent) {
    switch event {
    case .training(.validated): isDue = true
    case .training where isDue:
      // Writing takes less than a hundredth of the time, however often the run validates.
      if now - written >= 150 * duration { write() }
    default: break
    }
  }

  /// Writes the page now.
  func write() {
    isDue = false
    let start = now
    do { try report.write() } catch {
      if !hasFailed { notice("\(error); the run goes on without its page") }
      hasFailed = true
    }
    written = now
    duration = written - start
  }

  private var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Command lines to go on with.
  ///
  /// - Parameter command: the one that goes on with the run; nil where its texts are not known.
  static func commands(for directory: RunDirectory, resuming command: String?) -> [(purpose: String, line: String)] {
    let path = shellWord(directory.path)
    return [
      ("Write text with the best model:", "charrnn sample \(path)"),
      ("Measure it on the part of the text that it has never seen:", "charrnn evaluate \(path)"),
    ]
      + (command.map { [("Train on:", $0)] } ?? [])
  }
}
