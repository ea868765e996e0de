import SequenceTasks
import Testing

/// Recurrent nets on tasks whose right answer is known.
@Suite struct LearningTests {
  /// A bound that held by itself would show nothing.
  @Test(arguments: SequenceTask.all) func afterAFewStepsNothingIsLearned(task: SequenceTask) throws {
    for finding in try task.findings(.trial, 1) {
      #expect(finding.value.isFinite && !finding.holds, "\(finding)")
    }
  }

  // Training takes the optimized build; this task is learned in seconds without it.
  #if DEBUG
    @Test func theSeasonalForecastBeatsTheSeasonBeforeByAQuarter() throws {
      for finding in try SequenceTask.seasonalForecast.findings(.brief, 1) { #expect(finding.holds, "\(finding)") }
    }
  #else
    @Test(arguments: SequenceTask.all) func everyTaskIsLearned(task: SequenceTask) throws {
      for finding in try task.findings(.brief, 1) { #expect(finding.holds, "\(finding)") }
    }
  #endif
}
