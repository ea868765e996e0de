import TensorCore

/// How the next token is drawn from the model's distribution.
public struct SamplingOptions: Sendable, Equatable {
  /// Logits are divided by it: below 1 the likely becomes likelier. 0 means always the likeliest.
  public var temperature: Double
  /// Only the k likeliest tokens are drawn from; nil for all.
  public var topK: Int?
  /// Only the likeliest tokens that together have this probability are drawn from (Holtzman et al., 2020); nil for all.
  public var topP: Double?
  /// Only tokens at least this fraction as likely as the likeliest are drawn from; nil for all.
  public var minP: Double?

  public init(temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
  }

  /// Chooses an index by logits of one's own, with the same numbers as the sampler for a model.
  ///
  /// - Parameters:
  ///   - logits: unnormalized log-probabilities, one at least. Where one that is allowed is not a number, the first that is
  ///     allowed is chosen; else where one is +∞, the first of these.
  ///   - allowed: which indices may be chosen, one at least; nil for all.
  ///   - random: gives one number, whatever is chosen.
  /// - Precondition: the temperature is a number from 0 up, k at least 1, and the probabilities are above 0, at most 1.
  public func choose<Scalar: TensorScalar>(
    from logits: some Collection<Scalar>, allowed: [Bool]? = nil, using random: inout RandomSource
  ) -> Int {
    require(!logits.isEmpty, "choose: there are no logits")
    require(
      allowed.map { $0.count == logits.count && $0.contains(true) } ?? true,
      "choose: one of \(logits.count) logits at least must be allowed")
    require(
      temperature >= 0 && temperature.isFinite && topK ?? 1 > 0
        && [topP, minP].allSatisfy { $0.map { $0 > 0 && $0 <= 1 } ?? true },
      "choose: \(self) are no options to sample by")
    let (scores, uniform) = (logits.map(\.double), random.uniform())
    let candidates = scores.indices.filter { allowed?[$0] ?? true }
    if let certain = candidates.first(where: { scores[$0] == .infinity }),
      !candidates.contains(where: { scores[$0].isNaN })
    {
      return certain
    }
    var room = SamplingRoom()
    return choose(from: scores, in: &room, allowed: allowed, uniform: uniform)
  }

  /// Chooses an index, without allocating memory unless `topK` or `topP` asks for an order.
  ///
  /// - Parameters:
  ///   - scores: unnormalized log-probabilities, in nats. Where one that is allowed is not a number, the first that is allowed is
  ///     chosen.
  ///   - room: memory that is kept from call to call.
  ///   - allowed: which indices may be chosen; nil for all. One at least must be allowed.
  ///   - uniform: a number in [0, 1), used up whatever is chosen.
  package func choose(
    from scores: [Double], in room: inout SamplingRoom, allowed: [Bool]? = nil, uniform: Double
  ) -> Int {
    if allowed == nil && temperature > 0 && topK == nil && topP == nil && minP == nil {
      let index = scores.quickIndex(
        at: uniform, largest: scores.largest, temperature: temperature, room: &room.quickWeights)
      if let index { return index }
    }
    room.weights.replaceSubrange(0..., with: scores)
    return choose(allowed, uniform, from: &room.weights)
  }

  private func choose(_ allowed: [Bool]?, _ uniform: Double, from scores: inout [Double]) -> Int {
    if let allowed { for index in scores.indices where !allowed[index] { scores[index] = -.infinity } }
    let fallback = allowed?.firstIndex(of: true) ?? 0
    let largest = scores.largest
    guard temperature > 0 else { return scores.firstIndex(of: largest).flatMap { isAllowed($0, allowed) } ?? fallback }
    let likeliest = topK.map { Self.likeliest($0, of: scores) }
    scores.becomeWeights(largest: largest, temperature: temperature)
    if let likeliest { keep(likeliest, in: &scores) }
    if let topP { keep(probability: topP, in: &scores) }
    if let minP { for index in scores.indices where scores[index] < minP { scores[index] = 0 } }
    return scores.index(at: uniform) ?? fallback
  }

  private func isAllowed(_ index: Int, _ allowed: [Bool]?) -> Int? { allowed?[index] ?? true ? index : nil }

  private func keep(_ indices: [Int], in weights: inout [Double]) {
    let kept = indices.map { weights[$0] }
    for index in weights.indices { weights[index] = 0 }
    for (index, weight) in zip(indices, kept) { weights[index] = weight }
  }

  private func keep(probability: Double, in weights: inout [Double]) {
    let total = weights.reduce(0, +)
    // All that are lighter have less than the rest of the probability together, half of it to be safe from rounding.
    let least = (1 - probability) * total / Double(2 * weights.count)
    let candidates = weights.reduce(0) { $0 + ($1 >= least ? 1 : 0) }
    var (before, kept) = (0.0, [Int]())
    for index in Self.likeliest(candidates, of: weights) {
      if before >= probability * total { break }
      before += weights[index]
      kept.append(index)
    }
    keep(kept, in: &weights)
  }

  /// Indices of the largest scores, the largest first; of equals, the one of the lower index.
  ///
  /// - Complexity: O(n + k log k) for k of n scores in no order.
  package static func likeliest(_ count: Int, of scores: [Double]) -> [Int] {
    func comesFirst(_ a: Int, _ b: Int) -> Bool { scores[a] != scores[b] ? scores[a] > scores[b] : a < b }
    guard count > 0 else { return [] }
    var (kept, cutoff) = ([Int](), -Double.infinity)
    for index in scores.indices where kept.count < count || scores[index] > cutoff {
      kept.append(index)
      if kept.count / 2 == count {
        kept.sort(by: comesFirst)
        kept.removeLast(kept.count - count)
        cutoff = scores[kept[count - 1]]
      }
    }
    kept.sort(by: comesFirst)
    return Array(kept.prefix(count))
  }
}

/// Memory for drawing from the scores of a vocabulary, kept from token to token.
package struct SamplingRoom {
  fileprivate var weights: [Double] = []
  fileprivate var quickWeights: [Float] = []

  package init() {}
}
