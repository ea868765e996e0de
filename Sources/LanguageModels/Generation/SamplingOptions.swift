import Foundation

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

  /// Chooses an index, without allocating memory unless `topK` or `topP` asks for an order.
  ///
  /// - Parameters:
  ///   - scores: unnormalized log-probabilities, in nats; what is left of them is of no use.
  ///   - allowed: which indices may be chosen; nil for all. One at least must be allowed.
  ///   - uniform: a number in [0, 1), used up whatever is chosen.
  package func choose(from scores: inout [Double], allowed: [Bool]? = nil, uniform: Double) -> Int {
    if let allowed { for index in scores.indices where !allowed[index] { scores[index] = -.infinity } }
    let fallback = allowed?.firstIndex(of: true) ?? 0
    let largest = scores.reduce(-Double.infinity) { max($0, $1) }
    guard temperature > 0 else { return scores.firstIndex(of: largest).flatMap { isAllowed($0, allowed) } ?? fallback }
    // The likeliest first; of equals, the one of the lower index.
    let ranked = topK == nil && topP == nil ? [] : scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }

    for index in scores.indices {
      let weight = exp((scores[index] - largest) / temperature)
      scores[index] = weight > 0 ? weight : 0  // not a number is none
    }
    if let topK { for index in ranked.dropFirst(topK) { scores[index] = 0 } }
    if let topP { keep(probability: topP, of: ranked, in: &scores) }
    if let minP { for index in scores.indices where scores[index] < minP { scores[index] = 0 } }
    return draw(from: scores, uniform: uniform) ?? fallback
  }

  private func isAllowed(_ index: Int, _ allowed: [Bool]?) -> Int? { allowed?[index] ?? true ? index : nil }

  private func keep(probability: Double, of ranked: [Int], in weights: inout [Double]) {
    let total = weights.reduce(0, +)
    var before = 0.0
    for index in ranked {
      let weight = weights[index]
      if before >= probability * total { weights[index] = 0 }
      before += weight
    }
  }

  /// Nil where nothing has weight: scores that are not finite.
  private func draw(from weights: [Double], uniform: Double) -> Int? {
    let target = uniform * weights.reduce(0, +)
    var sum = 0.0
    for index in weights.indices where weights[index] > 0 {
      sum += weights[index]
      if target < sum { return index }
    }
    return weights.lastIndex { $0 > 0 }
  }
}
