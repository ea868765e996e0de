import CharrnnTestSupport
import SequenceText
import Testing

@Suite struct SubwordTests {
  /// A text in which pairs repeat: words of few letters, and some other bytes.
  static func text(_ count: Int, using generator: inout SplitMix) -> [UInt8] {
    (0..<count).flatMap { _ -> [UInt8] in
      let word = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
        [UInt8]("aab".utf8).randomElement(using: &generator)!
      }
      return Int.random(in: 0..<5, using: &generator) == 0
        ? randomBytes(2, using: &generator) : word + [UInt8(ascii: " ")]
    }
  }

  @Test(arguments: 1...30) func theVocabularyIsThatOfCountingAllPairsAnewForEachMerge(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let text = Self.text(120, using: &generator)
    let size = Int.random(in: 257...300, using: &generator)
    let found = try Corpus(text: text, kind: .subword, symbols: size).vocabulary
    #expect(found == (try slowVocabulary(of: text, size: size)))
  }

  /// Different pieces take memory while a vocabulary is found, and those of one are bounded by what there is.
  @Test(arguments: [(TokenKind.word, 2), (.subword, 60)]) func aVocabularyIsFoundWithinTheMemory(
    kind: TokenKind, memoryOfByte: Int
  ) throws {
    let place = TextSource.Place.memory(Array("aaaa bbb aaaa bbb".utf8), name: "text")
    // Pieces are "aaaa", " bbb" and " aaaa".
    let needed = Double(13 * memoryOfByte)
    #expect(throws: Never.self) { try Corpus([place], kind: kind, memory: needed) }
    #expect(throws: CorpusError.tooManyWords(pieces: 3, bytes: 13)) {
      try Corpus([place], kind: kind, memory: needed - 1)
    }
  }

  @Test(arguments: 1...30) func tokensAreThoseOfTheFirstMergeAgainAndAgain(seed: Int) throws {
    var generator = SplitMix(seed: seed)
    let vocabulary = try Corpus(text: Self.text(200, using: &generator), kind: .subword, symbols: 320).vocabulary
    let text = Self.text(60, using: &generator) + [UInt8](repeating: UInt8(ascii: "a"), count: 100)
    let expected = TextPieceRule.pieces(of: text).flatMap { slowTokens(of: Array(text[$0]), in: vocabulary) }
    #expect(try Tokenizer(vocabulary).encode(text).tokens == expected)
  }

  @Test(arguments: [TokenKind.word, .subword]) func anyBytesComeBackFromTheirTokens(kind: TokenKind) throws {
    var generator = SplitMix(seed: 1)
    let tokenizer = Tokenizer(try Corpus(text: Self.text(300, using: &generator), kind: kind, symbols: 300).vocabulary)
    for _ in 0..<1000 {
      let bytes: [UInt8] =
        Bool.random(using: &generator)
        ? randomBytes(20, using: &generator)
        : (0..<Int.random(in: 0...40, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
      #expect(try tokenizer.decode(tokenizer.encode(bytes).tokens) == bytes)
    }
  }

  @Test(arguments: 1...20, [TokenKind.word, .subword])
  func tokensDoNotDependOnThePiecesThatATextIsReadIn(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = Self.text(80, using: &generator)
    let whole = try Corpus(text: text, kind: kind, symbols: 300)
    let places = [TextSource.Place.memory(text, name: "text")]
    let size = Int.random(in: 1...9, using: &generator)
    let cut = try Corpus(places, kind: kind, symbols: 300, chunkSize: size)
    #expect(cut.tokens == whole.tokens && cut.vocabulary == whole.vocabulary)
    let known = try Corpus(places, vocabulary: whole.vocabulary, unknown: .error, chunkSize: size)
    #expect(known.tokens == whole.tokens && known.characterCount == whole.characterCount)
    #expect(Array(whole.tokens) == (try Tokenizer(whole.vocabulary).encode(text).tokens))
  }

  @Test(arguments: [TokenKind.word, .subword]) func noTokenSpansTwoFiles(kind: TokenKind) throws {
    let places = ["abab ab", "ab abab", "\n"].map { TextSource.Place.memory(Array($0.utf8), name: "text") }
    let corpus = try Corpus(places, kind: kind, symbols: 270)
    let tokenizer = Tokenizer(corpus.vocabulary)
    let texts = zip(corpus.fileStarts, corpus.fileStarts.dropFirst() + [corpus.tokens.count]).map {
      String(decoding: tokenizer.decode(corpus.tokens[$0..<$1]), as: UTF8.self)
    }
    #expect(texts == ["abab ab", "ab abab", "\n"])
    #expect(try Corpus(places, vocabulary: corpus.vocabulary, unknown: .error).fileStarts == corpus.fileStarts)
  }

  @Test func wordsAreTheMostFrequentPiecesAndOfEquallyFrequentOnesTheFirstByBytes() throws {
    let text = Array("to be or not to be, to do or not".utf8)
    let vocabulary = try Corpus(text: text, kind: .word, symbols: 260).vocabulary
    #expect(vocabulary.symbols.prefix(256).map { $0[0] } == Array(UInt8.min...UInt8.max))
    let words = vocabulary.symbols.dropFirst(256).map { String(decoding: $0, as: UTF8.self) }
    #expect(words == [" be", " not", " or", " to"])
    let tokens = try Tokenizer(vocabulary).encode("to be so").tokens.map { vocabulary.display($0) }
    #expect(tokens == ["t", "o", " be", " ", "s", "o"])
  }

  @Test func whatStandsOnceMakesNoSymbol() throws {
    for kind in [TokenKind.word, .subword] {
      #expect(try Corpus(text: Array("once upon".utf8), kind: kind, symbols: 1000).vocabulary.count <= 258)
    }
  }

  @Test(arguments: 1...10, [TokenKind.word, .subword])
  func whatIsGeneratedUnderTheMaskIsValid(seed: Int, kind: TokenKind) throws {
    var generator = SplitMix(seed: seed)
    let text = Array("größe Größe 文文 文 größer".utf8)
    let vocabulary = try Corpus(text: text + text, kind: kind, symbols: 290).vocabulary
    let mask = try #require(UTF8TokenMask(vocabulary))
    var constraint = UTF8Constraint()
    var bytes: [UInt8] = []
    while bytes.count < 200 || !constraint.isAtBoundary {
      let allowed = mask.allowed(after: constraint)
      let token = Int32(allowed.indices.filter { allowed[$0] }.randomElement(using: &generator)!)
      for byte in vocabulary[token] {
        let isAllowed = constraint.append(byte)
        #expect(isAllowed)
      }
      bytes += vocabulary[token]
    }
    #expect(String(validating: bytes, as: UTF8.self) != nil)
  }

  @Test func addedSymbolsAreFoundBeforeTheTextIsCut() throws {
    let base = try Corpus(text: Array("abab abab".utf8), kind: .subword, symbols: 258).vocabulary
    let added: [[UInt8]] = [Array("<|end|>".utf8), Array("<|end|>>".utf8)]
    let ids = [Int32(base.count), Int32(base.count + 1)]
    let vocabulary = try Vocabulary(symbols: base.symbols + added, merges: base.merges, added: ids)
    let text = Array("ab<|end|>ab<|end|>><|end|".utf8)
    let tokens = try Tokenizer(vocabulary).encode(text).tokens
    #expect(tokens.filter { ids.contains($0) } == ids)
    #expect(Tokenizer(vocabulary).decode(tokens) == text)
    for size in 1...9 {
      let places = [TextSource.Place.memory(text, name: "text")]
      #expect(
        Array(try Corpus(places, vocabulary: vocabulary, unknown: .error, chunkSize: size).tokens) == tokens)
    }
  }
}

