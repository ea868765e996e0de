import CSequenceKernels
import Foundation
import Synchronization

/// Where threads wait for a condition that another thread brings about.
///
/// A waiting thread spins for a while (half a millisecond on current x86 processors), because the work of a training step is cut
/// into pieces of about that length, and then sleeps: a core that spins is taken from other processes, and from the very thread that is waited for where
/// there are fewer cores than threads.
final class ThreadSignal: Sendable {
  private let spins: Int
  private let sleepers = Atomic<Int>(0)
  private let wake = NSCondition()

  /// - Parameter threads: how many threads work together.
  init(threads: Int) { spins = threads > ThreadTeam.availableCores ? 0 : 12_000 }

  /// Returns when the condition holds. It is read with sequential consistency.
  func wait(until condition: () -> Bool) {
    WorkProfile.account(for: .waiting) {
      for _ in 0..<spins {
        if condition() { return }
        sk_spin_hint()
      }
      wake.lock()
      sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
      while !condition() { wake.wait() }
      sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
      wake.unlock()
    }
  }

  /// To be called after the condition was brought about, by a write with sequential consistency: either a sleeper has seen that
  /// before it slept, or it is counted here and woken.
  func announce() {
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    wake.lock()
    wake.broadcast()
    wake.unlock()
  }
}
