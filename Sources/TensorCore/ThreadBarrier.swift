import Synchronization

/// A place in a task where all threads of a team wait for each other.
package final class ThreadBarrier: Sendable {
  /// Number of threads that meet.
  package let count: Int
  private let arrived = Atomic<Int>(0)
  private let round = Atomic<Int>(0)
  private let signal: ThreadSignal

  package init(of count: Int) {
    self.count = count
    signal = ThreadSignal(threads: count)
  }

  /// Returns when all threads have called it as often as this one; what they wrote before is then seen by all.
  package func wait() {
    if count == 1 { return }
    let current = round.load(ordering: .acquiring)
    if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      round.store(current + 1, ordering: .sequentiallyConsistent)
      signal.announce()
    } else {
      signal.wait { round.load(ordering: .sequentiallyConsistent) != current }
    }
  }
}
