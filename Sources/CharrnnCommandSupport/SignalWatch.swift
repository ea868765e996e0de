import Foundation
import Synchronization

/// A request from outside to stop.
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

/// Turns SIGINT and SIGTERM into a value that a loop can ask for between two steps. The second signal ends the process at
/// once, with the exit code of a stopped run and nothing more done.
package enum SignalWatch {
  /// Starts watching, for the rest of the process.
  package static func install() {
    // Globals are made at first use, which must not be inside the handler.
    _ = received.load(ordering: .relaxed)
    // A parent may have left them blocked.
    var signals = sigset_t()
    sigemptyset(&signals)
    for stop in StopSignal.allCases {
      signal(stop.rawValue, handleSignal)
      sigaddset(&signals, stop.rawValue)
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// The first signal that came, or nil.
  package static var stop: StopSignal? { StopSignal(rawValue: received.load(ordering: .relaxed)) }
}

/// The number of the first signal; zero is none.
private let received = Atomic<Int32>(0)

/// Only what is safe inside a signal handler: one lock-free exchange, and `_exit`.
private func handleSignal(_ number: Int32) {
  let isFirst = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
  if !isFirst { _exit(128 + number) }
}
