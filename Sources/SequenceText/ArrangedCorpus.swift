import TensorCore

/// A corpus in the order of its parts, with the beginnings of its documents.
///
/// Where documents are told apart, a token that ends one stands before the first, and each file ends with such an end (with a line
/// end where the files are the documents), so that every token of a whole document is predicted from what a document begins after.
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
  /// - Throws: `CorpusSplitError`; `CorpusError.undivided` and `.oneDocument` where the text has too few units; `.mixedLineEnds`.
  public init(
    _ corpus: Corpus, by arrangement: CorpusArrangement, validation: DecimalFraction, test: DecimalFraction
  ) throws {
    let sizes = try CorpusSplit(count: corpus.tokens.count, validation: validation, test: test)
    if arrangement == CorpusArrangement() {
      (self.corpus, split, documentStarts) = (corpus, sizes, nil)
      return
    }
    let text = try CutText(corpus, by: arrangement)
    let units = try text.units(sizes, test: test)
    (self.corpus, split, documentStarts) = text.gathered(units)
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
}

/// A corpus cut into documents, and into the units that its parts are made of.
private struct CutText {
  /// A range of the text that goes to one part as it is.
  typealias Unit = (range: Range<Int>, part: CorpusSplit.Part)

  private let corpus: Corpus
  private let arrangement: CorpusArrangement
  /// The tokens of the corpus, each of whose files ends with the end of a document.
  private let tokens: TokenSequence
  /// Positions in them at which files begin.
  private let files: [Int]
  /// Positions in them at which documents begin; nil where the text is one.
  private let documents: [Int]?

  /// - Throws: `CorpusError.mixedLineEnds`.
  init(_ corpus: Corpus, by arrangement: CorpusArrangement) throws(CorpusError) {
    if arrangement.documents == .lines || arrangement.lastFileValidates { try Self.requireOneLineEnd(of: corpus) }
    (self.corpus, self.arrangement) = (corpus, arrangement)
    let areFiles = arrangement.documents == .files
    let end = areFiles ? corpus.vocabulary.lineEnd.map { [$0] } : arrangement.documentEnd(in: corpus.vocabulary)
    let (tokens, files) = Self.tokens(of: corpus, ending: end, isByLine: areFiles)
    (self.tokens, self.files) = (tokens, files)
    documents = areFiles ? Set(files).sorted() : end.map { tokens.starts(after: $0) }
  }

  /// The units of the text, in its order.
  ///
  /// - Parameters:
  ///   - sizes: sizes that the parts are to have.
  ///   - test: fraction for a final test, of what is before the last file where that validates.
  /// - Throws: `CorpusSplitError`; `CorpusError` where there are too few of them.
  func units(_ sizes: CorpusSplit, test: DecimalFraction) throws -> [Unit] {
    guard arrangement.lastFileValidates else { return try drawnUnits(0..<tokens.count, sizes) }
    guard let start = files.last, start > 0, start < tokens.count else {
      throw CorpusError.undivided(units: files.count, of: .files)
    }
    let sizes = try CorpusSplit(count: start, validation: DecimalFraction(hundredths: 0), test: test)
    return try drawnUnits(0..<start, sizes) + [(start..<tokens.count, .validation)]
  }

  /// Units of a stretch of the text, drawn for its parts.
  private func drawnUnits(_ range: Range<Int>, _ sizes: CorpusSplit) throws(CorpusError) -> [Unit] {
    let starts = starts(sizes).filter(range.contains)
    let units = zip(starts, starts.dropFirst() + [range.upperBound]).map { $0..<$1 }.filter { !$0.isEmpty }
    let least = 1 + (sizes.validation.isEmpty ? 0 : 1) + (sizes.test.isEmpty ? 0 : 1)
    if arrangement.unit == .documents && least > 1 && units.count < 2 { throw .oneDocument(of: arrangement.documents) }
    guard units.count >= least || arrangement.unit == .end else {
      throw .undivided(units: units.count, of: arrangement.unit)
    }
    return Array(zip(units, Self.parts(of: units, sizes, isDrawn: arrangement.unit != .end)))
  }

  /// The text in the order of its parts.
  func gathered(_ units: [Unit]) -> (corpus: Corpus, split: CorpusSplit, documentStarts: [Int]?) {
    let beginning = arrangement.beginning(in: corpus.vocabulary)
    var (ordered, starts) = (TokenSequence(beginning.map { [$0] } ?? []), [Int]())
    let ends = [CorpusSplit.Part.train, .validation, .test].map { part in
      var previousEnd: Int?
      for (unit, own) in units where own == part {
        if let documents {
          // A document of which a part is elsewhere begins where the rest does.
          let within = documents[documents.firstPosition(atLeast: unit.lowerBound)...].prefix { $0 < unit.upperBound }
          let isWhole = within.first == unit.lowerBound || previousEnd == unit.lowerBound
          let all = isWhole ? Array(within) : [unit.lowerBound] + within
          previousEnd = unit.upperBound
          starts += all.map { $0 - unit.lowerBound + ordered.count }
        }
        ordered.append(contentsOf: Array(tokens[unit]))
      }
      return ordered.count
    }
    return (
      Corpus(corpus, tokens: ordered),
      CorpusSplit(train: 0..<ends[0], validation: ends[0]..<ends[1], test: ends[1]..<ends[2]),
      documents == nil ? nil : starts
    )
  }

