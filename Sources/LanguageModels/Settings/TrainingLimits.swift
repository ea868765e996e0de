import TensorCore

/// When training ends: at the first limit reached. Without any, after the longer of 50 epochs and 3,000 steps.
public struct TrainingLimits: Sendable, Equatable {
  /// Counted from the start of the run, also when it is resumed.
  public var epochs: Int?
  /// Counted from the start of the run, also when it is resumed.
  public var steps: Int?
  /// Counted from the start of this call. A decay of the learning rate begins so early that it ends within them, as far as its
  /// steps take no longer than those before; it is cut when a quarter more has passed, or ten seconds if that is longer.
  public var seconds: Double?

  public init(epochs: Int? = nil, steps: Int? = nil, seconds: Double? = nil) {
    self.epochs = epochs
    self.steps = steps
    self.seconds = seconds
  }

  /// Description of the first number out of range; nil if the limits can be kept.
  public var problem: String? {
    let counts = 1...OutsideNumbers.largestCount
    for (name, count) in [("epochs", epochs), ("steps", steps)] {
      if let count, !counts.contains(count) {
        return "\(name) is \(count); it must be from \(counts.lowerBound) to \(counts.upperBound)"
      }
    }
    if let seconds, !(seconds > 0 && seconds <= OutsideNumbers.longestTime) {
      return "time is \(seconds); it must be above 0, and at most \(Int(OutsideNumbers.longestTime)) seconds"
    }
    return nil
  }

  /// The step to end after; nil where time alone ends the run.
  public func lastStep(stepsPerEpoch: Int) -> Int? {
    let epochSteps = epochs.map { epochs in
      let (steps, overflow) = epochs.multipliedReportingOverflow(by: stepsPerEpoch)
      return overflow ? Int.max : steps
    }
    if let first = [steps, epochSteps].compactMap({ $0 }).min() { return first }
    return seconds == nil ? max(50 * stepsPerEpoch, 3000) : nil
  }
}
