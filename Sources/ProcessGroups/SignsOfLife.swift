import Foundation
import TensorCore

/// Signs of life that each rank sends to the next one, round a ring, so that one that is dead, stopped or cut off is found while
/// nothing else is awaited from it, and one whose computation hangs.
struct SignsOfLife {
  /// Statement of a rank about itself.
  private enum Sign: UInt8 {
    /// It takes part in no exchange of messages, and computes.
    case computing
    /// It takes part in no exchange of messages, and does nothing else: it waits for a file, or hangs.
    case idle
    /// It takes part in an exchange, as a rule waiting for others.
    case exchanging
    /// It is done.
    case leaving
  }

  private let link: any MessageLink
  private let interval: Double
  private let patience: ProcessGroup.Patience
  private let next, previous: Int
  private let signs = (0...3).map { MessageBuffer([$0]) }
  private let received = MessageBuffer(byteCount: 1)
  /// Processor time of this rank's computation, in seconds: now, and when the last sign was sent.
  private let computation: () -> Double
  private var lastComputation = 0.0
  /// Since when the rank before this one has been idle; nil while it is not.
  private var idleSince: Double?
  private var sending: Int?
  private var receiving: Int?
  private var lastSent = -Double.infinity
  private var lastReceived, lastChecked: Double
  /// Whether the last sign was sent, after which none follows, and whether that of the previous rank came.
  private var hasEnded = false
  private var previousHasEnded = false

  init(_ link: any MessageLink, interval: Double, patience: ProcessGroup.Patience, computation: @escaping () -> Double)
  {
    (self.link, self.interval, self.patience, self.computation) = (link, interval, patience, computation)
    next = (link.rank + 1) % link.size
    previous = (link.rank + link.size - 1) % link.size
    (lastReceived, lastChecked) = (Self.now, Self.now)
  }

  static var now: Double { ProcessInfo.processInfo.systemUptime }

  /// Sends and receives what is due.
  ///
  /// - Parameter exchangingSince: time from which on this rank waits in an exchange; nil where it does not.
  /// - Throws: the failure of the rank before this one, where it has been silent for too long, or idle for too long while this one waits.
  mutating func check(exchangingSince: Double?) throws(RankFailure) {
    if link.size == 1 { return }
    let now = Self.now
    // A process that was itself stopped has not listened.
    if now - lastChecked > patience.silence / 4 { (lastReceived, idleSince) = (now, nil) }
    lastChecked = now
    if let message = sending, try link.isDone(message) { sending = nil }
    if sending == nil, !hasEnded, now - lastSent >= interval {
      let computed = computation()
      let isIdle = computed - lastComputation < Self.leastComputation
      lastComputation = computed
      try send(exchangingSince != nil ? .exchanging : isIdle ? .idle : .computing)
    }
    if let message = receiving, try link.isDone(message) {
      receiving = nil
      lastReceived = now
      let sign = Sign(rawValue: received.bytes()[0])
      previousHasEnded = sign == .leaving
      idleSince = sign == .idle ? idleSince ?? now : nil
    }
    if receiving == nil, !previousHasEnded {
      receiving = try link.receive(0..<1, of: received, from: previous, tag: .sign)
    }
    if !previousHasEnded && now - lastReceived > patience.silence {
      throw RankFailure(rank: previous, problem: .silent(seconds: now - lastReceived))
    }
    if let idleSince, let exchangingSince {
      let seconds = now - max(idleSince, exchangingSince)
      if seconds > patience.idleness { throw RankFailure(rank: previous, problem: .idle(seconds: seconds)) }
    }
  }

  /// Seconds of processor time between two signs below which a rank is idle.
  private static let leastComputation = 0.001

  private mutating func send(_ sign: Sign) throws(RankFailure) {
    sending = try link.send(0..<1, of: signs[Int(sign.rawValue)], to: next, tag: .sign)
    lastSent = Self.now
  }

  /// Sends the last sign, the first time.
  ///
  /// - Returns: whether it has arrived, and that of the rank before this one is here.
  mutating func leave() throws(RankFailure) -> Bool {
    if link.size == 1 { return true }
    if !hasEnded, sending == nil {
      try send(.leaving)
      hasEnded = true
    }
    return hasEnded && sending == nil && previousHasEnded
  }
}
