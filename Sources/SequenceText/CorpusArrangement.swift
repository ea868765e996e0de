import TensorCore

/// Arrangement of a corpus: what its documents are, and what the parts to train, validate and test on are made of.
public struct CorpusArrangement: Sendable, Hashable {
  /// Extent of a document. A model's state is reset where one begins.
  public enum Documents: Sendable, Hashable {
    /// The whole text is one.
    case whole
    /// Each line is one, with its end.
    case lines
    /// Each ends with this text, which is not empty.
    case ending(String)
  }

  /// Pieces that go to one part or another as they are.
  public enum Unit: String, Sendable, Hashable, CaseIterable {
    /// None: the parts lie one after the other, as the text does.
    case end
    /// A hundredth of the text.
    case blocks
    case files
    case documents
    case lines
  }

  public var documents: Documents
  public var unit: Unit
  /// Whether the last file is the validation part, whatever the fraction for validation; the test part is taken from the others.
  public var lastFileValidates: Bool

  /// - Parameter unit: nil for documents where there are several, else `end`.
  public init(documents: Documents = .whole, unit: Unit? = nil, lastFileValidates: Bool = false) {
    self.documents = documents
    self.unit = unit ?? (documents == .whole ? .end : .documents)
    self.lastFileValidates = lastFileValidates
  }

  /// Tokens that end a document, in the symbols of a vocabulary; nil where there is one document, and where the vocabulary cannot
  /// spell its end.
  public func documentEnd(in vocabulary: Vocabulary) -> [Int32]? {
    switch documents {
    case .whole: return nil
    case .lines: return vocabulary.lineEnd.map { [$0] }
    case .ending(let text):
      guard let encoding = try? Tokenizer(vocabulary).encode(text), !encoding.tokens.isEmpty else { return nil }
      return Array(encoding.tokens)
    }
  }
}

/// A corpus in the order of its parts, with the beginnings of its documents.
///
/// Where documents are told apart, a token that ends one stands before the first, so that every token of every document is
/// predicted from what a document begins after.
public struct ArrangedCorpus: Sendable {
  /// The corpus in this order; its hash and its sizes are those of the text.
  public let corpus: Corpus
  public let split: CorpusSplit
  /// Positions of the first tokens of documents, in ascending order; nil where the text is one document.
  public let documentStarts: [Int]?

  /// Units that are drawn are the same ones for every run, so that losses can be compared.
  ///
  /// - Parameters:
  ///   - validation: fraction of the text that is held out for validation, as nearly as whole units come to it; one unit at least,
  ///     unless it is 0.
  ///   - test: the same for a final test.
  /// - Throws: `CorpusSplitError`; `CorpusError.undivided` where the text has too few units.
  public init(
    _ corpus: Corpus, by arrangement: CorpusArrangement, validation: DecimalFraction, test: DecimalFraction
  ) throws {
    var sizes = try CorpusSplit(count: corpus.tokens.count, validation: validation, test: test)
    if arrangement == CorpusArrangement() {
      (self.corpus, split, documentStarts) = (corpus, sizes, nil)
      return
    }
    var tokens = corpus.tokens
    let end = arrangement.documentEnd(in: corpus.vocabulary)
    if let end, !tokens.suffix(end.count).elementsEqual(end) { tokens.append(contentsOf: end) }
    let documents = end.map { tokens.starts(after: $0) }
    var starts = Self.starts(of: arrangement.unit, tokens: tokens, documents: documents, corpus: corpus)
    var validationStart: Int?
    if arrangement.lastFileValidates {
      guard let start = corpus.fileStarts.last, start > 0 else {
        throw CorpusError.undivided(units: corpus.fileStarts.count, of: .files)
      }
      sizes = try CorpusSplit(count: start, validation: DecimalFraction(hundredths: 0), test: test)
      if arrangement.unit == .end && documents == nil { starts = [0, sizes.test.lowerBound] }
      starts = Set(starts + [start]).sorted()
      validationStart = start
    }
    let units = zip(starts, starts.dropFirst() + [tokens.count]).map { $0..<$1 }.filter { !$0.isEmpty }
    let drawn = units.firstIndex { $0.lowerBound == validationStart } ?? units.count
    let least = 1 + (sizes.validation.isEmpty ? 0 : 1) + (sizes.test.isEmpty ? 0 : 1)
    guard drawn >= least || arrangement.unit == .end else {
      throw CorpusError.undivided(units: drawn, of: arrangement.unit)
    }
    let parts =
      Self.parts(of: units[..<drawn], sizes, isDrawn: arrangement.unit != .end)
      + units[drawn...].map { _ in .validation }

    var (ordered, beginnings) = (TokenSequence(end.map { [$0.last!] } ?? []), [Int]())
    var ends: [Int] = []
    for part in [CorpusSplit.Part.train, .validation, .test] {
      for (unit, own) in zip(units, parts) where own == part {
        if let documents {
          // A document that is cut in two becomes two.
          let within = documents[documents.firstPosition(atLeast: unit.lowerBound)...].prefix { $0 < unit.upperBound }
          let all = within.first == unit.lowerBound ? Array(within) : [unit.lowerBound] + within
          beginnings += all.map { $0 - unit.lowerBound + ordered.count }
        }
        ordered.append(contentsOf: Array(tokens[unit]))
      }
      ends.append(ordered.count)
    }
    self.corpus = Corpus(corpus, tokens: ordered)
    split = CorpusSplit(train: 0..<ends[0], validation: ends[0]..<ends[1], test: ends[1]..<ends[2])
    documentStarts = documents == nil ? nil : beginnings
  }

