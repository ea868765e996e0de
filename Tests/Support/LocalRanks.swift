import Foundation
import ProcessGroups
import Synchronization
import TensorCore

/// Ranks of a job as threads of this process, for tests of what MPI does between processes.
package final class LocalJob: Sendable {
  private let size: Int
  /// Messages that have not been received yet.
  private let sent = Mutex<[Route: [[UInt8]]]>([:])
  /// Ranks from which nothing arrives any more.
  private let silent = Mutex<Set<Int>>([])

  struct Route: Hashable {
    let from, to: Int
    let tag: MessageTag
  }

  package init(size: Int) { self.size = size }

  /// Cuts a rank off.
  package func silence(_ rank: Int) { silent.withLock { _ = $0.insert(rank) } }

  /// The group of a rank. Its communication thread is never to end all ranks: it rests instead.
  package func group(
    rank: Int, patience: ProcessGroup.Patience = .init(silence: 3600, idleness: 3600),
    computation: @escaping @Sendable () -> Double = { 0 },
    failed: @escaping @Sendable (RankFailure) -> Void = { fatalError("\($0)") }
  ) throws -> ProcessGroup {
    try ProcessGroup(
      patience: patience, computation: computation,
      connect: { [self, size] in LocalLink(self, rank: rank, size: size) }, failed: failed)
  }

  fileprivate func send(_ bytes: [UInt8], on route: Route) {
    if silent.withLock({ $0.contains(route.from) }) { return }
    sent.withLock { $0[route, default: []].append(bytes) }
  }

  fileprivate func receive(on route: Route) -> [UInt8]? {
    sent.withLock { sent in
      guard let first = sent[route]?.first else { return nil }
      sent[route]?.removeFirst()
      return first
    }
  }

  /// Runs `body` as every rank of a job, at the same time, and returns what they return.
  package static func run<Result: Sendable>(
    _ size: Int, _ body: @escaping @Sendable (ProcessGroup) throws -> Result
  ) throws -> [Result] {
    let (job, done) = (LocalJob(size: size), DispatchGroup())
    let results = Mutex<[Int: Swift.Result<Result, any Error>]>([:])
    for rank in 0..<size {
      done.enter()
      let thread = Thread {
        let result = Swift.Result {
          let group = try job.group(rank: rank)
          let result = try body(group)
          group.close()
          return result
        }
        results.withLock { $0[rank] = result }
        done.leave()
      }
      thread.stackSize = 1 << 23
      thread.start()
    }
    done.wait()
    return try (0..<size).map { rank in try results.withLock { $0[rank]! }.get() }
  }
}

private final class LocalLink: MessageLink {
  let rank, size: Int
  private let job: LocalJob
  private var receiving: [Int: (route: LocalJob.Route, range: Range<Int>, buffer: MessageBuffer)] = [:]
  private var next = 0

  init(_ job: LocalJob, rank: Int, size: Int) { (self.job, self.rank, self.size) = (job, rank, size) }

  func send(_ range: Range<Int>, of buffer: MessageBuffer, to rank: Int, tag: MessageTag) -> Int {
    job.send(buffer.bytes(range), on: .init(from: self.rank, to: rank, tag: tag))
    return 0
  }

  func receive(_ range: Range<Int>, of buffer: MessageBuffer, from rank: Int, tag: MessageTag) -> Int {
    next += 1
    receiving[next] = (.init(from: rank, to: self.rank, tag: tag), range, buffer)
    return next
  }

  func isDone(_ message: Int) -> Bool {
    guard let wanted = receiving[message] else { return true }
    // An earlier message of the same route comes first.
    if receiving.contains(where: { $0.key < message && $0.value.route == wanted.route }) { return false }
    guard let bytes = job.receive(on: wanted.route) else { return false }
    precondition(bytes.count == wanted.range.count, "a message of \(bytes.count) bytes for \(wanted.range)")
    wanted.buffer.copy(0..<bytes.count, of: MessageBuffer(bytes), to: wanted.range.lowerBound)
    receiving[message] = nil
    return true
  }

  func close() {}

  func abort(code: Int32) -> Never { while true { sleep(1000) } }
}
