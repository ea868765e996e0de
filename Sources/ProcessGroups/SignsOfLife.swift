import Foundation
import TensorCore

/// Signs of life that each rank sends to the next one, round a ring, so that one that is dead, stopped or cut off is found while
/// nothing else is awaited from it.
struct SignsOfLife {
  private let link: any MessageLink
  private let interval, patience: Double
  private let next, previous: Int
  private let alive = MessageBuffer([0])
  private let leaving = MessageBuffer([1])
  private let received = MessageBuffer(byteCount: 1)
  private var sending: Int?
  private var receiving: Int?
  private var lastSent = -Double.infinity
  private var lastReceived, lastChecked: Double
  /// Whether the last sign was sent, after which none follows, and whether that of the previous rank came.
  private var hasEnded = false
  private var previousHasEnded = false

  init(_ link: any MessageLink, interval: Double, patience: Double) {
    (self.link, self.interval, self.patience) = (link, interval, patience)
    next = (link.rank + 1) % link.size
    previous = (link.rank + link.size - 1) % link.size
    (lastReceived, lastChecked) = (Self.now, Self.now)
  }

  private static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Sends and receives what is due.
  ///
  /// - Throws: the failure of the rank before this one, where it has been silent for too long.
  mutating func check() throws(RankFailure) {
    if link.size == 1 { return }
    let now = Self.now
    // A process that was itself stopped has not listened.
    if now - lastChecked > patience / 4 { lastReceived = now }
    lastChecked = now
    if let message = sending, try link.isDone(message) { sending = nil }
    if sending == nil, !hasEnded, now - lastSent >= interval { try send(alive) }
    if let message = receiving, try link.isDone(message) {
      receiving = nil
      lastReceived = now
      previousHasEnded = received.bytes() == [1]
    }
    if receiving == nil, !previousHasEnded {
      receiving = try link.receive(0..<1, of: received, from: previous, tag: .sign)
    }
    if !previousHasEnded && now - lastReceived > patience {
      throw RankFailure(rank: previous, problem: .silent(seconds: now - lastReceived))
    }
  }

  private mutating func send(_ sign: MessageBuffer) throws(RankFailure) {
    sending = try link.send(0..<1, of: sign, to: next, tag: .sign)
    lastSent = Self.now
  }

  /// Sends the last sign.
  ///
  /// - Returns: whether it has arrived, and that of the rank before this one is here.
  mutating func isOver() throws(RankFailure) -> Bool {
    if link.size == 1 { return true }
    if !hasEnded, sending == nil {
      try send(leaving)
      hasEnded = true
    }
    return hasEnded && sending == nil && previousHasEnded
  }
}
