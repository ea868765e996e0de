/// Work of a known number of operations that the threads of a team repeat, and its rates, measured slice by slice.
///
/// Trials whose slices take turns can be compared, however the clock of the processor drifts.
struct SpeedTrial {
  /// Operations of one call on all threads.
  private let operations: Double
  private let team: ThreadTeam
  /// A thread's share of a call; calls are numbered from 0.
  private let work: (_ thread: Int, _ call: Int) -> Void
  /// Operations a second, of each slice so far.
  private(set) var rates: [Double] = []
  private var calls = 0
  private var secondsPerCall: Double?

  init(operations: Double, team: ThreadTeam, work: @escaping (_ thread: Int, _ call: Int) -> Void) {
    (self.operations, self.team, self.work) = (operations, team, work)
  }

  /// Measures one slice of about some seconds, at least one call, after a call that fills the caches.
  ///
  /// - Returns: its rate.
  @discardableResult
  mutating func measureSlice(seconds: Double) -> Double {
    let first = repeatWork(1)
    let count = max(1, Int(min(1e9, seconds / (secondsPerCall ?? first))))
    let spent = repeatWork(count)
    secondsPerCall = spent / Double(count)
    let rate = operations * Double(count) / spent
    rates.append(rate)
    return rate
  }

  /// The seconds that some calls take. Threads do their shares without waiting for one another.
  private mutating func repeatWork(_ count: Int) -> Double {
    let numbers = calls..<calls + count
    calls += count
    let clock = ContinuousClock()
    let began = clock.now
    team.run { thread in for number in numbers { work(thread, number) } }
    return max((clock.now - began) / .seconds(1), 1e-9)
  }
}

/// The upper one of two medians; NaN without values.
func median(of values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
