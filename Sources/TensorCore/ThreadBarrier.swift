import CSequenceKernels
import Foundation
import Synchronization

/// A place in a task where all threads of a team wait for each other.
///
/// Waits are expected to be short, so that threads spin, and give way to others only after a while.
package final class ThreadBarrier: Sendable {
  private let count: Int
  private let arrived = Atomic<Int>(0)
  private let round = Atomic<Int>(0)

  package init(of count: Int) { self.count = count }

  /// Returns when all threads have called it as often as this one; what they wrote before is then seen by all.
  package func wait() {
    if count == 1 { return }
    let current = round.load(ordering: .acquiring)
    if arrived.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue == count {
      arrived.store(0, ordering: .relaxed)
      round.store(current + 1, ordering: .releasing)
      return
    }
    var turns = 0
    while round.load(ordering: .acquiring) == current {
      turns += 1
      if turns < 10_000 { sk_spin_hint() } else { sched_yield() }
    }
  }
}
