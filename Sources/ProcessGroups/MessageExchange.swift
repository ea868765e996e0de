import Synchronization
import TensorCore

/// Messages that a rank sends and receives together, and what is done with each that comes.
package final class MessageExchange: Sendable {
  /// A message to or from a rank.
  package struct Message: Sendable {
    package let rank: Int
    package let buffer: MessageBuffer
    /// Bytes of the buffer.
    package let range: Range<Int>

    package init(_ rank: Int, _ buffer: MessageBuffer, _ range: Range<Int>) {
      (self.rank, self.buffer, self.range) = (rank, buffer, range)
    }
  }

  let sends, receives: [Message]
  let purpose: GroupTraffic.Purpose
  /// Called with the index of each message received, in their order, on the communication thread.
  let take: (@Sendable (_ index: Int) -> Void)?
  let done = Atomic<Bool>(false)

  package init(
    sends: [Message], receives: [Message], purpose: GroupTraffic.Purpose = .agreement,
    take: (@Sendable (_ index: Int) -> Void)? = nil
  ) {
    (self.sends, self.receives, self.purpose, self.take) = (sends, receives, purpose, take)
  }

  /// Bytes of all messages that are sent.
  var bytesSent: Int { sends.reduce(0) { $0 + $1.range.count } }

  /// Whether all has been sent and received.
  package var isDone: Bool { done.load(ordering: .sequentiallyConsistent) }
}
