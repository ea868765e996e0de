/// The same model by dictionaries of texts: a context is an array of tokens, and every formula stands as in the papers.
struct ObviousModel {
  let order, symbols: Int
  var history: [Int32] = []
  /// Counts of the tokens after each context.
  private var counts: [[Int32]: [Int32: Int]] = [:]

  init(order: Int, symbols: Int) { (self.order, self.symbols) = (order, symbols) }

  /// Counts a token from the longest context to shorter ones, and stops after one in which it was seen before.
  mutating func learn(_ token: Int32) {
    for length in stride(from: min(order, history.count), through: 0, by: -1) {
      let context = Array(history.suffix(length))
      counts[context, default: [:]][token, default: 0] += 1
      if counts[context]![token]! > 1 { break }
    }
    history.append(token)
  }

  func probability(of token: Int32) -> Double { probability(of: token, after: Array(history.suffix(order))) }

  private func probability(of token: Int32, after context: [Int32]) -> Double {
    let shorter =
      context.isEmpty ? 1 / Double(symbols) : probability(of: token, after: Array(context.dropFirst()))
    guard let seen = counts[context] else { return shorter }
    let sameLength = counts.filter { $0.key.count == context.count }.flatMap(\.value.values)
    return smoothed(seen, of: token, discounts: chenGoodman(sameLength), shorter: shorter)
  }
}

/// Interpolated Kneser–Ney from its definition: counts of n-grams in the longest context, and of different tokens before
/// n-grams in shorter ones.
struct KneserNey {
  let order, symbols: Int
  private var counts: [[Int32]: [Int32: Int]] = [:]

  init(_ text: [Int32], order: Int, symbols: Int) {
    (self.order, self.symbols) = (order, symbols)
    for length in 0...order {
      var before: [[Int32]: Set<Int32>] = [:]
      for end in (length + 1)...text.count {
        let gram = Array(text[(end - length - 1)..<end])
        if length == order { counts[gram.dropLast(), default: [:]][gram.last!, default: 0] += 1 }
        before[gram, default: []].insert(end > length + 1 ? text[end - length - 2] : -1)
      }
      if length < order {
        for (gram, tokens) in before { counts[gram.dropLast(), default: [:]][gram.last!] = tokens.count }
      }
    }
  }

  func probability(of token: Int32, after context: [Int32]) -> Double {
    let shorter =
      context.isEmpty ? 1 / Double(symbols) : probability(of: token, after: Array(context.dropFirst()))
    guard let seen = counts[context] else { return shorter }
    let sameLength = counts.filter { $0.key.count == context.count }.flatMap(\.value.values)
    return smoothed(seen, of: token, discounts: chenGoodman(sameLength), shorter: shorter)
  }
}

/// Discounts of counts of 1, 2, and 3 or more: Y = n₁ / (n₁ + 2 n₂), Dᵢ = i − (i + 1) Y nᵢ₊₁ / nᵢ, with one added to each n, and at
/// least 0.1.
private func chenGoodman(_ counts: [Int]) -> [Double] {
  let n = (1...4).map { count in Double(counts.count { $0 == count } + 1) }
  let y = n[0] / (n[0] + 2 * n[1])
  return (1...3).map { i in min(max(Double(i) - Double(i + 1) * y * n[i] / n[i - 1], 0.1), Double(i)) }
}

private func smoothed(_ seen: [Int32: Int], of token: Int32, discounts: [Double], shorter: Double) -> Double {
  let total = Double(seen.values.reduce(0, +))
  func discount(_ count: Int) -> Double { discounts[min(count, 3) - 1] }
  let left = seen.values.map(discount).reduce(0, +)
  let own = seen[token].map { Double($0) - discount($0) } ?? 0
  return own / total + left / total * shorter
}
