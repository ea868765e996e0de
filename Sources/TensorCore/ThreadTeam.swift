import Foundation
import Synchronization

/// Threads that work on one task at a time, the caller among them.
///
/// How work is divided never changes a result: a division is over outputs, never over a sum.
public final class ThreadTeam: Sendable {
  /// Number of threads of the team, counting the caller.
  public let size: Int
  private let working: Atomic<Int>
  private let pacer: Mutex<ThreadPacer>
  private let shared: Shared

  /// How many threads share a task, counting the caller: all of them unless the owner lets some rest.
  public var count: Int { working.load(ordering: .relaxed) }

  /// - Precondition: at least one thread.
  public init(threads: Int = ThreadTeam.availableCores) {
    require(threads > 0, "ThreadTeam: \(threads) threads")
    size = threads
    working = Atomic(threads)
    pacer = Mutex(ThreadPacer(most: threads))
    shared = Shared(threads: threads)
    for index in 1..<max(threads, 1) {
      Thread.detachNewThread { [shared] in shared.work(as: index) }
    }
  }

  deinit { shared.stop() }

  /// The cores that this process may use, as they were when it was first asked: the system reads files to tell.
  public static let availableCores = ProcessInfo.processInfo.activeProcessorCount

  /// Names of these cores, as the system gives them; empty where it does not.
  package static var namesOfCores: String {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    return status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }.map(String.init) ?? ""
  }

  /// Lets as many threads share the tasks that follow; the others rest.
  ///
  /// Must not be called while a task runs.
  package func use(_ threads: Int) {
    require((1...size).contains(threads), "ThreadTeam: \(threads) threads of a team of \(size)")
    working.store(threads, ordering: .relaxed)
  }

  /// Does one of many steps that are alike, on as many threads as have been fastest at it: see `ThreadPacer`. Work after it has all
  /// threads again.
  package func paced<Result, Failure: Error>(_ step: () throws(Failure) -> Result) throws(Failure) -> Result {
    if size == 1 { return try step() }
    use(pacer.withLock { $0.count })
    defer { use(size) }
    let (began, processorTime) = (DispatchTime.now().uptimeNanoseconds, clock())
    let result = try step()
    let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) * 1e-9
    let processorSeconds = Double(clock() - processorTime) / Double(CLOCKS_PER_SEC)
    pacer.withLock { $0.record(seconds: seconds, processorSeconds: processorSeconds) }
    return result
  }

  /// Runs `body` once on every thread that works, with the thread's index, and returns when all are done.
  ///
  /// Must not be called from within a task of the same team, nor from two threads at once.
  ///
  /// - Parameter owners: the tensors (or values that hold them, as a tuple) whose views `body` uses: they live until all
  ///   threads are done.
  package func run<Owners>(keeping owners: Owners = (), _ body: (_ thread: Int) -> Void) {
    defer { withExtendedLifetime(owners) {} }
    let count = count
    if count == 1 { return body(0) }
    withoutActuallyEscaping(body) { body in
      shared.start(Job(body: body), threads: count)
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
    let (units, count) = ((total + unit - 1) / unit, count)
    return min(units * thread / count * unit, total)..<min(units * (thread + 1) / count * unit, total)
  }
}

/// A closure handed from one thread to others, which are done with it before its caller goes on.
private struct Job: @unchecked Sendable {
  let body: (Int) -> Void
}

private final class Shared: @unchecked Sendable {
  /// Number of the latest task, above the number of threads that share it: read together, so that a thread that rested does
  /// not take one task for another.
  private let latest = Atomic<Int>(0)
  private let remaining = Atomic<Int>(0)
  private let stopped = Atomic<Bool>(false)
  /// One for each thread beside the caller: those that rest are not woken.
  private let started: [ThreadSignal]
  private let finished: ThreadSignal
  private var job: Job?

  private static let bitsOfCount = 16

  init(threads: Int) {
    require(threads < 1 << Self.bitsOfCount, "ThreadTeam: \(threads) threads")
    started = (1..<threads).map { _ in ThreadSignal(threads: threads) }
    finished = ThreadSignal(threads: threads)
  }

  func start(_ job: Job, threads: Int) {
    self.job = job
    remaining.store(threads - 1, ordering: .relaxed)
    announceTask(of: threads)
  }

  func stop() {
    stopped.store(true, ordering: .relaxed)
    announceTask(of: started.count + 1)
  }

  private func announceTask(of threads: Int) {
    let number = latest.load(ordering: .relaxed) >> Self.bitsOfCount + 1
    latest.store(number << Self.bitsOfCount | threads, ordering: .sequentiallyConsistent)
    for signal in started.prefix(threads - 1) { signal.announce() }
  }

  func waitUntilDone() {
    finished.wait { remaining.load(ordering: .sequentiallyConsistent) == 0 }
    job = nil
  }

  func work(as index: Int) {
    var seen = 0
    while true {
      started[index - 1].wait { latest.load(ordering: .sequentiallyConsistent) != seen }
      seen = latest.load(ordering: .sequentiallyConsistent)
      if stopped.load(ordering: .relaxed) { return }
      if index >= seen & (1 << Self.bitsOfCount - 1) { continue }
      job!.body(index)
      if remaining.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 { finished.announce() }
    }
  }
}
