import SequenceText

extension Corpus {
  /// Whether the lines of a text, this one's or a part of it, are many, short and of few words each, as those of a list of items are
  /// (names, words, molecules) and those of running text are not.
  func isList(_ tokens: Slice<TokenSequence>) -> Bool {
    guard let end = vocabulary.lineEnd else { return false }
    let blanks = Set([" ", "\t", "\u{3000}"].compactMap { vocabulary.id(of: Array($0.utf8)) })
    // Marks of running text in scripts without spaces.
    let marks = Set(["。", "、", "，"].compactMap { vocabulary.id(of: Array($0.utf8)) })
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
      if length > longestItem {
        long += 1
        inLong += length
      }
      length = 0
    }
    let areShort = 100 * long <= lines && 10 * inLong <= tokens.count && length <= longestItem
    return lines >= fewestItems && 100 * empty <= lines && areShort && spaces < lines && 20 * sentences < lines
  }
}

private let fewestItems = 200
/// Tokens of a line that is still short.
private let longestItem = 64
