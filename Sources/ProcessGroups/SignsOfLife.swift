import Foundation
import TensorCore

/// Signs of life that each rank sends to the next one, round a ring, so that one that is dead, stopped or cut off is found while
/// nothing else is awaited from it, and one whose computation hangs.
struct SignsOfLife {
  /// What a rank says of itself.
  private enum Sign: UInt8 {
    /// It takes part in no exchange of messages.
    case computing
    /// It takes part in an exchange, as a rule waiting for others.
    case exchanging
    /// It is done.
    case leaving
  }

  private let link: any MessageLink
  private let interval: Double
  private let patience: ProcessGroup.Patience
  private let next, previous: Int
  private let signs = (0...2).map { MessageBuffer([$0]) }
  private let received = MessageBuffer(byteCount: 1)
  /// Since when the rank before this one has taken part in no exchange; nil while it does.
  private var computingSince: Double?
  private var sending: Int?
  private var receiving: Int?
  private var lastSent = -Double.infinity
  private var lastReceived, lastChecked: Double
  /// Whether the last sign was sent, after which none follows, and whether that of the previous rank came.
  private var hasEnded = false
  private var previousHasEnded = false

  init(_ link: any MessageLink, interval: Double, patience: ProcessGroup.Patience) {
    (self.link, self.interval, self.patience) = (link, interval, patience)
    next = (link.rank + 1) % link.size
    previous = (link.rank + link.size - 1) % link.size
    (lastReceived, lastChecked) = (Self.now, Self.now)
  }

  static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Sends and receives what is due.
  ///
  /// - Parameter exchangingSince: time from which on this rank waits in an exchange; nil where it does not.
  /// - Throws: the failure of the rank before this one, where it has been silent for too long, or has computed for too long while this
  ///   one waits.
  mutating func check(exchangingSince: Double?) throws(RankFailure) {
    if link.size == 1 { return }
    let now = Self.now
    // A process that was itself stopped has not listened.
    if now - lastChecked > patience.silence / 4 { (lastReceived, computingSince) = (now, nil) }
    lastChecked = now
    if let message = sending, try link.isDone(message) { sending = nil }
    if sending == nil, !hasEnded, now - lastSent >= interval {
      try send(exchangingSince == nil ? .computing : .exchanging)
    }
    if let message = receiving, try link.isDone(message) {
      receiving = nil
      lastReceived = now
      let sign = Sign(rawValue: received.bytes()[0])
      previousHasEnded = sign == .leaving
      computingSince = sign == .computing ? computingSince ?? now : nil
    }
    if receiving == nil, !previousHasEnded {
      receiving = try link.receive(0..<1, of: received, from: previous, tag: .sign)
    }
    if !previousHasEnded && now - lastReceived > patience.silence {
      throw RankFailure(rank: previous, problem: .silent(seconds: now - lastReceived))
    }
    if let computingSince, let exchangingSince, now - max(computingSince, exchangingSince) > patience.computation {
      throw RankFailure(rank: previous, problem: .absent(seconds: now - computingSince))
    }
  }

  private mutating func send(_ sign: Sign) throws(RankFailure) {
    sending = try link.send(0..<1, of: signs[Int(sign.rawValue)], to: next, tag: .sign)
    lastSent = Self.now
  }

  /// Sends the last sign.
  ///
  /// - Returns: whether it has arrived, and that of the rank before this one is here.
  mutating func isOver() throws(RankFailure) -> Bool {
    if link.size == 1 { return true }
    if !hasEnded, sending == nil {
      try send(.leaving)
      hasEnded = true
    }
    return hasEnded && sending == nil && previousHasEnded
  }
}
