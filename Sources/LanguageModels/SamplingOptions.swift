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

  /// Chooses an index.
  ///
  /// - Parameters:
  ///   - logits: unnormalized log-probabilities, in nats.
  ///   - allowed: which indices may be chosen; nil for all. One at least must be allowed.
  ///   - uniform: a number in [0, 1), used up whatever is chosen.
  package func choose(from logits: [Double], allowed: [Bool]? = nil, uniform: Double) -> Int {
    let candidates = logits.indices.filter { allowed?[$0] ?? true }
    // The likeliest first; of equals, the one of the lower index.
    func ranked() -> [Int] { candidates.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 } }
    let largest = candidates.reduce(-Double.infinity) { max($0, logits[$1]) }
    guard temperature > 0 else { return candidates.first { logits[$0] == largest } ?? candidates[0] }

    var weights = [Double](repeating: 0, count: logits.count)
    for index in candidates { weights[index] = exp((logits[index] - largest) / temperature) }
    if let topK { for index in ranked().dropFirst(topK) { weights[index] = 0 } }
    if let topP { keep(probability: topP, of: ranked(), in: &weights) }
    if let minP { for index in candidates where weights[index] < minP { weights[index] = 0 } }
    return draw(from: weights, uniform: uniform) ?? candidates[0]
  }

  private func keep(probability: Double, of ranked: [Int], in weights: inout [Double]) {
    let total = weights.reduce(0, +)
    var before = 0.0
    for index in ranked {
      let weight = weights[index]
      if before >= probability * total { weights[index] = 0 }
      before += weight
    }
  }

  /// Nil where nothing has weight: logits that are not finite.
  private func draw(from weights: [Double], uniform: Double) -> Int? {
    let target = uniform * weights.reduce(0, +)
    var sum = 0.0
    for (index, weight) in weights.enumerated() where weight > 0 {
      sum += weight
      if target < sum { return index }
    }
    return weights.lastIndex { $0 > 0 }
  }
}
