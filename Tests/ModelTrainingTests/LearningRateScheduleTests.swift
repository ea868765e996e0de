import Foundation
import ModelTraining
import Testing

@Suite struct LearningRateScheduleTests {
  static let schedules: [LearningRateSchedule] = [
    .constant, .step(every: 3, factor: 0.5), .exponential(factor: 0.9), .cosine(steps: 10),
    .cosine(steps: 8, floor: 0.2),
    .warmUp(steps: 5, from: 0.1, then: .exponential(factor: 0.8)),
    .warmUp(steps: 4, from: 0.1, then: .reduceOnPlateau(patience: 1)),
    .oneCycle(steps: 12), .oneCycle(steps: 9, rising: 0.5, startDivisor: 5, endDivisor: 10),
    .reduceOnPlateau(factor: 0.5, patience: 0),
  ]

  @Test func stepsGoDownByAFactorAtEqualDistances() {
    for n in 0..<40 {
      #expect(LearningRateSchedule.step(every: 8, factor: 0.5).factor(after: n) == pow(0.5, Double(n / 8)))
    }
  }

  @Test func theExponentialScheduleFallsByTheSameFactorAtEveryUpdate() {
    let schedule = LearningRateSchedule.exponential(factor: 0.9)
    #expect(schedule.factor(after: 0) == 1)
    for n in 0..<40 {
      #expect(abs(schedule.factor(after: n + 1) / schedule.factor(after: n) - 0.9) < 1e-14)
    }
  }