@Suite struct PieceVocabularyTests {
  private func vocabulary(_ kind: TokenKind) throws -> Vocabulary {
    try Corpus(text: Array("ab äb abc äbc abc äbc ab äb \" \\ \u{1} ".utf8), kind: kind, symbols: 266).vocabulary
  }

  @Test(arguments: [TokenKind.word, .subword]) func theVocabularyComesBackFromItsJSON(kind: TokenKind) throws {
    let vocabulary = try vocabulary(kind)
    #expect(vocabulary.count > 258)
    #expect(try Vocabulary(json: vocabulary.json, kind: kind) == vocabulary)
  }

  @Test func addedSymbolsAndWholePiecesComeBackFromJSON() throws {
    let base = try vocabulary(.subword)
    let vocabulary = try Vocabulary(
      symbols: base.symbols + [Array("<end>".utf8)], merges: base.merges, added: [Int32(base.count)],
      takesWholePieces: true)
    #expect(try Vocabulary(json: vocabulary.json, kind: .subword) == vocabulary)
    #expect(vocabulary != base)
  }

  private static let bytes = (UInt8.min...UInt8.max).map { [$0] }

  @Test func aMissingByteIsNamed() {
    #expect(throws: VocabularyError.missingByte(7)) {
      try Vocabulary(symbols: Self.bytes.filter { $0 != [7] }, kind: .word)
    }
  }

  @Test func aSymbolTwiceIsNamed() {
    #expect(throws: VocabularyError.duplicateSymbol("a")) { try Vocabulary(symbols: Self.bytes + [[97]], kind: .word) }
  }

  @Test func mergesMustMakeSymbols() {
    let merge = Vocabulary.Merge(left: 97, right: 98)
    #expect(throws: VocabularyError.invalidMerge(0)) { try Vocabulary(symbols: Self.bytes, merges: [merge]) }
    #expect(throws: VocabularyError.invalidMerge(0)) {
      try Vocabulary(symbols: Self.bytes, merges: [Vocabulary.Merge(left: 97, right: 999)])
    }
    #expect(throws: VocabularyError.duplicateMerge(1)) {
      try Vocabulary(symbols: Self.bytes + [[97, 98]], merges: [merge, merge])
    }
  }

  @Test func subwordsNeedMerges() {
    #expect(throws: VocabularyError.noMerges) { try Vocabulary(symbols: Self.bytes, kind: .subword) }
    #expect(throws: VocabularyError.malformed(.subword)) { try Vocabulary(json: "[]", kind: .subword) }
    #expect(throws: VocabularyError.malformed(.subword)) {
      try Vocabulary(json: #"{"symbols":[],"other":1}"#, kind: .subword)
    }
  }

  @Test func addedSymbolsMustBeSymbols() {
    #expect(throws: VocabularyError.invalidAdded) { try Vocabulary(symbols: Self.bytes, merges: [], added: [256]) }
    #expect(throws: VocabularyError.invalidAdded) { try Vocabulary(symbols: Self.bytes, merges: [], added: [7, 7]) }
  }
}

