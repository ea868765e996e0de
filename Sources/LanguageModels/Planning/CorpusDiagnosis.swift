import SequenceText

/// Peculiarities of a text that someone who wants to train on it should know.
public struct CorpusDiagnosis: Sendable {
  /// Symbols that occur less often than can be learned from, by their ids. Bytes of words and subwords, which any text may need, are
  /// left out.
  public let rareSymbols: [Int32]
  /// Symbols that good text seldom has (controls, marks of lost characters, invisible or private characters), with how often each
  /// occurs.
  public let suspiciousSymbols: [(symbol: Int32, count: Int)]
  /// How often two characters stand together that a text has which was decoded as Latin-1 and was UTF-8: `Ã¤`, `â€™`.
  public let misreadCharacters: Int
  public let lines: Int
  /// Tokens of the longest line, its end not counted.
  public let longestLine: Int
  /// Share of all tokens that are in lines which stood before, of those of `leastRepeated` tokens or more.
  public let repeatedShare: Double

  /// Occurrences below which a symbol is rare.
  public static let rare = 5
  /// Tokens of a line whose repetition is no chance.
  public static let leastRepeated = 20

  /// - Complexity: one pass over the text; a few words of memory for each line.
  public init(of corpus: Corpus) {
    let vocabulary = corpus.vocabulary
    var counts = [Int](repeating: 0, count: vocabulary.count)
    var lines = Lines(of: corpus)
    var misread = MisreadCharacters(vocabulary)
    for token in corpus.tokens {
      counts[Int(token)] += 1
      lines.append(token)
      misread.append(token)
    }
    if !lines.isAtStart { lines.finish() }
    rareSymbols = counts.indices.filter { id in
      counts[id] < Self.rare && !(vocabulary.kind.isOfPieces && vocabulary.symbols[id].count == 1)
    }.map(Int32.init)
    suspiciousSymbols =
      vocabulary.kind.spellsBytes
      ? [] : counts.indices.filter { isSuspicious(vocabulary.symbols[$0]) }.map { (Int32($0), counts[$0]) }
    misreadCharacters = misread.count
    (self.lines, longestLine) = (lines.count, lines.longest)
    repeatedShare = Double(lines.repeated) / Double(max(corpus.tokens.count, 1))
  }

  private struct Lines {
    /// Line ends in each symbol.
    let ends: [Int]
    private(set) var (count, longest, repeated) = (0, 0, 0)
    private var seen: Set<Int> = []
    private var line = Hasher()
    private var length = 0

    /// Whether nothing follows the last line end.
    var isAtStart: Bool { length == 0 }

    init(of corpus: Corpus) {
      let end = corpus.vocabulary.lineEnd.map { Int($0) }
      ends =
        corpus.kind.isOfPieces
        ? corpus.lineEndsOfSymbols : corpus.vocabulary.symbols.indices.map { $0 == end ? 1 : 0 }
    }

    mutating func append(_ token: Int32) {
      for _ in 0..<ends[Int(token)] { finish() }
      if ends[Int(token)] == 0 {
        line.combine(token)
        length += 1
      }
    }

    mutating func finish() {
      count += 1
      longest = max(longest, length)
      if length >= leastRepeated, !seen.insert(line.finalize()).inserted { repeated += length }
      (line, length) = (Hasher(), 0)
    }
  }

  private struct MisreadCharacters {
    private let (leads, trails): (Set<Int32>, Set<Int32>)
    private var previous: Int32?
    private(set) var count = 0

    init(_ vocabulary: Vocabulary) {
      func ids(where isMeant: (Unicode.Scalar) -> Bool) -> Set<Int32> {
        if vocabulary.kind.spellsBytes { return [] }
        let ids = vocabulary.symbols.indices.filter { index in
          let scalars = String(decoding: vocabulary.symbols[index], as: UTF8.self).unicodeScalars
          return scalars.count == 1 && isMeant(scalars.first!)
        }
        return Set(ids.map(Int32.init))
      }
      leads = ids { "ÃÂâ".unicodeScalars.contains($0) }
      trails = ids { (0x80...0xBF).contains($0.value) || $0 == "€" }
    }

    mutating func append(_ token: Int32) {
      if let previous, leads.contains(previous), trails.contains(token) { count += 1 }
      previous = token
    }
  }
}

/// Whether a symbol has a scalar that good text seldom has.
private func isSuspicious(_ symbol: [UInt8]) -> Bool {
  String(decoding: symbol, as: UTF8.self).unicodeScalars.contains { scalar in
    switch scalar {
    case "\t", "\n", "\r", "\u{200C}", "\u{200D}": return false
    case "\u{FFFD}": return true
    default: break
    }
    return switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .unassigned: true
    default: false
    }
  }
}
