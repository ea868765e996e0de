import Foundation
import Synchronization

/// A fixed number of threads that work on one task at a time, the caller among them.
///
/// How work is divided never changes a result: a division is over outputs, never over a sum.
public final class ThreadTeam: Sendable {
  /// How many threads work, counting the caller.
  public let count: Int
  private let shared: Shared

  /// - Precondition: at least one thread.
  public init(threads: Int = ThreadTeam.availableCores) {
    require(threads > 0, "ThreadTeam: \(threads) threads")
    count = threads
    shared = Shared(threads: threads)
    for index in 1..<max(threads, 1) {
      Thread.detachNewThread { [shared] in shared.work(as: index) }
    }
  }

  deinit { shared.stop() }

  /// The cores that this process may use, as they were when it was first asked: the system reads files to tell.
  public static let availableCores = ProcessInfo.processInfo.activeProcessorCount

  /// Runs `body` once on every thread, with the thread's index, and returns when all are done.
  ///
  /// Must not be called from within a task of the same team, nor from two threads at once.
  ///
  /// - Parameter owners: the tensors (or values that hold them, as a tuple) whose views `body` uses: they live until all
  ///   threads are done.
  package func run<Owners>(keeping owners: Owners = (), _ body: (_ thread: Int) -> Void) {
    defer { withExtendedLifetime(owners) {} }
    if count == 1 { return body(0) }
    withoutActuallyEscaping(body) { body in
      shared.start(Job(body: body), helpers: count - 1)
      body(0)
      shared.waitUntilDone()
    }
  }

  /// Divides 0..<total into one range a thread, each a multiple of `unit` long but the last, and runs `body` on each that
  /// is not empty.
  ///
  /// - Parameter owners: the tensors (or values that hold them, as a tuple) whose views `body` uses: they live until all
  ///   threads are done.
  package func split<Owners>(
    _ total: Int, unit: Int = 1, keeping owners: Owners = (), _ body: (Range<Int>) -> Void
  ) {
    defer { withExtendedLifetime(owners) {} }
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
  private let stopped = Atomic<Bool>(false)
  private let started, finished: ThreadSignal
  private var job: Job?

  init(threads: Int) {
    started = ThreadSignal(threads: threads)
    finished = ThreadSignal(threads: threads)
  }

  func start(_ job: Job, helpers: Int) {
    self.job = job
    remaining.store(helpers, ordering: .relaxed)
    announceGeneration()
  }

  func stop() {
    stopped.store(true, ordering: .relaxed)
    announceGeneration()
  }

  private func announceGeneration() {
    generation.wrappingAdd(1, ordering: .sequentiallyConsistent)
    started.announce()
  }

  func waitUntilDone() {
    finished.wait { remaining.load(ordering: .sequentiallyConsistent) == 0 }
    job = nil
  }

  func work(as index: Int) {
    var seen = 0
    while true {
      started.wait { generation.load(ordering: .sequentiallyConsistent) != seen }
      seen += 1
      if stopped.load(ordering: .relaxed) { return }
      job!.body(index)
      if remaining.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 { finished.announce() }
    }
  }
}
