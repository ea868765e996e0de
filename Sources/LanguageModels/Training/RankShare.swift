import Autograd
import SequenceText
import TensorCore

/// Part of a text that a rank of a group trains and validates on.
struct RankShare {
  private let split: CorpusSplit
  private let batch, rank, size: Int

  init(_ split: CorpusSplit, batch: Int, rank: Int, size: Int) {
    (self.split, self.batch, self.rank, self.size) = (split, batch, rank, size)
  }

  /// Positions of the tokens that the rank reads: those of its streams, those that validation reads for it and, on rank 0, the test part.
  var positions: [Range<Int>] {
    let streams = BatchShard(of: batch, rank: rank, size: size).sequences
    let length = split.train.count / batch
    let first = split.train.lowerBound
    let training =
      first + streams.lowerBound * length..<min(first + streams.upperBound * length + 1, split.train.upperBound)
    let test = split.test.isEmpty ? split.test : max(0, split.test.lowerBound - Self.lookBack)..<split.test.upperBound
    return [training] + validation + (rank == 0 ? [test] : [])
  }

  /// Positions of the predicted tokens of the validation part whose losses the rank computes.
  var validated: Range<Int> {
    let predictions = max(split.validation.count - 1, 0)
    let (streams, length) = Evaluation.validationStreams(predictions: predictions)
    let own = evenShare(of: streams, part: rank, parts: size)
    let (start, end) = (min(own.lowerBound * length, predictions), min(own.upperBound * length, predictions))
    return split.validation.lowerBound + 1 + start..<split.validation.lowerBound + 1 + end
  }

  /// With the tokens before, on which streams are warmed up, and the last one, which stands for what is beyond the end.
  private var validation: [Range<Int>] {
    guard split.validation.count > 1 else { return [] }
    let start = max(split.validation.lowerBound, validated.lowerBound - 1 - Self.lookBack)
    return [start..<max(start, validated.upperBound), split.validation.upperBound - 1..<split.validation.upperBound]
  }

  /// Tokens before a part that are read too: more than streams are warmed up on.
  private static let lookBack = 1024
}

extension TrainingSettings {
  /// Whether the ranks of a group can each read a part of the text: it is neither cut into documents nor arranged.
  package var sharesText: Bool { arrangement == CorpusArrangement() }

  /// Fractions that are held out.
  package var heldOut: (validation: Double, test: Double) {
    (Double(validationFraction) ?? 0, Double(testFraction) ?? 0)
  }

  /// Positions of the tokens of a text that each rank of a group reads.
  package func positionsOfRanks(on corpus: Corpus, size: Int) throws(CharacterRunError) -> [[Range<Int>]] {
    let split = try arranged(corpus).split
    guard batch >= size else { throw .tooManyRanks(size, batch: batch) }
    return (0..<size).map { RankShare(split, batch: batch, rank: $0, size: size).positions }
  }
}
