import TensorCore

extension Corpus {
  /// The corpus of a text in words or subwords, with a vocabulary that is found in it.
  ///
  /// - Parameters:
  ///   - count: symbols of the vocabulary; nil for as many as suit the text.
  ///   - memory: bytes that finding it may take, about.
  init(piecesOf text: CorpusText, symbols count: Int?, memory: Double) throws(CorpusError) {
    let allowed = 257...Vocabulary.largestPieceCount
    if let count { require(allowed.contains(count), "Corpus: a vocabulary of \(count) words or subwords") }
    // One pass gives the numbers of the pieces in order of appearance; a pipe can be read once.
    var text = text
    var numbers = NewSymbols()
    let encoding = try text.encodeNewPieces(by: &numbers, memory: memory)
    let vocabulary = VocabularyLearning(
      pieces: numbers.symbols, counts: encoding.counts(of: numbers.symbols.count)
    ).vocabulary(text.kind, count: count ?? Self.usualSymbols(of: text.kind, bytes: text.byteCount))
    self.init(
      text, encoding.spelt(numbers.symbols, in: vocabulary), vocabulary: vocabulary, notices: text.notices(vocabulary))
  }

  /// Symbols of a vocabulary that suits a text, found by trying some on a text of 1 MB: a word must be there as a whole to be one
  /// token, and of subwords fewer spell a text well.
  static func usualSymbols(of kind: TokenKind, bytes: Int) -> Int {
    kind == .word ? min(max(512, bytes / 250), 16_384) : min(max(512, bytes / 500), 8192)
  }
}

/// Pieces of a text in which a vocabulary is found: as many as memory allows.
struct PieceLimits {
  /// Most different pieces, each of which takes about 100 bytes of memory beside its own.
  private static let mostPieces = 1 << 23

  /// Most bytes of these pieces together. Words take about two bytes of memory for each; subwords, whose pairs are counted, about
  /// 30 and up to 60 while they are merged: 1 to 2 GB at most.
  private let largest: Int

  /// - Parameter memory: bytes that finding a vocabulary may take, about.
  init(_ kind: TokenKind, memory: Double) {
    let (largest, memoryOfByte) = kind == .subword ? (1 << 25, 60.0) : (1 << 27, 2.0)
    self.largest = Int(min(Double(largest), memory / memoryOfByte))
  }

  /// - Throws: `CorpusError` where they are too many.
  func check(pieces: Int, bytes: Int) throws(CorpusError) {
    guard pieces <= Self.mostPieces, bytes <= largest else { throw .tooManyWords(pieces: pieces, bytes: bytes) }
  }
}

extension CorpusText {
  /// Reads the text to its end, as numbers of its pieces in order of appearance.
  ///
  /// - Throws: `CorpusError` where they are too many to find a vocabulary in.
  mutating func encodeNewPieces(by numbers: inout NewSymbols, memory: Double) throws(CorpusError) -> Encoding {
    let limits = PieceLimits(kind, memory: memory)
    return try encodePieces(by: &numbers, added: nil) { numbers throws(CorpusError) in
      try limits.check(pieces: numbers.symbols.count, bytes: numbers.size)
    }
  }
}

extension CorpusText.Encoding {
  /// How often each of so many pieces stands in an encoding by their numbers.
  func counts(of pieces: Int) -> [Int] {
    var counts = [Int](repeating: 0, count: pieces)
    tokens.forEachBlock { for piece in $0 { counts[Int(piece)] += 1 } }
    return counts
  }

  /// An encoding by the numbers of pieces, with each piece spelt in a vocabulary.
  func spelt(_ pieces: [[UInt8]], in vocabulary: Vocabulary) -> Self {
    var (encoder, spellings, ends) = (PieceEncoder(vocabulary), [Int32](), [0])
    for piece in pieces {
      encoder.append(piece.indices, of: piece, to: &spellings)
      ends.append(spellings.count)
    }
    var spelt = self
    spelt.tokens = TokenSequence()
    spelt.fileStarts = []
    var (ids, position) = ([Int32](), 0)
    tokens.forEachBlock { block in
      for piece in block {
        while spelt.fileStarts.count < fileStarts.count, fileStarts[spelt.fileStarts.count] == position {
          spelt.fileStarts.append(spelt.tokens.count + ids.count)
        }
        ids += spellings[ends[Int(piece)]..<ends[Int(piece) + 1]]
        position += 1
      }
      spelt.tokens.append(contentsOf: ids)
      ids.removeAll(keepingCapacity: true)
    }
    return spelt
  }
}
