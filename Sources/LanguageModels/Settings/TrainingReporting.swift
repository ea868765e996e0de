import TensorCore

/// Samples and saves on the way of a run; they do not change its result.
public struct TrainingReporting: Sendable, Equatable {
  /// Steps between samples; 0 for none; nil for the whole epochs that make up at least 500 steps.
  public var sampleEvery: Int?
  /// Steps between saves of `last`; nil for an epoch, or as many as make saving take less than 5% of the time. It is saved at
  /// least every minute besides.
  public var checkpointEvery: Int?
  /// How many of the states that are saved stay in the directory beside `last`, as `step-000120.safetensors`.
  public var kept = 0
  /// Tokens in a sample.
  public var sampleLength = 300

  public init(sampleEvery: Int? = nil, checkpointEvery: Int? = nil, kept: Int = 0) {
    self.sampleEvery = sampleEvery
    self.checkpointEvery = checkpointEvery
    self.kept = kept
  }

  /// Description of the first number out of range; nil if a run can report so.
  public var problem: String? {
    for (name, count, least) in [
      ("sample_every", sampleEvery, 0), ("checkpoint_every", checkpointEvery, 1), ("keep", kept, 0),
    ] {
      if let count, !(least...OutsideNumbers.largestCount).contains(count) {
        return "\(name) is \(count); it must be from \(least) to \(OutsideNumbers.largestCount)"
      }
    }
    return nil
  }

  /// Whole epochs that make up at least 500 steps.
  public static func usualSampleInterval(stepsPerEpoch: Int) -> Int {
    (500 + stepsPerEpoch - 1) / stepsPerEpoch * stepsPerEpoch
  }
}
