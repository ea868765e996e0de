import SequenceText

/// Statistics of a text's lines, which tell a list of items (names, words, molecules) from running text.
struct ItemStatistics {
  /// Whether the lines are many, short and of few words each, as a list's are.
  let areItems: Bool

  /// - Parameter tokens: those of the text to train on.
  init(of tokens: Slice<TokenSequence>, in corpus: Corpus) {
    areItems = Self.areItems(tokens, in: corpus)
  }

  private static func areItems(_ tokens: Slice<TokenSequence>, in corpus: Corpus) -> Bool {
    guard let end = corpus.vocabulary.lineEnd else { return false }
    let blanks = Set([" ", "\t", "\u{3000}"].compactMap { corpus.vocabulary.id(of: Array($0.utf8)) })
    // Marks of running text in scripts without spaces.
    let marks = Set(["。", "、", "，"].compactMap { corpus.vocabulary.id(of: Array($0.utf8)) })
    var (lines, empty, long, inLong, spaces, sentences, length) = (0, 0, 0, 0, 0, 0, 0)
    for token in tokens {
      if token != end {
        length += 1
        if blanks.contains(token) { spaces += 1 }
        if marks.contains(token) { sentences += 1 }
        continue
      }
      lines += 1
      if length == 0 { empty += 1 }
      if length > longest {
        long += 1
        inLong += length
      }
      length = 0
    }
    let areShort = 100 * long <= lines && 10 * inLong <= tokens.count && length <= longest
    return lines >= fewest && 100 * empty <= lines && areShort && spaces < lines && 20 * sentences < lines
  }

  private static let fewest = 200
  /// Tokens of a line that is still short.
  private static let longest = 64
}
