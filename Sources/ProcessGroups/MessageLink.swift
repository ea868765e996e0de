import TensorCore

/// One rank's end of the messages between the processes of a job. All calls come from one thread.
///
/// Messages between two ranks with one tag arrive in the order in which they were sent.
package protocol MessageLink: AnyObject {
  /// Number of this process, from 0, and the number of processes.
  var rank: Int { get }
  var size: Int { get }

  /// Begins a message to a rank.
  ///
  /// - Returns: number by which to ask whether the bytes may be changed again.
  func send(_ range: Range<Int>, of buffer: MessageBuffer, to rank: Int, tag: MessageTag) throws(RankFailure) -> Int

  /// Begins to receive a message of as many bytes from a rank.
  ///
  /// - Returns: number by which to ask whether it is there.
  func receive(_ range: Range<Int>, of buffer: MessageBuffer, from rank: Int, tag: MessageTag) throws(RankFailure)
    -> Int

  /// Whether a message is done. Once it is, its number is forgotten.
  func isDone(_ message: Int) throws(RankFailure) -> Bool

  /// Ends the link, after the last message.
  func close()

  /// Ends the processes of all ranks.
  func abort(code: Int32) -> Never
}

/// Kind of a message.
package enum MessageTag: Int32 {
  case data = 1
  case sign = 2
}
