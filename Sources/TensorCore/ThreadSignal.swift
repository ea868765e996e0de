import CSequenceKernels
import Foundation
import Synchronization

/// Where threads wait for a condition that another thread brings about.
///
/// A waiting thread spins for a while (at most half a millisecond on current x86 processors), because the work of a training
/// step is cut into pieces of about that length, and then sleeps. Where spinning was in vain it is tried for half as long the
/// next time, and where it was not for twice as long: on a busy machine a thread that spins uses up the time that its core would
/// give it, and is missing when it has work.
final class ThreadSignal: Sendable {
  private let mostSpins: Int
  private let spins: Atomic<Int>
  private let sleepers = Atomic<Int>(0)
  private let wake = NSCondition()

  /// - Parameter threads: how many threads work together.
  init(threads: Int) {
    mostSpins = threads > ThreadTeam.availableCores ? 0 : 12_000
    spins = Atomic(mostSpins)
  }

  /// Returns when the condition holds. It is read with sequential consistency.
  func wait(until condition: () -> Bool) {
    WorkProfile.account(for: .waiting) {
      let limit = spins.load(ordering: .relaxed)
      for _ in 0..<limit {
        if condition() {
          if limit < mostSpins { spins.store(min(2 * limit, mostSpins), ordering: .relaxed) }
          return
        }
        sk_spin_hint()
      }
      if limit > 0 { spins.store(max(limit / 2, 200), ordering: .relaxed) }
      sleep(until: condition)
    }
  }

  private func sleep(until condition: () -> Bool) {
    wake.lock()
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !condition() { wake.wait() }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    wake.unlock()
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
