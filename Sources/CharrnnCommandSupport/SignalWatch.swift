import Foundation
import Synchronization

/// A signal that asks the process to stop.
package enum StopSignal: Int32, Sendable, CaseIterable {
  case interrupt = 2
  case terminate = 15

  package var exitCode: ExitCode {
    switch self {
    case .interrupt: .interrupted
    case .terminate: .terminated
    }
  }
}

/// Turns SIGINT and SIGTERM into a value that a loop can poll between steps. A second signal ends the process at once, with the
/// exit code of a stopped run.
package enum SignalWatch {
  /// Starts watching, for the rest of the process.
  package static func install() {
    // Globals are initialized at first use, which must not happen inside the handler.
    _ = received.load(ordering: .relaxed)
    // The parent process may have blocked the signals.
    var signals = sigset_t()
    sigemptyset(&signals)
    for stop in StopSignal.allCases {
      signal(stop.rawValue, handleSignal)
      sigaddset(&signals, stop.rawValue)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// The first signal received, or nil.
  package static var stop: StopSignal? { StopSignal(rawValue: received.load(ordering: .relaxed)) }
}

/// The number of the first signal received, or 0.
private let received = Atomic<Int32>(0)

/// The signal handler. It uses only operations that are safe in one: a lock-free exchange, and `_exit`.
private func handleSignal(_ number: Int32) {
  let isFirst = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
  if !isFirst { _exit(128 + number) }
}
