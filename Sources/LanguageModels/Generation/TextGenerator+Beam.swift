import Autograd
import Foundation
import RecurrentLayers
import SequenceText
import TensorCore

/// A text that beam search found, with how likely it is.
public struct LikelyText: Sendable, Equatable {
  /// Text after the prime, without the end of a document.
  public let text: String
  /// ln of the probability of its tokens, the end of a document among them.
  public let logProbability: Double
  /// How many tokens those are.
  public let tokens: Int

  /// Mean of ln p over its tokens, by which texts of different lengths are compared.
  var meanLogProbability: Double { logProbability / Double(max(tokens, 1)) }
}

extension TextGenerator {
  /// Searches for the likeliest texts by beam search: step by step, of all continuations of the texts at hand the likeliest
  /// are kept.
  ///
  /// Texts of a model of documents may end earlier; texts of different lengths are compared by ln p a token. With byte tokens,
  /// only valid UTF-8 is searched, and a text does not end within a character.
  ///
  /// - Parameters:
  ///   - beams: how many texts are kept at each step; 1 is greedy.
  ///   - prime: tokens that each text follows.
  ///   - length: most tokens of a text.
  /// - Returns: as many texts, the likeliest first; fewer where the vocabulary and the length allow no more.
  /// - Throws: `GenerationError`.
  public func likeliest(beams: Int, prime: [Int32] = [], length: Int) throws -> [LikelyText] {
    require(beams > 0 && length >= 0, "TextGenerator: \(beams) beams of \(length) tokens")
    let (begun, ends) = currentDocument(of: prime)
    let model = model.bound()
    let workspace = Workspace<Scalar>(team: team, products: weights.products)
    var growing = [Beam(ends: ends, utf8: UTF8Constraint(after: prime.flatMap { vocabulary[$0] }))]
    var ended: [Beam] = []
    var state: CharacterModel<Scalar>.State?
    var (grid, parents) = (TokenGrid(ids: begun, time: begun.count, batch: 1), [0])
    for _ in 0..<length {
      var context = ForwardContext(workspace: workspace)
      let (logits, next) = model(grid, from: state?.rows(parents), in: &context)
      let rows = logits.value.reshaped([grid.ids.count, vocabulary.count]).rows(
        grid.ids.count - growing.count..<grid.ids.count)
      let extensions = try self.extensions(of: growing, by: rows, keeping: beams)
      let (all, from) = (extensions.map(\.beam), extensions.map(\.parent))
      ended += all.filter(\.isAtEnd)
      (growing, parents) = ([], [])
      for (beam, parent) in zip(all, from) where !beam.isAtEnd {
        growing.append(beam)
        parents.append(parent)
      }
      if growing.isEmpty { break }
      state = next
      grid = TokenGrid(ids: growing.map { $0.tokens.last! }, time: 1, batch: growing.count)
    }
    let texts = (ended + growing).map { text(of: $0) }
    return Array(
      texts.sorted { ($0.meanLogProbability, $1.text) > ($1.meanLogProbability, $0.text) }.prefix(beams))
  }

  /// The likeliest extensions of some texts by a token, the likeliest first.
  private func extensions(
    of beams: [Beam], by logits: Tensor<Scalar>, keeping count: Int
  ) throws -> [(beam: Beam, parent: Int)] {
    let (scores, symbols) = (logits.scalars.map(\.double), vocabulary.count)
    guard scores.allSatisfy(\.isFinite) else { throw GenerationError.notFinite }
    var candidates: [(parent: Int, token: Int32, logProbability: Double)] = []
    for (parent, beam) in beams.enumerated() {
      let row = normalized(Array(scores[parent * symbols..<(parent + 1) * symbols]))
      let allowed = mask?.allowed(after: beam.utf8)
      for token in row.indices where allowed?[token] ?? true {
        candidates.append((parent, Int32(token), beam.logProbability + row[token]))
      }
    }
    candidates.sort { ($0.logProbability, $1.parent, $1.token) > ($1.logProbability, $0.parent, $0.token) }
    return candidates.prefix(count).map { candidate in
      var beam = beams[candidate.parent]
      beam.append(candidate.token, vocabulary, logProbability: candidate.logProbability)
      return (beam, candidate.parent)
    }
  }

  private func text(of beam: Beam) -> LikelyText {
    var tokens = beam.tokens[...]
    if beam.isAtEnd { tokens = tokens.dropLast(documentEnd?.count ?? 0) }
    if vocabulary.kind == .byte && !beam.isAtEnd {
      tokens = tokens.dropLast(incompleteTail(of: tokens.suffix(3).flatMap { vocabulary[$0] }))
    }
    return LikelyText(text: text(Array(tokens)), logProbability: beam.logProbability, tokens: beam.tokens.count)
  }
}

/// A text during beam search.
private struct Beam {
  private(set) var tokens: [Int32] = []
  private(set) var logProbability = 0.0
  private(set) var isAtEnd = false
  /// Finder of the document's end; nil where nothing ends one.
  private var ends: DocumentEndFinder?
  private(set) var utf8: UTF8Constraint

  init(ends: DocumentEndFinder?, utf8: UTF8Constraint) { (self.ends, self.utf8) = (ends, utf8) }

  mutating func append(_ token: Int32, _ vocabulary: Vocabulary, logProbability: Double) {
    tokens.append(token)
    self.logProbability = logProbability
    isAtEnd = ends?.reads(token) ?? false
    if vocabulary.kind == .byte { for byte in vocabulary[token] { utf8.append(byte) } }
  }
}

extension CharacterModel.State {
  /// The state of some sequences of the batch, each as often as it is named.
  fileprivate func rows(_ indices: [Int]) -> Self { Self(layers: layers.map { $0.map { $0.rows(indices) } }) }
}
