import Foundation
import TensorCore

/// Thread that sends and receives all messages of a rank, while its other threads compute.
///
/// Message passing makes progress only in calls to it: the thread asks again and again while a message is under way, with naps
/// that leave the core to others, and sleeps otherwise.
final class CommunicationThread: @unchecked Sendable {
  private let wake = NSCondition()
  private var posted: [MessageExchange] = []
  private var ending = false
  private var ended = false
  /// Exit code with which all ranks are to end.
  private var abortCode: Int32?
  private let link: any MessageLink
  private let failed: @Sendable (RankFailure) -> Void

  /// Seconds between two signs of life.
  private let interval: Double
  private let patience: ProcessGroup.Patience
  private let computation: @Sendable () -> Double

  private var measured = GroupTraffic()

  /// Starts the thread.
  ///
  /// - Parameters:
  ///   - connect: makes the link, on the thread.
  ///   - failed: called on the thread before it ends all ranks.
  static func start(
    patience: ProcessGroup.Patience, computation: @escaping @Sendable () -> Double,
    connect: @escaping @Sendable () throws -> any MessageLink,
    failed: @escaping @Sendable (RankFailure) -> Void
  ) throws -> (thread: CommunicationThread, rank: Int, size: Int) {
    let connected = Handover<Result<CommunicationThread, any Error>>()
    Thread.detachNewThread {
      do {
        let thread = CommunicationThread(
          try connect(), patience: patience, computation: computation, failed: failed)
        connected.give(.success(thread))
        thread.work()
      } catch { connected.give(.failure(error)) }
    }
    let thread = try connected.take().get()
    return (thread, thread.link.rank, thread.link.size)
  }

  private init(
    _ link: any MessageLink, patience: ProcessGroup.Patience, computation: @escaping @Sendable () -> Double,
    failed: @escaping @Sendable (RankFailure) -> Void
  ) {
    (self.link, self.patience, self.computation, self.failed) = (link, patience, computation, failed)
    interval = patience.silence / 10
  }

  /// All messages so far.
  var traffic: GroupTraffic { wake.withLock { measured } }

  /// Begins an exchange. All ranks begin theirs in the same order.
  func post(_ exchange: MessageExchange) {
    wake.withLock {
      posted.append(exchange)
      wake.broadcast()
    }
  }

  /// Returns when an exchange is done.
  func wait(for exchange: MessageExchange) {
    let began = DispatchTime.now().uptimeNanoseconds
    wake.withLock {
      while !exchange.isDone { wake.wait() }
      measured[exchange.purpose].waited += Double(DispatchTime.now().uptimeNanoseconds - began) * 1e-9
    }
  }

  /// Ends the link, after all exchanges.
  func close() {
    wake.withLock {
      ending = true
      wake.broadcast()
      while !ended { wake.wait() }
    }
  }

  /// Ends the processes of all ranks, from the thread of messages.
  func abort(code: Int32) -> Never {
    let isOver = wake.withLock {
      abortCode = code
      wake.broadcast()
      return ended
    }
    if isOver { exit(code) }
    while true { sleep(1) }
  }

  private func work() {
    do throws(RankFailure) { try exchangeMessages() } catch {
      failed(error)
      link.abort(code: RankFailure.exitCode)
    }
    link.close()
    wake.withLock {
      ended = true
      wake.broadcast()
    }
  }