  private static let blocks = 100

  /// The tokens of a corpus, each of whose files ends with `end`, and the positions at which the files begin.
  ///
  /// - Parameter isByLine: whether a symbol that ends like `end`, a line end, is one too.
  private static func tokens(
    of corpus: Corpus, ending end: [Int32]?, isByLine: Bool
  ) -> (tokens: TokenSequence, files: [Int]) {
    guard let end else { return (corpus.tokens, corpus.fileStarts) }
    let lastByte = end.last.flatMap { corpus.vocabulary[$0].last }
    func isEnded(_ tokens: TokenSequence) -> Bool {
      isByLine
        ? tokens.last.flatMap { corpus.vocabulary[$0].last } == lastByte : tokens.suffix(end.count).elementsEqual(end)
    }
    var (tokens, files) = (TokenSequence(), [Int]())
    for (start, next) in zip(corpus.fileStarts, corpus.fileStarts.dropFirst() + [corpus.tokens.count]) {
      files.append(tokens.count)
      tokens.append(contentsOf: Array(corpus.tokens[start..<next]))
      if start < next && !isEnded(tokens) { tokens.append(contentsOf: end) }
    }
    return (tokens, files)
  }

  /// Refuses a text with several kinds of line end, of which one alone would end a line.
  private static func requireOneLineEnd(of corpus: Corpus) throws(CorpusError) {
    var ends = LineEndCounter()
    for token in corpus.tokens { ends.append(corpus.vocabulary.symbols[Int(token)]) }
    if [ends.lineFeeds, ends.pairs, ends.returns].count(where: { $0 > 0 }) > 1 {
      throw .mixedLineEnds(lineFeeds: ends.lineFeeds, pairs: ends.pairs, returns: ends.returns)
    }
  }

  /// Positions at which units begin, in ascending order.
  private func starts(_ sizes: CorpusSplit) -> [Int] {
    switch arrangement.unit {
    case .end: documents ?? [0, sizes.test.lowerBound]
    case .documents: documents ?? [0]
    case .blocks: Set((0..<Self.blocks).map { $0 * tokens.count / Self.blocks }).sorted()
    case .files: files
    case .lines: lineStarts
    }
  }

  /// A line ends with the token that holds its end.
  private var lineStarts: [Int] {
    let ends = corpus.lineEndsOfSymbols
    let starts = tokens.enumerated().filter { ends[Int($0.element)] > 0 }.map { $0.offset + 1 }
    return [0] + starts.filter { $0 < tokens.count }
  }

  /// The part of each unit.
  private static func parts(of units: [Range<Int>], _ sizes: CorpusSplit, isDrawn: Bool) -> [CorpusSplit.Part] {
    var random = RandomSource(seed: 0)
    var waiting = isDrawn ? random.permutation(of: units.count) : units.indices.reversed()
    var parts = [CorpusSplit.Part](repeating: .train, count: units.count)
    for (part, later) in [(CorpusSplit.Part.test, sizes.validation.isEmpty ? 1 : 2), (.validation, 1)] {
      var missing = sizes[part].count
      if missing == 0 { continue }
      func take(_ unit: Int) {
        parts[unit] = part
        missing -= units[unit].count
      }
      var left: [Int] = []
      for (place, unit) in waiting.enumerated() {
        let (isNearer, others) = (units[unit].count < 2 * missing, waiting.count - place - 1 + left.count)
        if isNearer && others >= later {
          take(unit)
        } else if isDrawn {
          left.append(unit)
        } else {
          // Parts are stretches of the text: the last document of a stretch may be a long one.
          left += waiting[place...]
          break
        }
      }
      if left.count == waiting.count, left.count > later {
        let smallest = isDrawn ? left.indices.min { units[left[$0]].count < units[left[$1]].count }! : 0
        take(left.remove(at: smallest))
      }
      waiting = left
    }
    return parts
  }
}

extension TokenSequence {
  /// Position 0, and each after an occurrence of `end` but the one at the text's end.
  fileprivate func starts(after end: [Int32]) -> [Int] {
    var (starts, finder) = ([0], DocumentEndFinder(end))
    for position in indices.dropLast() where finder.reads(self[position]) { starts.append(position + 1) }
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
