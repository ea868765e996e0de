import CharrnnTestSupport
import Foundation
import ProcessGroups
import Synchronization
import TensorCore
import Testing

@Suite struct CollectiveTests {
  static let sizes = [1, 2, 3, 4, 5, 8, 11]

  @Test(arguments: sizes) func everyRankGetsWhatAllGive(size: Int) throws {
    let all = try LocalJob.run(size) { $0.allGather([Double($0.rank), Double($0.rank * $0.rank)]) }
    let expected: [[Double]] = (0..<size).map { rank in [Double(rank), Double(rank * rank)] }
    for gathered in all { #expect(gathered == expected) }
  }

  /// A sum in another order has other bits: 1 and −1 leave what is rounded away beside 1e16.
  @Test(arguments: sizes) func sumsAreTakenInTheOrderOfTheRanks(size: Int) throws {
    let numbers = (0..<size).map { [1e16, 1.0, -1e16, 3, 0.1, 1e-9][$0 % 6] }
    let expected = numbers.dropFirst().reduce(numbers[0], +)
    for sums in try LocalJob.run(size, { $0.sums(of: [numbers[$0.rank], -1]) }) {
      #expect(sums == [expected, -Double(size)])
    }
  }

  @Test(arguments: sizes) func bytesOfAnyLengthsAreGatheredOnTheFirstRank(size: Int) throws {
    @Sendable func bytes(_ rank: Int) -> [UInt8] { Array(repeating: UInt8(rank), count: (rank * 7) % 5 * 1000) }
    let gathered = try LocalJob.run(size) { $0.gather(bytes($0.rank)) }
    #expect(gathered[0] == (0..<size).map(bytes))
    #expect(gathered.dropFirst().allSatisfy { $0 == nil })
  }

  @Test(arguments: sizes) func theBytesOfOneRankReachAll(size: Int) throws {
    for root in 0..<size {
      for count in [0, 1, 100_000] {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 31 + root) }
        let received = try LocalJob.run(size) { $0.broadcast($0.rank == root ? bytes : [], from: root) }
        #expect(received.allSatisfy { $0 == bytes }, "\(count) bytes from rank \(root)")
      }
    }
  }

  @Test(arguments: sizes) func textsOfAnyLengthsReachAll(size: Int) throws {
    @Sendable func text(_ rank: Int) -> String { String(repeating: "é", count: rank) }
    for texts in try LocalJob.run(size, { $0.allGather(text($0.rank)) }) { #expect(texts == (0..<size).map(text)) }
  }

  @Test func exchangesOverlapAndKeepTheirOrder() throws {
    let received = try LocalJob.run(2) { group in
      let other = 1 - group.rank
      let buffers = (0..<20).map { MessageBuffer(byteCount: 1000 + $0) }
      let exchanges = buffers.enumerated().map { index, buffer in
        let own = MessageBuffer(Array(repeating: UInt8(index), count: 1000 + index))
        return MessageExchange(
          sends: [.init(other, own, 0..<own.byteCount)], receives: [.init(other, buffer, 0..<buffer.byteCount)])
      }
      for exchange in exchanges { group.start(exchange) }
      for exchange in exchanges.reversed() { group.finish(exchange) }
      return buffers.enumerated().allSatisfy { index, buffer in buffer.bytes().allSatisfy { $0 == UInt8(index) } }
    }
    #expect(received == [true, true])
  }

  /// The failure that ranks find, of which each but the one that hangs begins an exchange with all others.
  private func failure(
    patience: ProcessGroup.Patience, hanging: Int?, _ change: (LocalJob) -> Void = { _ in }
  ) throws -> RankFailure {
    let job = LocalJob(size: 3)
    let lost = Mutex<RankFailure?>(nil)
    let found = ThreadsafeFlag()
    let groups = try (0..<3).map { rank in
      try job.group(
        rank: rank, patience: patience,
        failed: { failure in
          lost.withLock { $0 = $0 ?? failure }
          found.raise()
        })
    }
    for group in groups where hanging != nil && group.rank != hanging {
      let buffer = MessageBuffer([0])
      let others = (0..<3).filter { $0 != group.rank }.map { MessageExchange.Message($0, buffer, 0..<1) }
      group.start(MessageExchange(sends: others, receives: others))
    }
    change(job)
    found.wait()
    return try withExtendedLifetime(groups) { try #require(lost.withLock { $0 }) }
  }

  /// The rank after the one that is cut off misses its signs of life.
  @Test func aRankThatIsSilentIsFound() throws {
    let failure = try failure(patience: .init(silence: 1), hanging: nil) { job in job.silence(1) }
    #expect(failure.rank == 1)
    guard case .silent = failure.problem else {
      Issue.record("\(failure)")
      return
    }
  }

  @Test(arguments: 0..<3) func aRankThatDoesNothingWhileOthersWaitIsFoundAndNoOther(rank: Int) throws {
    let failure = try failure(patience: .init(silence: 20, idleness: 1), hanging: rank)
    #expect(failure.rank == rank)
    guard case .idle = failure.problem else {
      Issue.record("\(failure)")
      return
    }
  }

  @Test func aRankThatComputesIsWaitedFor() throws {
    let job = LocalJob(size: 2)
    let groups = try (0..<2).map { rank in
      try job.group(
        rank: rank, patience: .init(silence: 20, idleness: 0.5),
        computation: { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 })
    }
    let buffer = MessageBuffer([0])
    let waiting = MessageExchange(sends: [], receives: [.init(1, buffer, 0..<1)])
    groups[0].start(waiting)
    // Longer than an idle rank is waited for, and than three signs of life take: a failure would end the tests.
    Thread.sleep(forTimeInterval: 6.5)
    groups[1].run(MessageExchange(sends: [.init(0, MessageBuffer([1]), 0..<1)], receives: []))
    groups[0].finish(waiting)
    #expect(buffer.bytes() == [1])
    let closing = Thread { groups[1].close() }
    closing.start()
    groups[0].close()
  }
}