/// Byte-pair encoding that counts all pairs anew for each merge.
private func slowVocabulary(of text: [UInt8], size: Int) throws -> Vocabulary {
  var symbols = (UInt8.min...UInt8.max).map { [$0] }
  var merges: [Vocabulary.Merge] = []
  var pieces = TextPieceRule.pieces(of: text).map { text[$0].map(Int32.init) }
  while symbols.count < size {
    var counts: [[Int32]: Int] = [:]
    for piece in pieces { for pair in zip(piece, piece.dropFirst()) { counts[[pair.0, pair.1], default: 0] += 1 } }
    let best = counts.max { a, b in a.value != b.value ? a.value < b.value : b.key.lexicographicallyPrecedes(a.key) }
    guard let best, best.value >= 2 else { break }
    let whole = symbols[Int(best.key[0])] + symbols[Int(best.key[1])]
    let id = symbols.firstIndex(of: whole) ?? symbols.count
    if id == symbols.count { symbols.append(whole) }
    merges.append(Vocabulary.Merge(left: best.key[0], right: best.key[1]))
    pieces = pieces.map { merged($0, best.key, Int32(id)) }
  }
  return try Vocabulary(symbols: symbols, merges: merges)
}

/// A piece in which a pair is merged wherever it stands, from left to right.
private func merged(_ piece: [Int32], _ pair: [Int32], _ id: Int32) -> [Int32] {
  var (result, place) = ([Int32](), 0)
  while place < piece.count {
    let isPair = place + 1 < piece.count && piece[place] == pair[0] && piece[place + 1] == pair[1]
    result.append(isPair ? id : piece[place])
    place += isPair ? 2 : 1
  }
  return result
}

/// Tokens of a piece by merging the leftmost pair of the first merge that applies, again and again.
private func slowTokens(of piece: [UInt8], in vocabulary: Vocabulary) -> [Int32] {
  var tokens = piece.map { vocabulary.id(of: [$0])! }
  while true {
    let ranks = zip(tokens, tokens.dropFirst()).map { pair in
      vocabulary.merges.firstIndex(of: Vocabulary.Merge(left: pair.0, right: pair.1)) ?? .max
    }
    guard let rank = ranks.min(), rank < .max, let place = ranks.firstIndex(of: rank) else { return tokens }
    let whole = vocabulary[tokens[place]] + vocabulary[tokens[place + 1]]
    tokens.replaceSubrange(place...place + 1, with: [vocabulary.id(of: whole)!])
  }
}
