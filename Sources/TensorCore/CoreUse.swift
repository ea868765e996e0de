import Foundation

/// Cores that the threads of this process had on average since this was made.
package struct CoreUse {
  private let began = ContinuousClock.now
  private let processorTime = clock()

  package init() {}

  /// Processor time of all threads, by the time that passed.
  package var average: Double {
    Double(clock() - processorTime) / Double(CLOCKS_PER_SEC) / ((ContinuousClock.now - began) / .seconds(1))
  }
}
