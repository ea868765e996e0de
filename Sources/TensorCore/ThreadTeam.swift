import CSequenceKernels
import Foundation
import Synchronization

/// A fixed number of threads that work on one task at a time, the caller among them.
///
/// Waiting threads spin briefly, because the next task of a training step usually comes within microseconds, and then
/// sleep. How work is divided never changes a result: a division is over outputs, never over a sum.
public final class ThreadTeam: Sendable {
  /// How many threads work, counting the caller.
  public let count: Int
  private let shared: Shared

  /// - Precondition: at least one thread.
  public init(threads: Int = ThreadTeam.availableCores) {
    require(threads > 0, "ThreadTeam: \(threads) threads")
    count = threads
    // With more threads than cores, one that spins keeps from its core the one that it waits for.
    shared = Shared(spins: threads > ThreadTeam.availableCores ? 0 : 20_000)
    for index in 1..<max(threads, 1) {
      Thread.detachNewThread { [shared] in shared.work(as: index) }
    }
  }

  deinit { shared.stop() }

  /// The cores that this process may use.
  public static var availableCores: Int { ProcessInfo.processInfo.activeProcessorCount }

  /// Runs `body` once on every thread, with the thread's index, and returns when all are done.
  ///
  /// Must not be called from within a task of the same team, nor from two threads at once.
  package func run(_ body: (_ thread: Int) -> Void) {
    if count == 1 { return body(0) }
    withoutActuallyEscaping(body) { body in
      shared.start(Job(body: body), helpers: count - 1)
      body(0)
      shared.waitUntilDone()
    }
  }

  /// Divides 0..<total into one range a thread, each a multiple of `unit` long but the last, and runs `body` on each that
  /// is not empty.
  package func split(_ total: Int, unit: Int = 1, _ body: (Range<Int>) -> Void) {
    let units = (total + unit - 1) / unit
    if count == 1 || units <= 1 {
      if total > 0 { body(0..<total) }
      return
    }
    run { thread in
      let part = part(of: total, unit: unit, for: thread)
      if !part.isEmpty { body(part) }
    }
  }

  /// The range of 0..<total that one thread is given: a multiple of `unit` long but the last; it may be empty.
  package func part(of total: Int, unit: Int = 1, for thread: Int) -> Range<Int> {
    let units = (total + unit - 1) / unit
    return min(units * thread / count * unit, total)..<min(units * (thread + 1) / count * unit, total)
  }
}

/// A closure handed from one thread to others, which are done with it before its caller goes on.
private struct Job: @unchecked Sendable {
  let body: (Int) -> Void
}

private final class Shared: @unchecked Sendable {
  private let generation = Atomic<Int>(0)
  private let remaining = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let stopped = Atomic<Bool>(false)
  private let wake = NSCondition()
  private var job: Job?

  private let spins: Int

  init(spins: Int) { self.spins = spins }

  func start(_ job: Job, helpers: Int) {
    self.job = job
    remaining.store(helpers, ordering: .relaxed)
    announce()
  }

  func stop() {
    stopped.store(true, ordering: .relaxed)
    announce()
  }

  /// Sequentially consistent with the count of sleepers in `work`: either the sleeper sees the new generation before it
  /// sleeps, or this sees the sleeper and wakes it.
  private func announce() {
    generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    wake.lock()
    wake.broadcast()
    wake.unlock()
  }

  func waitUntilDone() {
    var turns = 0
    while remaining.load(ordering: .acquiring) > 0 {
      turns += 1
      if turns < spins { sk_spin_hint() } else { sched_yield() }
    }
    job = nil
  }

  func work(as index: Int) {
    var seen = 0
    while true {
      waitForGeneration(after: seen)
      seen += 1
      if stopped.load(ordering: .relaxed) { return }
      job!.body(index)
      remaining.wrappingSubtract(1, ordering: .acquiringAndReleasing)
    }
  }

  private func waitForGeneration(after seen: Int) {
    for _ in 0..<spins {
      if generation.load(ordering: .sequentiallyConsistent) != seen { return }
      sk_spin_hint()
    }
    wake.lock()
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while generation.load(ordering: .sequentiallyConsistent) == seen { wake.wait() }
    sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    wake.unlock()
  }
}
