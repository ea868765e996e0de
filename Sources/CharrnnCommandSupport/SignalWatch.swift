import Foundation
import Synchronization

/// A signal that asks the process to stop.
package enum StopSignal: Int32, Sendable, CaseIterable {
  case hangup = 1
  case interrupt = 2
  case terminate = 15

  package var exitCode: ExitCode {
    switch self {
    case .hangup: .hungUp
    case .interrupt: .interrupted
    case .terminate: .terminated
    }
  }
}

/// Turns SIGHUP, SIGINT and SIGTERM into an orderly end, with the exit code of a stopped run.
///
/// A signal that the process was started to ignore stays ignored: `nohup` asks for that for SIGHUP, a script for SIGINT in
/// commands that it runs in the background.
package enum SignalWatch {
  /// Starts watching, for the rest of the process. At first a signal ends the process at once: there is nothing to save.
  package static func install() {
    // Globals are initialized at first use, which must not happen inside the handler.
    _ = (received.load(ordering: .relaxed), finishesSteps.load(ordering: .relaxed))
    var signals = sigset_t()
    sigemptyset(&signals)
    for stop in StopSignal.allCases { sigaddset(&signals, stop.rawValue) }
    // An ignored signal must not reach the handler before it is ignored again.
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    for stop in StopSignal.allCases where isIgnored(signal(stop.rawValue, handleSignal)) {
      signal(stop.rawValue, SIG_IGN)
    }
    // The parent process may have blocked the signals.
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// From now on the first signal is a value that a loop polls between steps. A second one ends the process at once.
  package static func finishStepsFirst() { finishesSteps.store(true, ordering: .sequentiallyConsistent) }

  /// The first signal received, or nil.
  package static var stop: StopSignal? { StopSignal(rawValue: received.load(ordering: .relaxed)) }

  private static func isIgnored(_ handler: (@convention(c) (Int32) -> Void)?) -> Bool {
    unsafeBitCast(handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// The number of the first signal received, or 0.
private let received = Atomic<Int32>(0)
private let finishesSteps = Atomic<Bool>(false)

/// The signal handler. It uses only operations that are safe in one: lock-free atomics, and `_exit`.
private func handleSignal(_ number: Int32) {
  let isFirst = received.compareExchange(expected: 0, desired: number, ordering: .relaxed).exchanged
  if !isFirst || !finishesSteps.load(ordering: .relaxed) { _exit(128 + number) }
}