  private func exchangeMessages() throws(RankFailure) {
    var active: [ActiveExchange] = []
    var life = SignsOfLife(link, interval: interval, patience: patience, computation: computation)
    var vain = 0
    while true {
      let (new, isOver) = take(orSleep: active.isEmpty)
      for exchange in new { active.append(try ActiveExchange(exchange, on: link)) }
      try life.check(exchangingSince: active.map(\.began).min())
      if active.isEmpty {
        if isOver, try life.leave() { return }
        // Others may be at work for long.
        if isOver { usleep(1000) }
        continue
      }
      let began = DispatchTime.now().uptimeNanoseconds
      var hasMoved = false
      let purposes = Set(active.map(\.purpose))
      for index in active.indices where try active[index].progress(on: link) { hasMoved = true }
      let finished = active.filter(\.isDone)
      active.removeAll(where: \.isDone)
      // Naps of a twentieth of a millisecond leave the core to the threads that compute; after some tenths of a second something takes
      // long, and they grow.
      vain = hasMoved ? 0 : vain + 1
      if vain > 20 { usleep(vain > 5000 ? 1000 : 50) }
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - began) * 1e-9
      wake.withLock {
        for purpose in purposes { measured[purpose].seconds += seconds }
        for exchange in finished {
          measured[exchange.purpose].bytesSent += exchange.bytesSent
          exchange.finish()
        }
        if !finished.isEmpty { wake.broadcast() }
      }
    }
  }

  private func take(orSleep mayRest: Bool) -> (new: [MessageExchange], isOver: Bool) {
    wake.withLock {
      if let abortCode { link.abort(code: abortCode) }
      if mayRest && posted.isEmpty && !ending {
        _ = wake.wait(until: Date(timeIntervalSinceNow: interval / 4))
      }
      defer { posted = [] }
      return (posted, ending && posted.isEmpty)
    }
  }
}

/// An exchange under way.
private struct ActiveExchange {
  private let exchange: MessageExchange
  /// When it began.
  let began = SignsOfLife.now
  private var sending: [Int] = []
  /// Parts of each message to receive that have not come.
  private var receiving: [[Int]] = []
  private var taken = 0

  init(_ exchange: MessageExchange, on link: any MessageLink) throws(RankFailure) {
    self.exchange = exchange
    for message in exchange.receives {
      var parts: [Int] = []
      for part in Self.parts(of: message.range) {
        parts.append(try link.receive(part, of: message.buffer, from: message.rank, tag: .data))
      }
      receiving.append(parts)
    }
    for message in exchange.sends {
      for part in Self.parts(of: message.range) {
        sending.append(try link.send(part, of: message.buffer, to: message.rank, tag: .data))
      }
    }
  }

  /// Parts of a message, each small enough for the system.
  private static func parts(of range: Range<Int>) -> [Range<Int>] {
    stride(from: range.lowerBound, to: range.upperBound, by: mostBytes).map {
      $0..<min($0 + mostBytes, range.upperBound)
    }
  }

  private static let mostBytes = 1 << 28

  var isDone: Bool { sending.isEmpty && taken == receiving.count }

  var bytesSent: Int { exchange.bytesSent }
  var purpose: GroupTraffic.Purpose { exchange.purpose }

  /// - Returns: whether a message was done.
  mutating func progress(on link: any MessageLink) throws(RankFailure) -> Bool {
    let before = underWay
    for (index, message) in sending.enumerated().reversed() where try link.isDone(message) { sending.remove(at: index) }
    for index in receiving.indices {
      for (part, message) in receiving[index].enumerated().reversed() where try link.isDone(message) {
        receiving[index].remove(at: part)
      }
    }
    // In their order, whichever came first: sums have one order.
    while taken < receiving.count, receiving[taken].isEmpty {
      exchange.take?(taken)
      taken += 1
    }
    return underWay < before
  }

  private var underWay: Int { sending.count + receiving.reduce(0) { $0 + $1.count } }

  func finish() { exchange.done.store(true, ordering: .sequentiallyConsistent) }
}

/// Value that one thread hands to another.
private final class Handover<Value>: @unchecked Sendable {
  private let condition = NSCondition()
  private var value: Value?

  func give(_ value: Value) {
    condition.withLock {
      self.value = value
      condition.signal()
    }
  }

  func take() -> Value {
    condition.withLock {
      while value == nil { condition.wait() }
      return value!
    }
  }
}
