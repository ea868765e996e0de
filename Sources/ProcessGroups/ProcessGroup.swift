import Foundation
import TensorCore

/// The processes of a job that train one model together, each with a rank from 0; as a rule on several hosts.
///
/// All ranks call its collective operations in the same order. Sums are taken in the order of the ranks: the same number of ranks
/// gives the same bits every time. A rank that dies, from which no sign of life has come for a time, or that does
/// nothing while others wait, ends the job.
public final class ProcessGroup: Sendable {
  /// Number of this process, from 0.
  public let rank: Int
  /// Number of processes.
  public let size: Int
  private let thread: CommunicationThread

  /// How long the ranks of a group wait for each other.
  package struct Patience: Sendable {
    /// Seconds without a sign of life after which a rank is taken for lost.
    package var silence = 8.0
    /// Seconds for which a rank neither computes nor exchanges messages after which it is taken for lost, where others wait for it.
    package var idleness = 120.0

    package init(silence: Double = 8, idleness: Double = 120) {
      (self.silence, self.idleness) = (silence, idleness)
    }
  }

  /// - Parameters:
  ///   - computation: processor time of this rank's computation so far, in seconds; called on the thread of messages.
  ///   - connect: makes the link, on the thread that will use it.
  ///   - failed: told of a rank that is lost, before all processes end.
  package init(
    patience: Patience = Patience(), computation: @escaping @Sendable () -> Double = processorTimeOfOthers,
    connect: @escaping @Sendable () throws -> any MessageLink,
    failed: @escaping @Sendable (RankFailure) -> Void
  ) throws {
    (thread, rank, size) = try CommunicationThread.start(
      patience: patience, computation: computation, connect: connect, failed: failed)
  }

  /// Ends the group, when all ranks are done.
  public func close() { thread.close() }

  /// Ends the processes of all ranks with this exit code.
  public func abort(code: Int32) -> Never { thread.abort(code: code) }

  /// Bytes and seconds of all messages so far.
  package var traffic: GroupTraffic { thread.traffic }

  /// Begins an exchange with other ranks, which goes on beside the computation.
  package func start(_ exchange: MessageExchange) { thread.post(exchange) }

  /// Returns when an exchange is done.
  package func finish(_ exchange: MessageExchange) { if !exchange.isDone { thread.wait(for: exchange) } }

  package func run(_ exchange: MessageExchange) {
    start(exchange)
    finish(exchange)
  }
}

/// Processor time of all threads of this process but the calling one, in seconds.
package func processorTimeOfOthers() -> Double {
  func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
  }
  return seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID)
}

/// A rank that is dead, stopped, cut off or hangs.
public struct RankFailure: Error, CustomStringConvertible {
  public let rank: Int
  public let problem: Problem

  public enum Problem: Sendable, Equatable {
    /// No sign of life has come for some seconds.
    case silent(seconds: Double)
    /// It lives, but has done nothing while others waited for it.
    case idle(seconds: Double)
    /// A message could not be sent or received.
    case broken
  }

  /// Exit code of the processes of a job that has lost a rank: EX_UNAVAILABLE.
  public static let exitCode: Int32 = 69

  public var description: String {
    switch problem {
    case .silent(let seconds): "rank \(rank) has given no sign of life for \(Int(seconds)) s"
    case .idle(let seconds): "rank \(rank) has done nothing for \(Int(seconds)) s while others wait for it"
    case .broken: "the connection to rank \(rank) is broken"
    }
  }
}
