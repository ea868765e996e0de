import Foundation
import NGramModels
import SequenceText
import TensorCore

/// Losses of models that count, to judge a network's loss by; all in nats a token, and all of the same predictions.
///
/// They have read what the network was trained on, and nothing else: the training part, or of a long one the last
/// `mostTokens`. The first token of a part is read, and the others are predicted.
public struct Baselines: Sendable, Equatable, Codable {
  /// Loss of a model that has learned nothing: every token has the same probability.
  public let uniform: Double
  /// Loss of predicting each token by how often it stands in the training part; nil where there is none.
  public let unigram: Double?
  /// Loss of a 5-gram model of the training part, by interpolated Kneser–Ney smoothing; nil where there is none.
  public let fiveGram: Double?
  /// Loss of prediction by partial matching, of order 6, which goes on learning as it reads the part.
  public let partialMatching: Double

  /// Most tokens of a training part that are counted, about a minute's work.
  public static let mostTokens = 1 << 24

  /// - Parameters:
  ///   - part: positions of the tokens to predict, two or more.
  ///   - training: positions of the tokens that were trained on, before the part; none where the part itself was.
  ///   - symbols: size of the vocabulary.
  public init(of part: Range<Int>, after training: Range<Int>, in tokens: TokenSequence, symbols: Int) {
    let counted = Self.counted(training)
    func loss(order: Int, isAdaptive: Bool) -> Double {
      var model = NGramModel(order: order, symbols: symbols)
      for token in tokens[counted] { model.learn(token) }
      model.forgetContext()
      var (sum, isFirst) = (0.0, true)
      for token in tokens[part] {
        if !isFirst { sum -= log(model.probability(of: token)) }
        isFirst = false
        if isAdaptive { model.learn(token) } else { model.read(token) }
      }
      return sum / Double(part.count - 1)
    }
    uniform = log(Double(symbols))
    unigram = counted.isEmpty ? nil : loss(order: 0, isAdaptive: false)
    fiveGram = counted.isEmpty ? nil : loss(order: 4, isAdaptive: false)
    partialMatching = loss(order: 6, isAdaptive: true)
  }

  /// Bytes that counting a training part takes at most: as measured on random text; prose takes a quarter.
  package static func mostBytes(training: Range<Int>) -> Double { 50 * Double(counted(training).count) }

  /// The tokens of a training part that are counted.
  private static func counted(_ training: Range<Int>) -> Range<Int> { training.suffix(mostTokens) }

  /// Whether they may be losses: none is below 0, nor near 100 nats a token.
  var arePossible: Bool {
    [uniform, unigram ?? 0, fiveGram ?? 0, partialMatching].allSatisfy { (0...100).contains($0) }
  }

  /// Hash of all that the losses depend on, as `init` takes it.
  static func key(of part: Range<Int>, after training: Range<Int>, in tokens: TokenSequence, symbols: Int) -> String {
    var hash = ContentHash()
    let counted = counted(training)
    hash.update(LittleEndianBytes.encode([version, symbols, counted.count, part.count]))
    for range in [counted, part] {
      for start in stride(from: range.lowerBound, to: range.upperBound, by: TokenSequence.blockSize) {
        let block = tokens[start..<min(start + TokenSequence.blockSize, range.upperBound)]
        hash.update(LittleEndianBytes.encode(Array(block)))
      }
    }
    return hash.finalize()
  }

  /// Version of the computation, raised when the losses change.
  private static let version = 1
}

extension Baselines {
  /// The losses with their names, in reports and in JSON.
  package var named: [(name: String, key: String, loss: Double)] {
    [
      ("uniform", "uniform", uniform), ("unigram", "unigram", unigram), ("5-gram", "five_gram", fiveGram),
      ("PPM", "ppm", partialMatching),
    ].compactMap { name, key, loss in loss.map { (name, key, $0) } }
  }
}
