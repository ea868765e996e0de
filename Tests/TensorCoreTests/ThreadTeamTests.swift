import Synchronization
import TensorCore
import Testing

struct ThreadTeamTests {
  @Test(arguments: 1...4)
  func everyThreadRunsEveryTaskExactlyOnceOverThousandsOfTasks(threads: Int) {
    let team = ThreadTeam(threads: threads)
    #expect(team.count == threads)
    let runs = (0..<threads).map { _ in Counter() }
    for round in 1...3000 {
      team.run { runs[$0].value.wrappingAdd(1, ordering: .relaxed) }
      // All are done when `run` returns.
      guard runs.allSatisfy({ $0.value.load(ordering: .relaxed) == round }) else {
        Issue.record("round \(round): \(runs.map { $0.value.load(ordering: .relaxed) })")
        return
      }
    }
  }

  /// Threads that rested for some tasks run none of those, and every one of the next.
  @Test func threadsThatWorkRunEveryTaskOnceAndTheOthersNone() {
    let team = ThreadTeam(threads: 4)
    let runs = (0..<4).map { _ in Counter() }
    var expected = [0, 0, 0, 0]
    var random = RandomSource(seed: 2)
    for round in 1...3000 {
      let count = Int.random(in: 1...4, using: &random)
      team.use(count)
      #expect(team.count == count && team.size == 4)
      team.run { runs[$0].value.wrappingAdd(1, ordering: .relaxed) }
      for thread in 0..<count { expected[thread] += 1 }
      let found = runs.map { $0.value.load(ordering: .relaxed) }
      guard found == expected else {
        Issue.record("round \(round): \(found), not \(expected); seed 2")
        return
      }
    }
  }

  /// What the threads wrote is seen after the task, and what was written before it is seen in it.
  @Test func writesOfTheThreadsAreSeenAfterTheTask() {
    let team = ThreadTeam(threads: 3)
    var tensor = Tensor<Float>.zeros([3, 1])
    for round in 1...1000 {
      let cells = tensor.mutableMatrix()
      team.run(keeping: tensor) { cells.rows($0..<$0 + 1).add(cells.readOnly.rows($0..<$0 + 1)) }
      tensor += 1
      if round % 20 == 0 {
        #expect(tensor == .full([3, 1], 0x1p20 - 1))
        tensor = .zeros([3, 1])
      }
    }
  }

  /// A split covers the range exactly, in parts that are multiples of the unit.
  @Test(arguments: 1...4)
  func aSplitCoversTheRangeExactly(threads: Int) {
    let team = ThreadTeam(threads: threads)
    for unit in [1, 2, 7, 16] {
      for total in [0, 1, 2, 3, 5, 15, 16, 17, 31, 64, 100] {
        let parts = Mutex<[Range<Int>]>([])
        team.split(total, unit: unit) { part in parts.withLock { $0.append(part) } }
        let sorted = parts.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(sorted.flatMap(Array.init) == Array(0..<total))
        #expect(sorted.count <= threads && sorted.allSatisfy { !$0.isEmpty })
        #expect(sorted.dropLast().allSatisfy { $0.count % unit == 0 })
      }
    }
  }

  /// Pacing may take steps on fewer threads; what follows has all of them, even after a step that failed.
  @Test func afterAPacedStepAllThreadsWorkAgain() {
    struct StepFailed: Error {}
    let team = ThreadTeam(threads: 3)
    var used: Set<Int> = []
    for step in 0..<400 {
      do {
        try team.paced { () throws(StepFailed) in
          used.insert(team.count)
          if step % 3 == 0 { throw StepFailed() }
        }
        #expect(step % 3 != 0)
      } catch { #expect(step % 3 == 0) }
      #expect(team.count == 3)
    }
    #expect(used.count > 1, "no other number of threads was tried")
  }

  @Test func teamsComeAndGoUsedOrNot() {
    for threads in 1...4 {
      for _ in 0..<20 {
        let team = ThreadTeam(threads: threads)
        let sum = Counter()
        if threads != 3 { team.run { sum.value.wrappingAdd($0, ordering: .relaxed) } }
        #expect(sum.value.load(ordering: .relaxed) == (threads == 3 ? 0 : threads * (threads - 1) / 2))
      }
    }
  }

  private final class Counter: Sendable {
    let value = Atomic<Int>(0)
  }
}
