import ModelTraining
import SequenceText
import TensorCore

extension TrainingSettings {
  /// How the learning rate changes over a run.
  public enum Schedule: String, Sendable, Codable, CaseIterable {
    case constant
    /// Along half a cosine from the base rate down to 0 at the horizon, where it stays.
    case cosine
    /// Halved whenever two scheduled validations in a row were no better than the best one, by a ten-thousandth of its loss;
    /// never below a thousandth of the base rate.
    case plateau
    /// For 30% of the horizon from a 25th of the base rate up to it, then down to a 10,000th of where it began, and there it
    /// stays (Smith and Topin, "Super-convergence", 2018).
    case oneCycle = "one-cycle"

    /// Whether it must know how long the run is to be.
    public var spansHorizon: Bool { self == .cosine || self == .oneCycle }
  }

  /// A schedule that lacks what it goes by.
  public enum UnusableSchedule: Error, Equatable, CustomStringConvertible {
    case noHorizon(Schedule)
    case noValidation(Schedule)

    public var description: String {
      switch self {
      case .noHorizon(let schedule):
        "schedule \(schedule.rawValue) needs a horizon in steps, which --time alone does not give; give --epochs or "
          + "--steps as well"
      case .noValidation(let schedule):
        "schedule \(schedule.rawValue) needs validations, and nothing is held out for them; choose a larger "
          + "--validation-fraction"
      }
    }
  }

  /// Steps that go once through the training part of a corpus.
  ///
  /// - Throws: `CorpusError`, `CorpusSplitError` or `ModelFileError`, as a run of these settings would.
  public func stepsPerEpoch(on corpus: Corpus) throws -> Int {
    try windows(of: corpus, split: split(corpus)).perEpoch
  }

  func split(_ corpus: Corpus) throws -> CorpusSplit {
    try CorpusSplit(
      count: corpus.tokens.count, validation: Self.fraction(validationFraction), test: Self.fraction(testFraction))
  }

  func windows(of corpus: Corpus, split: CorpusSplit) throws(CorpusError) -> TruncatedWindows {
    TruncatedWindows(
      try ContiguousBatches(corpus.tokens, in: split.train, batch: batch, length: length),
      backwardLength: backwardLength,
      variation: variesLength ? RandomSource(seed: seed).substream(Self.variationStream) : nil)
  }

  /// Apart from the streams that weights and training steps draw from.
  private static let variationStream = UInt64.max

  private static func fraction(_ text: String) throws(ModelFileError) -> DecimalFraction {
    guard let fraction = DecimalFraction(text) else {
      throw ModelFileError(file: "settings", reason: "\"\(text)\" is no decimal fraction")
    }
    return fraction
  }

  /// What the trainer is to follow.
  func learningRateSchedule(validates: Bool) throws(UnusableSchedule) -> LearningRateSchedule {
    switch (schedule, horizon) {
    case (.constant, _): return .constant
    case (.plateau, _):
      guard validates else { throw .noValidation(schedule) }
      return .reduceOnPlateau(factor: 0.5, patience: 1, floor: 0.001)
    case (.cosine, let horizon?): return .cosine(steps: horizon)
    case (.oneCycle, let horizon?): return .oneCycle(steps: horizon)
    case (.cosine, nil), (.oneCycle, nil): throw .noHorizon(schedule)
    }
  }
}
