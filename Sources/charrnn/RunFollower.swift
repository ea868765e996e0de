import Foundation
import SequenceModeling

/// Keeps a file about a run in training up to date. A failure is said once and stops nothing.
final class RunFollower {
  private let name: String
  private let update: () throws -> Void
  /// Whether there was something to tell since the file was written.
  private var isDue = false
  private var hasFailed = false
  private var written = -Double.infinity
  /// Seconds that the last writing took.
  private var duration = 0.0

  /// - Parameters:
  ///   - name: what the run goes on without where the file cannot be written: "its page".
  ///   - update: writes the file from what the run's directory holds.
  init(_ name: String, update: @escaping () throws -> Void) { (self.name, self.update) = (name, update) }

  /// Follows a run. The lines of a validation and of its sample are in the metrics when the next step is reported.
  func receive(_ event: RunEvent) {
    switch event {
    case .training(.validated), .training(.rolledBack), .sample: isDue = true
    case .training where isDue:
      // Writing takes less than a hundredth of the time, however often the run validates.
      if now - written >= 150 * duration { write() }
    default: break
    }
  }

  /// Writes the file now.
  func write() {
    isDue = false
    let start = now
    do { try update() } catch {
      if !hasFailed { notice("\(message(for: error)); the run goes on without \(name)") }
      hasFailed = true
    }
    written = now
    duration = written - start
  }

  private var now: Double { ProcessInfo.processInfo.systemUptime }
}
