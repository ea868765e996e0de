import SequenceText

/// A text as it is read to look into a model: whole, from the model's initial state, or document by document where the model was
/// trained so.
struct InspectedText {
  let arranged: ArrangedCorpus
  /// Positions of the tokens that the model reads; before documents stands one that is none of theirs.
  let range: Range<Int>
  let pieces: TextPieces

  /// - Parameter limit: most tokens of the text.
  /// - Throws: `CorpusError` where fewer than two tokens are to be read; `CorpusError` and `CorpusSplitError` where the text has not
  ///   the documents that the model was trained on.
  init(_ corpus: Corpus, as history: TrainingHistory?, atMost limit: Int = .max) throws {
    arranged = try history.arranged(corpus, isWhole: true)
    let all = try arranged.reading(.all)
    let first = all.lowerBound + (arranged.documentStarts == nil ? 0 : 1)
    range = all.lowerBound..<(first + min(all.upperBound - first, limit))
    pieces = TextPieces(
      arranged.corpus.tokens, in: first..<range.upperBound, documentStarts: arranged.documentStarts ?? [],
      vocabulary: corpus.vocabulary)
  }

  var stream: TextStream { TextStream(arranged, in: range) }
  /// Number of tokens of the text.
  var tokens: Int { pieces.tokens.reduce(0) { $0 + $1.count } }
}
