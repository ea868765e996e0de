/// Pace of a training run: steps computed since it began, and the seconds they took.
///
/// The number of the step goes back when a run is rolled back to an earlier one; the steps that were computed are counted on.
package struct StepPace: Sendable {
  private let began: Double
  private var steps = 0

  /// - Parameter began: the time before the first step, in seconds from any fixed moment.
  package init(began: Double) { self.began = began }

  /// Counts a step, also one that was skipped or taken back.
  package mutating func countStep() { steps += 1 }

  /// Steps a second until `now`; nil before there are steps and time to measure.
  package func stepsPerSecond(now: Double) -> Double? {
    steps > 0 && now > began ? Double(steps) / (now - began) : nil
  }

  /// Seconds that `count` more steps take, 0 where none are left; nil before there is a pace.
  package func seconds(forSteps count: Int, now: Double) -> Double? {
    stepsPerSecond(now: now).map { Double(max(count, 0)) / $0 }
  }
}
