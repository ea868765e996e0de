import TensorCore
import Testing

/// Numbers of threads chosen by the time that steps take.
@Suite struct ThreadPacerTests {
  /// Takes steps that last `seconds(threads)`, of which all threads have a core for a share of the time, and returns how many
  /// were taken on each number of threads.
  private func take(
    _ steps: Int, on pacer: inout ThreadPacer, presence: Double = 1, seconds: (_ threads: Int) -> Double
  ) -> [Int: Int] {
    var taken: [Int: Int] = [:]
    for _ in 0..<steps {
      let (threads, time) = (pacer.count, seconds(pacer.count))
      taken[threads, default: 0] += 1
      pacer.record(seconds: time, processorSeconds: presence * time * Double(threads))
    }
    return taken
  }

  @Test func shortStepsThatThreadsSlowDownGetOne() {
    var pacer = ThreadPacer(most: 2)
    let taken = take(10_000, on: &pacer) { $0 == 1 ? 0.001 : 0.002 }
    #expect(taken[2]! < 400 && pacer.count == 1, "\(taken)")
  }

  @Test func shortStepsThatThreadsSpeedUpKeepThem() {
    var pacer = ThreadPacer(most: 2)
    let taken = take(10_000, on: &pacer) { 0.002 / Double($0) }
    #expect(taken[1]! < 400 && pacer.count == 2, "\(taken)")
  }

  @Test func longStepsWhoseThreadsHaveTheirCoresAreNotDisturbed() {
    var pacer = ThreadPacer(most: 8)
    #expect(take(2000, on: &pacer) { _ in 0.02 } == [8: 2000])
  }

  @Test func threadsThatLackACoreRestUntilTheyPayAgain() {
    var pacer = ThreadPacer(most: 2)
    let busy = take(200, on: &pacer, presence: 0.6) { $0 == 1 ? 0.1 : 0.15 }
    #expect(busy[2]! < 30 && pacer.count == 1, "\(busy)")
    _ = take(5000, on: &pacer) { 0.1 / Double($0) }
    #expect(pacer.count == 2)
  }

  @Test(arguments: [2, 3, 7, 16])
  func theBestOfManyNumbersIsFound(most: Int) {
    var pacer = ThreadPacer(most: most)
    _ = take(30_000, on: &pacer) { abs(Double($0) - 4) * 0.0001 + 0.001 }
    let reachable = Set(sequence(first: most) { $0 > 1 ? $0 / 2 : nil })
    #expect(pacer.count == reachable.min { abs($0 - 4) < abs($1 - 4) }, "of \(reachable)")
  }

  @Test func timesWithoutSenseLeaveANumberOfThreadsThatThereIs() {
    var pacer = ThreadPacer(most: 3)
    var random = RandomSource(seed: 1)
    for _ in 0..<5000 {
      let seconds = [0, -1, .nan, .infinity, .random(in: 0..<1, using: &random)].randomElement(using: &random)!
      pacer.record(seconds: seconds, processorSeconds: .random(in: -1..<9, using: &random))
      #expect((1...3).contains(pacer.count))
    }
  }
}
