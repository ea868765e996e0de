import Autograd
import Foundation
import RecurrentLayers
import SequenceText
import TensorCore

/// A text that beam search found, with how likely it is.
public struct LikelyText: Sendable, Equatable {
  /// Tokens after the prime, without the end of a document.
  public let tokens: [Int32]
  /// ln of the probability of these tokens, and of the end of the document where the text came to it.
  public let logProbability: Double
  /// Number of tokens that have that probability together.
  public let predictedTokens: Int

  /// Mean of ln p over the tokens, by which texts of different lengths are compared.
  var meanLogProbability: Double { logProbability / Double(max(predictedTokens, 1)) }
}

extension TextGenerator {
  /// Searches for the likeliest texts by beam search: step by step, of all continuations of the texts at hand the likeliest
  /// are kept.
  ///
  /// Texts of a model of documents may end earlier; texts of different lengths are compared by ln p a token. With tokens that spell bytes,
  /// only valid UTF-8 is searched, and a text that would end within a character goes on to its end. N-gram models that predictions
  /// are mixed with, and options of sampling, have no part in it.
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
    let workspace = Workspace<Scalar>(team: team, products: weights.products)
    var growing = [Beam(ends: ends, utf8: beginning(after: prime))]
    var ended = length == 0 ? growing : []
    if length == 0 { growing = [] }
    var state: CharacterModel<Scalar>.State?
    var (grid, parents) = (TokenGrid(ids: begun, time: begun.count, batch: 1), [0])
    while !growing.isEmpty {
      var context = ForwardContext(workspace: workspace)
      let (logits, next) = model(grid, from: state?.rows(parents), in: &context)
      let rows = logits.value.reshaped([grid.ids.count, vocabulary.count]).rows(
        grid.ids.count - growing.count..<grid.ids.count)
      let extensions = try self.extensions(of: growing, by: rows, keeping: beams)
      ended += extensions.map(\.beam).filter { $0.isDone(at: length) }
      let open = extensions.filter { !$0.beam.isDone(at: length) }
      (growing, parents) = (open.map(\.beam), open.map(\.parent))
      state = next
      grid = TokenGrid(ids: growing.map { $0.tokens.last! }, time: 1, batch: growing.count)
    }
    // Among equals, the first one found comes first.
    let order = ended.map(text).enumerated().sorted {
      ($0.element.meanLogProbability, $1.offset) > ($1.element.meanLogProbability, $0.offset)
    }
    return order.prefix(beams).map(\.element)
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
    LikelyText(
      tokens: beam.tokens.dropLast(beam.isAtEnd ? documentEnd?.count ?? 0 : 0),
      logProbability: beam.logProbability, predictedTokens: beam.tokens.count)
  }

  /// Place at which a text after a prime begins.
  func beginning(after prime: [Int32]) -> UTF8Constraint {
    mask?.constraint(after: prime.flatMap { vocabulary[$0] }) ?? UTF8Constraint()
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

  /// Whether it ends, or is long enough and ends with a whole character.
  func isDone(at length: Int) -> Bool { isAtEnd || tokens.count >= length && utf8.isAtBoundary }

  mutating func append(_ token: Int32, _ vocabulary: Vocabulary, logProbability: Double) {
    tokens.append(token)
    self.logProbability = logProbability
    isAtEnd = ends?.reads(token) ?? false
    if vocabulary.kind.spellsBytes { for byte in vocabulary[token] { utf8.append(byte) } }
  }
}

extension CharacterModel.State {
  /// The state of some sequences of the batch, each as often as it is named.
  fileprivate func rows(_ indices: [Int]) -> Self { Self(layers: layers.map { $0.map { $0.rows(indices) } }) }
}
