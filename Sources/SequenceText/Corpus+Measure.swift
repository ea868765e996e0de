import TensorCore

/// How much text some tokens are: what turns nats per token into bits per character and bits per byte.
public struct TextMeasure: Sendable, Hashable {
  public let bytes, characters: Int

  package init(bytes: Int, characters: Int) {
    self.bytes = bytes
    self.characters = characters
  }
}

extension TextMeasure {
  /// The size of any bytes. Each ill-formed sequence of UTF-8 counts as one character.
  package init(of bytes: [UInt8]) {
    var counter = CharacterCounter()
    counter.append(bytes)
    self.init(bytes: bytes.count, characters: counter.count)
  }
}

extension Corpus {
  /// The bytes and Swift Characters of the tokens in `range`. Traps on a range outside the tokens.
  ///
  /// Characters are counted where they begin, so that the counts of adjacent ranges add up to that of both: a character
  /// that the end of the range splits counts whole, and the rest of one that the start splits does not count. (Where the
  /// range splits a scalar the count may be off by one, as the piece of a scalar reads as U+FFFD.) Character tokens
  /// count one each.
  /// - Complexity: O(`range.count`), and where no line feed and no two plain letters in a row are close before the range
  ///   more, from the last of them on. The memory does not depend on the range.
  public func measure(_ range: Range<Int>) -> TextMeasure {
    guard range.lowerBound >= 0, range.upperBound <= tokens.count else {
      programmingError("Corpus: tokens \(range) of \(tokens.count)")
    }
    if range.isEmpty { return TextMeasure(bytes: 0, characters: 0) }
    let lengths = vocabulary.symbols.map(\.count)
    let bytes = tokens[range].reduce(0) { $0 + lengths[Int($1)] }
    if kind == .character { return TextMeasure(bytes: bytes, characters: range.count) }

    var start = range.lowerBound
    // A word or subword may end with a scalar of several bytes. The last of them is a continuation byte, after which a boundary
    // is seen only before a line feed: counting may begin earlier than it must, and the count is the same.
    func last(_ symbol: [UInt8]) -> UInt8 { kind.isOfPieces ? symbol[symbol.count - 1] : symbol[0] }
    while start > 0, tokens.has(start - 1),
      !isHardBoundary(between: last(vocabulary[tokens[start - 1]]), and: vocabulary[tokens[start]][0])
    {
      start -= 1
    }
    var counter = CharacterCounter()
    append(start..<range.lowerBound, to: &counter)
    let before = counter.count
    append(range, to: &counter)
    return TextMeasure(bytes: bytes, characters: counter.count - before)
  }

  private func append(_ range: Range<Int>, to counter: inout CharacterCounter) {
    let tokenizer = Tokenizer(vocabulary)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: CorpusText.usualChunkSize) {
      let end = min(start + CorpusText.usualChunkSize, range.upperBound)
      counter.append(tokenizer.decode(tokens[start..<end]))
    }
  }
}
