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
  private var items: Bool?
  private var separator: String?
  private var eachFile: Bool?
  private var splitBy: String?
  private var lastFileValidates: Bool?
  /// Hash of the places where the files of the corpus begin, where the parts depend on them.
  private var files: String?
  /// Identity of the run, which all files of its directory carry; nil for a run begun by a version that had none.
  public var run: String?

  public init(
    step: Int, epoch: Double, validationLoss: Double?, corpusHash: String, validationFraction: String,
    testFraction: String, arrangement: CorpusArrangement = CorpusArrangement(), run: String? = nil
  ) {
    self.step = step
    self.epoch = epoch
    self.validationLoss = validationLoss
    self.corpusHash = corpusHash
    self.validationFraction = validationFraction
    self.testFraction = testFraction
    self.run = run
    items = arrangement.documents == .lines ? true : nil
    separator = arrangement.separator
    eachFile = arrangement.documents == .files ? true : nil
    let usual = CorpusArrangement(documents: arrangement.documents)
    lastFileValidates = arrangement.lastFileValidates ? true : nil
    splitBy = arrangement.unit == usual.unit ? nil : arrangement.unit.rawValue
  }

  /// Whether this is the corpus of the training, cut into files as it was then, if that made a difference.
  public func isOf(_ corpus: Corpus) -> Bool {
    corpusHash == corpus.contentHash && files.map { $0 == corpus.hashOfFileStarts } ?? true
  }

  /// Copy with the places of the files, where the parts depend on them.
  func noting(filesOf corpus: Corpus) -> TrainingHistory {
    var history = self
    history.files = arrangement.dependsOnFiles ? corpus.hashOfFileStarts : nil
    return history
  }

  /// Arrangement of the corpus; where documents are told apart, the model reads each from its initial state.
  public var arrangement: CorpusArrangement {
    CorpusArrangement(
      documents: items == true ? .lines : eachFile == true ? .files : separator.map { .ending($0) } ?? .whole,
      unit: splitBy.flatMap(CorpusArrangement.Unit.init), lastFileValidates: lastFileValidates ?? false)
  }

  init(json: String, file: String) throws(ModelFileError) {
    self = try decoded(json, .history, file: file)
    guard (0...OutsideNumbers.largestCount).contains(step), epoch >= 0 else {
      throw ModelFileError(file: file, problem: .historyNumbers(step: step, epoch: epoch))
    }
    guard let fractions, (try? CorpusSplit(count: 0, validation: fractions.validation, test: fractions.test)) != nil
    else {
      throw ModelFileError(file: file, problem: .fractions(validation: validationFraction, test: testFraction))
    }
    guard separator != "", splitBy.map({ CorpusArrangement.Unit(rawValue: $0) != nil }) ?? true else {
      throw ModelFileError(file: file, problem: .unknownArrangement(separator: separator, splitBy: splitBy))
    }
  }

  /// Nil where the texts are none.
  fileprivate var fractions: (validation: DecimalFraction, test: DecimalFraction)? {
    guard let validation = DecimalFraction(validationFraction), let test = DecimalFraction(testFraction) else {
      return nil
    }
    return (validation, test)
  }
}

extension Corpus {
  fileprivate var hashOfFileStarts: String { ContentHash.hex(of: LittleEndianBytes.encode(fileStarts)) }
}

extension TrainingHistory? {
  /// A corpus arranged as for the training; by default fractions where nothing is known of that. Another corpus than that of the
  /// training is taken in its own order.
  ///
  /// - Parameter isWhole: whether nothing is held out.
  /// - Throws: `CorpusSplitError`, `CorpusError`.
  package func arranged(_ corpus: Corpus, isWhole: Bool) throws -> ArrangedCorpus {
    let (none, usual) = (DecimalFraction(hundredths: 0), CorpusSplit.defaultFraction)
    let fractions = isWhole ? (none, none) : self?.fractions ?? (usual, usual)
    var arrangement = self?.arrangement ?? CorpusArrangement()
    if isWhole || self?.isOf(corpus) != true {
      arrangement = CorpusArrangement(documents: arrangement.documents, unit: .end)
    }
    return try ArrangedCorpus(corpus, by: arrangement, validation: fractions.0, test: fractions.1)
  }
}