  /// Positions to read so that a part is predicted: all but the first of them are. The part itself, and where documents are told
  /// apart the token before it.
  ///
  /// - Throws: `CorpusError.nothingToPredict` where that is fewer than two tokens.
  public func reading(_ part: CorpusSplit.Part) throws(CorpusError) -> Range<Int> {
    let range = split[part]
    if documentStarts != nil, range.lowerBound > 0, !range.isEmpty { return range.lowerBound - 1..<range.upperBound }
    _ = try split.predicted(in: part)
    return range
  }

  /// Number of documents that begin in a range; nil where the text is one.
  public func documentCount(in range: Range<Int>) -> Int? {
    documentStarts.map { $0.firstPosition(atLeast: range.upperBound) - $0.firstPosition(atLeast: range.lowerBound) }
  }

  private static let blocks = 100

  /// Positions at which units begin, in ascending order.
  private static func starts(
    of unit: CorpusArrangement.Unit, tokens: TokenSequence, documents: [Int]?, corpus: Corpus
  ) -> [Int] {
    switch unit {
    case .end, .documents: documents ?? [0]
    case .blocks: Set((0..<blocks).map { $0 * tokens.count / blocks }).sorted()
    case .files: corpus.fileStarts
    case .lines: CorpusArrangement(documents: .lines).documentEnd(in: corpus.vocabulary).map(tokens.starts) ?? [0]
    }
  }

  /// The part of each unit.
  private static func parts(of units: ArraySlice<Range<Int>>, _ sizes: CorpusSplit, isDrawn: Bool) -> [CorpusSplit.Part]
  {
    var random = RandomSource(seed: 0)
    var waiting = (isDrawn ? random.permutation(of: units.count) : Array(units.indices))[...]
    var parts = [CorpusSplit.Part](repeating: .train, count: units.count)
    for part in [CorpusSplit.Part.test, .validation] {
      let share = sizes[part].count
      var taken = 0
      while taken < share, waiting.count > 1, let unit = waiting.last {
        let size = units[unit].count
        if taken > 0 && taken + size / 2 > share { break }
        parts[unit] = part
        taken += size
        waiting.removeLast()
      }
    }
    return parts
  }
}

extension TokenSequence {
  /// Position 0, and each after an occurrence of `end`; occurrences do not overlap.
  fileprivate func starts(after end: [Int32]) -> [Int] {
    var (starts, last) = ([0], end.count - 1)
    while last < count - 1 {
      let isEnd = self[last] == end.last && zip(end, last - end.count + 1...last).allSatisfy { self[$1] == $0 }
      if isEnd { starts.append(last + 1) }
      last += isEnd ? end.count : 1
    }
    return starts
  }
}

extension [Int] {
  /// Index of the first element that is at least `value`, of an array in ascending order; its count where there is none.
  package func firstPosition(atLeast value: Int) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
