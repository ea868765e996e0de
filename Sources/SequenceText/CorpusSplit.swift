import TensorCore

/// A corpus of n tokens cut by position into training, validation and test parts.
///
/// With v and t the fractions for validation and test, the parts end at ⌊n·(1 − v − t)⌋, ⌊n·(1 − t)⌋ and n, computed in
/// exact decimal arithmetic: in binary floating point the first boundary of 100,000 tokens at v = t = 0.05 is 89,999.
public struct CorpusSplit: Sendable, Hashable {
  /// A part of a corpus, or all of it.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    case train, validation, test, all
  }

  /// Positions of tokens in the corpus.
  public let train, validation, test: Range<Int>

  /// The fraction that validation and test each take where none is given.
  public static let defaultFraction = DecimalFraction(hundredths: 5)

  /// Splits `count` tokens. A part may be empty: validation with a fraction of 0, any part of a tiny corpus.
  ///
  /// - Throws: `CorpusSplitError` where the fractions leave nothing for training.
  public init(
    count: Int, validation: DecimalFraction = defaultFraction, test: DecimalFraction = defaultFraction
  ) throws(CorpusSplitError) {
    guard count >= 0 else { programmingError("CorpusSplit: \(count) tokens") }
    guard validation.isProper, test.isProper else { throw CorpusSplitError(validation: validation, test: test) }
    let places = max(validation.places, test.places)
    let whole = powerOfTen(places)
    let testShare = test.digits * powerOfTen(places - test.places)
    let heldOut = testShare + validation.digits * powerOfTen(places - validation.places)
    guard heldOut < whole else { throw CorpusSplitError(validation: validation, test: test) }

    func floorOfProduct(_ numerator: Int) -> Int {
      whole.dividingFullWidth(count.multipliedFullWidth(by: numerator)).quotient
    }
    let trainEnd = floorOfProduct(whole - heldOut)
    let validationEnd = floorOfProduct(whole - testShare)
    train = 0..<trainEnd
    self.validation = trainEnd..<validationEnd
    self.test = validationEnd..<count
  }

  init(train: Range<Int>, validation: Range<Int>, test: Range<Int>) {
    (self.train, self.validation, self.test) = (train, validation, test)
  }

  /// The positions of all tokens.
  public var all: Range<Int> { 0..<test.upperBound }

  /// The positions of the tokens of a part.
  public subscript(part: Part) -> Range<Int> {
    switch part {
    case .train: train
    case .validation: validation
    case .test: test
    case .all: all
    }
  }

  /// The tokens of a part that a model predicts when it reads the part as one stream: all but the first.
  ///
  /// - Throws: `CorpusError.nothingToPredict` where the part has fewer than two tokens.
  public func predicted(in part: Part) throws(CorpusError) -> Range<Int> {
    let range = self[part]
    guard range.count >= 2 else { throw .nothingToPredict(part: part, tokens: range.count) }
    return range.dropFirst()
  }
}

/// The fractions for validation and test make 1 or more.
public struct CorpusSplitError: Error, Hashable, CustomStringConvertible {
  public let validation, test: DecimalFraction

  public var description: String {
    "a validation fraction of \(validation) and a test fraction of \(test) leave nothing to train on; "
      + "their sum must be below 1"
  }
}