  /// The cosine falls from 1 to the floor, is half-way in the middle, and stays at the floor.
  @Test func theCosineFallsFrom1ToTheFloor() {
    for floor in [0, 0.25] {
      let schedule = LearningRateSchedule.cosine(steps: 20, floor: floor)
      #expect(schedule.factor(after: 0) == 1)
      #expect(abs(schedule.factor(after: 10) - (1 + floor) / 2) < 1e-15)
      for n in 0..<20 { #expect(schedule.factor(after: n + 1) < schedule.factor(after: n)) }
      for n in [20, 21, 1000, Int.max] { #expect(schedule.factor(after: n) == floor) }
    }
  }

  /// Warming up is a straight line, after which the other schedule counts from its own beginning.
  @Test func warmingUpIsAStraightLine() {
    let next = LearningRateSchedule.cosine(steps: 9, floor: 0.1)
    let schedule = LearningRateSchedule.warmUp(steps: 5, from: 0.5, then: next)
    for n in 0..<5 { #expect(abs(schedule.factor(after: n) - (0.5 + 0.1 * Double(n))) < 1e-15) }
    for n in 0..<30 { #expect(schedule.factor(after: 5 + n) == next.factor(after: n)) }
    #expect(LearningRateSchedule.warmUp(steps: 5, from: 0.5).factor(after: 99) == 1)
  }

  @Test func oneCycleRisesToThePeakFallsToTheEndAndStaysThere() {
    let schedule = LearningRateSchedule.oneCycle(steps: 40, rising: 0.25, startDivisor: 20, endDivisor: 100)
    #expect(abs(schedule.factor(after: 0) - 1.0 / 20) < 1e-15)
    #expect(schedule.factor(after: 9) == 1)
    for n in 0..<9 { #expect(schedule.factor(after: n + 1) > schedule.factor(after: n)) }
    for n in 9..<39 { #expect(schedule.factor(after: n + 1) < schedule.factor(after: n)) }
    for n in [39, 40, 1000] { #expect(abs(schedule.factor(after: n) - 1.0 / 2000) < 1e-15) }
    // The least cycles there are, whose phases have no length.
    for steps in 1...4 {
      for rising in [0, 0.25, 0.5, 1] {
        for n in 0...5 {
          let factor = LearningRateSchedule.oneCycle(steps: steps, rising: rising).factor(after: n)
          #expect((0...1).contains(factor), "\(steps) steps, \(rising), after \(n)")
        }
      }
    }
  }

  /// The scale after each of some losses.
  private func scales(_ schedule: LearningRateSchedule, _ losses: [Double]) -> [Double?] {
    var progress: PlateauProgress?
    return losses.map { loss in
      progress = schedule.plateau(progress, after: loss)
      return progress?.scale
    }
  }

  /// A plateau is more losses in a row than the patience that are not better by the threshold.
  @Test func aPlateauIsMoreLossesInARowThanThePatience() {
    let schedule = LearningRateSchedule.reduceOnPlateau(factor: 0.5, patience: 2, threshold: 0.1)
    #expect(scales(schedule, [1, 0.95, 0.91, 0.89, 1, 1, 1, 1]) == [1, 1, 1, 1, 1, 1, 0.5, 0.5], "0.89 is better")
    #expect(scales(schedule, [1, 0.95, 0.95, 0.91, 0.91, 0.91, 0.91]) == [1, 1, 1, 0.5, 0.5, 0.5, 0.25])
    #expect(scales(schedule, [1, .nan, .infinity, .nan]) == [1, 1, 1, 0.5], "what is no number is not better")
  }

  /// After a reduction nothing counts during the cooldown; the scale never falls below the floor.
  @Test func afterAReductionNothingCountsDuringTheCooldown() {
    let cooling = LearningRateSchedule.reduceOnPlateau(factor: 0.5, patience: 0, cooldown: 2)
    #expect(scales(cooling, [1, 1, 1, 1, 1, 1]) == [1, 0.5, 0.5, 0.5, 0.25, 0.25])
    let floored = LearningRateSchedule.reduceOnPlateau(factor: 0.5, patience: 0, floor: 0.3)
    #expect(scales(floored, [1, 1, 1, 1]) == [1, 0.5, 0.3, 0.3])
  }

  /// Only a schedule that waits for plateaus, warmed up or not, looks at losses.
  @Test func onlyAScheduleThatWaitsForPlateausLooksAtLosses() {
    for schedule in Self.schedules {
      let waits =
        switch schedule {
        case .reduceOnPlateau, .warmUp(_, _, .reduceOnPlateau): true
        default: false
        }
      #expect((schedule.plateau(nil, after: 1) != nil) == waits, "\(schedule)")
    }
  }

  @Test func schedulesSurviveJSON() throws {
    for schedule in Self.schedules {
      let data = try JSONEncoder().encode(schedule)
      #expect(try JSONDecoder().decode(LearningRateSchedule.self, from: data) == schedule)
    }
  }

  /// Schedules are told from schedules that cannot be, which say what is wrong.
  @Test func schedulesThatCannotBeSayWhatIsWrong() {
    for schedule in Self.schedules { #expect(schedule.problem == nil, "\(schedule)") }
    let bad: [(LearningRateSchedule, String)] = [
      (.step(every: 0), "every"), (.step(every: 1, factor: 0), "factor"), (.exponential(factor: .nan), "factor"),
      (.cosine(steps: 0), "steps"), (.cosine(steps: 1, floor: 2), "floor"), (.warmUp(steps: 0, from: 1), "steps"),
      (.warmUp(steps: 1, from: 0), "from"), (.warmUp(steps: 1, from: 2), "from"),
      (.warmUp(steps: 1, from: 1, then: .cosine(steps: -1)), "steps"),
      (.oneCycle(steps: 0), "steps"), (.oneCycle(steps: 1, rising: 2), "rising"),
      (.oneCycle(steps: 1, startDivisor: 0), "startDivisor"),
      (.oneCycle(steps: 1, endDivisor: .infinity), "endDivisor"),
      (.reduceOnPlateau(factor: 1.5), "factor"), (.reduceOnPlateau(patience: -1), "patience"),
      (.reduceOnPlateau(threshold: -1), "threshold"), (.reduceOnPlateau(cooldown: -1), "cooldown"),
      (.reduceOnPlateau(floor: .nan), "floor"),
    ]
    for (schedule, word) in bad { #expect(schedule.problem?.contains("schedule's \(word)") == true, "\(schedule)") }
  }
}
