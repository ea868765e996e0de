import Autograd
import Foundation
import SequenceText
import TensorCheckpoints
import TensorCore

/// Surprise of a model at every piece of a text, in bits: −log₂ p, given all that stands before it.
///
///     let surprise = try TextSurprise(of: file, on: corpus)
///     for line in surprise.oddestLines(5) { print(line.number, surprise.pieces.text(line.pieces)) }
///
/// The text is read as `PartEvaluation` reads a whole text, and the surprise of all pieces is its loss.
public struct TextSurprise: Sendable {
  /// Surprise at a piece of the text.
  public struct Piece: Sendable, Equatable {
    /// −log₂ of the probability that the model gave the piece.
    public let bits: Double
    /// Mean of −log₂ p over the model's own prediction, which is its entropy: the surprise that the model expected here.
    public let expectedBits: Double
    /// The likeliest tokens in the place of the piece's first one, the likeliest first.
    public let likeliest: [TokenChoice.Alternative]
  }

  /// Surprise at a line of the text.
  public struct Line: Sendable, Equatable {
    /// Number of the line, from 1; see `TextPieces.lineNumbers`.
    public let number: Int
    /// The line's pieces, its end among them.
    public let pieces: Range<Int>
    /// Bits of all pieces that were predicted.
    public let bits: Double
    /// Number of pieces that were predicted: all, but the first of a text that is read as one.
    public let predictedPieces: Int
    /// Swift Characters of these pieces.
    public let predictedCharacters: Int
    /// Bits for each of these characters; nil where there are none.
    public var bitsPerCharacter: Double? { predictedCharacters > 0 ? bits / Double(predictedCharacters) : nil }
    /// How far the surprise goes beyond what is usual in the text, in bits: the largest sum, over a passage of the line, of the
    /// bits of its pieces, less 1 and the text's mean for each. So one wrong word shows in a long line (the cumulative sum
    /// test: Page 1954, "Continuous inspection schemes").
    public let oddness: Double
  }

  /// Text in pieces and lines.
  public let pieces: TextPieces
  /// Surprise at each piece; nil for the first of a text that is read as one, which nothing predicts.
  public let surprises: [Piece?]
  /// Lines of the text, in its order.
  public let lines: [Line]
  /// Sum over all tokens of −ln p; not a number where the model's weights are damaged.
  public let nats: Double
  /// Number of tokens that were predicted.
  public let predictedTokens: Int
  private let text: InspectedText

  /// - Parameters:
  ///   - corpus: text in the symbols of the model.
  ///   - likeliest: how many of the likeliest tokens come with each piece.
  ///   - threads: they change the speed alone.
  /// - Throws: `CorpusError` where the text has fewer than two tokens, and `CorpusError` or `CorpusSplitError` where it has not the
  ///   documents that the model was trained on.
  public init(of file: ModelFile<Float>, on corpus: Corpus, likeliest count: Int = 0, threads: Int = 1) throws {
    text = try InspectedText(corpus, as: file.history)
    let range = text.range
    var tokens: [Piece] = []
    nats = Evaluation.sum(of: file.model, on: text.stream, workspace: Workspace(threads: threads)) {
      [text] logits, losses in
      let symbols = logits.shape[2]
      logits.withScalars { scalars in
        for row in losses.indices.prefix(range.count - 1 - tokens.count) {
          let scores = scalars[row * symbols..<(row + 1) * symbols].map { Double($0) }
          let token = text.arranged.corpus.tokens[range.lowerBound + tokens.count + 1]
          tokens.append(Piece(token, scores: scores, nats: losses[row], likeliest: count))
        }
      }
    }
    predictedTokens = tokens.count
    let pieces = text.pieces
    let surprises = pieces.tokens.map { positions in
      Piece(positions.filter { $0 > range.lowerBound }.map { tokens[$0 - range.lowerBound - 1] })
    }
    let predicted = surprises.compactMap { $0 }
    let mean = predicted.reduce(0) { $0 + $1.bits } / Double(max(predicted.count, 1))
    lines = zip(pieces.lines, pieces.lineNumbers).map { range, number in
      let first = surprises[range].firstIndex { $0 != nil } ?? range.upperBound
      return Line(
        number: number, pieces: range, of: surprises[range].compactMap { $0 },
        characters: corpus.kind == .character ? range.upperBound - first : pieces.text(first..<range.upperBound).count,
        mean: mean)
    }
    (self.pieces, self.surprises) = (pieces, surprises)
  }

  /// Bits for each character of the text that was predicted; nil where none begins in it.
  public var bitsPerCharacter: Double? {
    let characters = text.arranged.corpus.measure(text.range.dropFirst()).characters
    return characters > 0 ? nats / log(2) / Double(characters) : nil
  }

  /// The lines whose surprise goes farthest beyond what is usual in the text, the oddest first.
  public func oddestLines(_ count: Int) -> [Line] {
    Array(lines.sorted { ($0.oddness, $1.number) > ($1.oddness, $0.number) }.prefix(count))
  }
}

extension TextSurprise.Piece {
  /// - Parameters:
  ///   - scores: logits of all tokens.
  ///   - nats: −ln of the token's probability.
  fileprivate init(_ token: Int32, scores: [Double], nats: Double, likeliest count: Int) {
    let largest = scores.max() ?? 0
    let weights = scores.map { exp($0 - largest) }
    let logSum = log(weights.reduce(0, +)) + largest
    let mean = zip(weights, scores).reduce(0) { $0 + $1.0 * (logSum - $1.1) } / weights.reduce(0, +)
    (bits, expectedBits) = (nats / log(2), mean / log(2))
    likeliest = count == 0 ? [] : TokenChoice(token: token, of: scores, likeliest: count).likeliest
  }

  /// The surprise at several tokens in a row; nil for none.
  fileprivate init?(_ tokens: [Self]) {
    guard let first = tokens.first else { return nil }
    self.init(
      bits: tokens.reduce(0) { $0 + $1.bits }, expectedBits: tokens.reduce(0) { $0 + $1.expectedBits },
      likeliest: first.likeliest)
  }
}

extension TextSurprise.Line {
  /// - Parameters:
  ///   - characters: Swift Characters of the pieces that were predicted.
  ///   - mean: bits of a piece of the text, in the mean.
  fileprivate init(
    number: Int, pieces: Range<Int>, of surprises: [TextSurprise.Piece], characters: Int, mean: Double
  ) {
    (self.number, self.pieces, predictedPieces, predictedCharacters) = (number, pieces, surprises.count, characters)
    bits = surprises.reduce(0) { $0 + $1.bits }
    var (sum, largest) = (0.0, 0.0)
    for piece in surprises {
      sum = max(0, sum + piece.bits - mean - Self.allowance)
      largest = max(largest, sum)
    }
    oddness = largest
  }

  /// Bits of a piece above the mean that add nothing to the oddness. From 0.5 to 2, about as many planted errors are found.
  private static let allowance = 1.0
}
