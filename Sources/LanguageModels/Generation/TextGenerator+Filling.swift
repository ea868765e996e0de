import Autograd
import Foundation
import RecurrentLayers
import SequenceText
import TensorCore

extension TextGenerator {
  /// Fills the gaps of a text, each so that the model finds what stands before and after it likely.
  ///
  /// A model reads from left to right and cannot know what a gap leads to. Candidates are drawn from the model, each of which ends
  /// where the text after the gap begins by itself, the first to fourth time that it does; then one is resampled by p(text after the
  /// gap) (sampling importance resampling: Rubin 1987, "The calculation of posterior distributions by data augmentation: comment").
  /// A gap is never empty, and has no line end in it unless the vocabulary has nothing else. N-gram models that predictions are
  /// mixed with have no part in it.
  ///
  /// - Parameters:
  ///   - parts: tokens around the gaps: before the first, between, and after the last, where there may be none. One part, or none,
  ///     has no gap.
  ///   - longest: most tokens of a gap; a character of several bytes is finished beyond.
  ///   - candidates: texts to choose from for each gap.
  ///   - options: how candidates are drawn; at temperature 0 the likeliest of them is taken, too.
  /// - Returns: tokens of each gap.
  /// - Throws: `GenerationError`: `gapsIn` for a model of words or subwords, which may span the ends of a gap.
  public func fill(
    gapsOf parts: [[Int32]], longest: Int, candidates: Int = 64, options: SamplingOptions = SamplingOptions(),
    seed: UInt64
  ) throws -> [[Int32]] {
    if vocabulary.kind.isOfPieces { throw GenerationError.gapsIn(vocabulary.kind) }
    require(longest > 0 && candidates > 0, "TextGenerator: gaps of \(longest) tokens from \(candidates) candidates")
    var random = RandomSource(seed: seed)
    var (text, gaps) = (parts.first ?? [], [[Int32]]())
    for (index, next) in parts.enumerated().dropFirst() {
      // The last part ends where a document ends; without a text, a line may end it too.
      let lineEnd = next.isEmpty ? vocabulary.lineEnd.map { [$0] } : nil
      let end = index == parts.count - 1 ? documentEnd ?? lineEnd ?? [] : []
      let gap = try fill(
        after: text, before: next + end, endsText: next.isEmpty, longest: longest, candidates: candidates,
        options: options, random: &random)
      gaps.append(gap)
      text += gap + next
    }
    return gaps
  }

  private func fill(
    after text: [Int32], before next: [Int32], endsText: Bool, longest: Int, candidates count: Int,
    options: SamplingOptions,
    random: inout RandomSource
  ) throws -> [Int32] {
    let session = model.session(texts: count, weights: weights, team: team)
    for token in currentDocument(of: text).tokens { session.push(tokens: [Int32](repeating: token, count: count)) }
    let following = Array(next.prefix(Self.mostTokensToWeigh))
    var gaps = (0..<count).map { _ in
      let occurrencesToSkip = endsText ? 0 : Int(random.uniform() * Double(Self.mostOccurrences))
      return Gap(before: following, occurrencesToSkip: occurrencesToSkip, longest: longest)
    }
    let start = beginning(after: text)
    for index in gaps.indices { gaps[index].utf8 = start }
    var scores = [Double](repeating: 0, count: vocabulary.count)
    var room = SamplingRoom()
    var tokens = [Int32](repeating: 0, count: count)
    while gaps.contains(where: { !$0.isDone }) {
      for index in gaps.indices where !gaps[index].isDone {
        session.copyOutput(of: index, to: &scores)
        guard scores.areFinite else { throw GenerationError.notFinite }
        if let known = gaps[index].nextOfText {
          tokens[index] = known
          gaps[index].weigh(normalized(scores)[Int(known)])
          continue
        }
        let allowed = allowed(in: gaps[index])
        let token = Int32(options.choose(from: scores, in: &room, allowed: allowed, uniform: random.uniform()))
        tokens[index] = token
        gaps[index].append(token, vocabulary)
      }
      session.push(tokens: tokens)
    }
    return choose(gaps, options, random: &random)
  }

  /// Tokens of the text after a gap by which candidates are weighed.
  private static var mostTokensToWeigh: Int { 64 }
  /// Most times that the token after a gap may come, one of which ends it: a gap before a space is of one to four words.
  private static var mostOccurrences: Int { 4 }

  private func allowed(in gap: Gap) -> [Bool] {
    let valid = mask?.allowed(after: gap.utf8) ?? [Bool](repeating: true, count: vocabulary.count)
    // A text that goes on with a line end may end the gap with it.
    let lineEnds = vocabulary.symbolsWithLineEnds
    let banned = lineEnds.filter { gap.tokens.isEmpty || $0 != gap.following.first }
    let first = gap.tokens.isEmpty ? gap.following.prefix(1) : []
    for ban in [banned + first, banned] {
      var allowed = valid
      for token in ban { allowed[Int(token)] = false }
      if allowed.contains(true) { return allowed }
    }
    return valid
  }

  private func choose(_ gaps: [Gap], _ options: SamplingOptions, random: inout RandomSource) -> [Int32] {
    var room = SamplingRoom()
    let drawing = SamplingOptions(temperature: options.temperature > 0 ? 1 : 0)
    return gaps[drawing.choose(from: gaps.map(\.logWeight), in: &room, uniform: random.uniform())].tokens
  }
}

/// A candidate for a gap.
private struct Gap {
  /// Text after the gap.
  let following: [Int32]
  private let longest: Int
  /// Occurrences of the first token after the gap that are still part of it.
  private var occurrencesToSkip: Int
  private(set) var tokens: [Int32] = []
  /// ln of the probability of the text after the gap, as far as it was weighed.
  private(set) var logWeight = 0.0
  var utf8 = UTF8Constraint()
  /// Tokens of the text after it that were read; nil in the gap.
  private var followingRead: Int?

  init(before following: [Int32], occurrencesToSkip: Int, longest: Int) {
    (self.following, self.occurrencesToSkip, self.longest) = (following, occurrencesToSkip, longest)
  }

  /// Whether the gap and the text after it were read.
  var isDone: Bool { followingRead == following.count }

  /// The token that has to come; nil in the gap.
  var nextOfText: Int32? { followingRead.map { following[$0] } }

  /// Takes a token that was drawn: one of the gap, or the first after it.
  mutating func append(_ token: Int32, _ vocabulary: Vocabulary) {
    if token == following.first && !tokens.isEmpty {
      if occurrencesToSkip == 0 {
        followingRead = 1
        return
      }
      occurrencesToSkip -= 1
    }
    tokens.append(token)
    for byte in vocabulary.kind.spellsBytes ? vocabulary[token] : [] { utf8.append(byte) }
    // Bytes that make no character at all never come to a boundary.
    if tokens.count >= longest && (utf8.isAtBoundary || tokens.count >= longest + 3) { followingRead = 0 }
  }

  /// Takes a token of the text after the gap, with ln of its probability.
  mutating func weigh(_ logProbability: Double) {
    logWeight += logProbability
    followingRead! += 1
  }
}

extension Vocabulary {
  /// Symbols that are line ends, or have one in them.
  fileprivate var symbolsWithLineEnds: [Int32] {
    symbols.indices.filter { symbols[$0].contains { $0 == 0x0A || $0 == 0x0D } }.map(Int32.init)
  }
}
