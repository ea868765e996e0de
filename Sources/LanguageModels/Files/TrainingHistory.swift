import SequenceText
import TensorCore

/// How far a model was trained when it was saved.
public struct TrainingHistory: Sendable, Equatable, Codable {
  public var step: Int
  /// Passes over the training data, in part.
  public var epoch: Double
  /// In nats a token; nil where nothing was held out, or not yet measured.
  public var validationLoss: Double?

  /// Hash of the corpus's content, and the fractions that it was split by: with them a test part can be told from training
  /// text.
  public var corpusHash: String
  public var validationFraction: String
  public var testFraction: String
  /// Identity of the run, which all files of its directory carry; nil for a run begun by a version that had none.
  public var run: String?

  public init(
    step: Int, epoch: Double, validationLoss: Double?, corpusHash: String, validationFraction: String,
    testFraction: String, run: String? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.validationLoss = validationLoss
    self.corpusHash = corpusHash
    self.validationFraction = validationFraction
    self.testFraction = testFraction
    self.run = run
  }

  init(json: String, file: String) throws(ModelFileError) {
    self = try decoded(json, .history, file: file)
    guard (0...OutsideNumbers.largestCount).contains(step), epoch >= 0 else {
      throw ModelFileError(file: file, problem: .historyNumbers(step: step, epoch: epoch))
    }
    guard split(count: 0) != nil else {
      throw ModelFileError(file: file, problem: .fractions(validation: validationFraction, test: testFraction))
    }
  }

  /// The split of a text of `count` tokens by the fractions; nil where they are no fractions or leave nothing to train on.
  public func split(count: Int) -> CorpusSplit? {
    guard let validation = DecimalFraction(validationFraction), let test = DecimalFraction(testFraction) else {
      return nil
    }
    return try? CorpusSplit(count: count, validation: validation, test: test)
  }
}
