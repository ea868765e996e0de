import TensorCore

/// A model of text that predicts a token from the few before it, by counting: interpolated Kneser–Ney smoothing with modified
/// discounts (Chen & Goodman 1998).
///
/// In a context h that n tokens followed, with c(h, t) the count of t and h′ the context without its first token,
///
///     p(t | h) = (c(h, t) − D(c(h, t))) / n + λ(h) · p(t | h′),   λ(h) = Σ D(c(h, ·)) / n,
///
/// and below the empty context every token has the same probability. The discounts D are estimated from the counts at each
/// length of context.
///
/// It reads text in one of two ways. What it `learn`s it counts and predicts from. What it only `read`s moves the context on.
/// One that first predicts a token and then learns it adapts to the text. That is prediction by partial matching (Cleary &
/// Witten 1984) with update exclusion, whose escape probability is λ.
public struct NGramModel: Sendable {
  /// Most tokens before a token that it is predicted from.
  public var order: Int { tree.order }
  /// Number of different tokens.
  public let symbols: Int
  private var tree: ContextTree
  private var discounts: [Discounts]

  /// - Parameters:
  ///   - order: most tokens before a token that it is predicted from; 4 makes a 5-gram model.
  ///   - symbols: number of different tokens, at least 1; tokens are below it.
  ///   - capacity: most contexts that are kept, of about 55 bytes each. When it has so many, it learns no more.
  public init(order: Int, symbols: Int, capacity: Int = 1 << 23) {
    require(order >= 0 && symbols >= 1, "NGramModel: order \(order), \(symbols) symbols")
    self.symbols = symbols
    tree = ContextTree(order: order, capacity: capacity)
    discounts = tree.countsOfCounts.map(Discounts.init)
  }

  /// Begins a new text: nothing comes before its first token.
  public mutating func forgetContext() { tree.forgetContext() }

  /// Goes past a token without learning from it.
  public mutating func read(_ token: Int32) {
    requireToken(token)
    tree.read(token)
  }

  /// Goes past a token and learns that it followed its context.
  public mutating func learn(_ token: Int32) {
    requireToken(token)
    let length = Int(tree.nodes[Int(tree.context)].length)
    tree.learn(token)
    for length in 0...length { discounts[length] = Discounts(countsOfCounts: tree.countsOfCounts[length]) }
  }

  /// Probability of a token in the present context; never 0.
  public func probability(of token: Int32) -> Double {
    requireToken(token)
    var (probability, weight) = (0.0, 1.0)
    var (context, seen) = (tree.context, ContextTree.none)
    while context != ContextTree.none {
      let node = tree.nodes[Int(context)]
      if node.total > 0 {
        // Seen after a context, a token was seen after all shorter ones.
        seen = seen == ContextTree.none ? tree.child(of: context, token: token) : tree.nodes[Int(seen)].shorter
        let discounts = discounts[Int(node.length)]
        if seen != ContextTree.none {
          let count = tree.nodes[Int(seen)].count
          probability += weight * (Double(count) - discounts.discount(of: count)) / Double(node.total)
        }
        weight *= discounts.sum(over: node) / Double(node.total)
      }
      context = node.shorter
    }
    return probability + weight / Double(symbols)
  }

  /// Probabilities of all tokens in the present context: `symbols` numbers whose sum is 1.
  public func probabilities() -> [Double] {
    var longest: [Double] = []
    forEachContext { _, probabilities in longest = probabilities }
    return longest
  }

  /// Calls `body` with the probabilities of all tokens after ever longer contexts: the empty one, the last token, the last two,
  /// and so on as far as they are known.
  package func forEachContext(_ body: (_ length: Int, _ probabilities: [Double]) -> Void) {
    var probabilities = [Double](repeating: 1 / Double(symbols), count: symbols)
    var contexts: [Int32] = []
    var context = tree.context
    while context != ContextTree.none {
      if tree.nodes[Int(context)].total > 0 { contexts.append(context) }
      context = tree.nodes[Int(context)].shorter
    }
    for context in contexts.reversed() {
      let node = tree.nodes[Int(context)]
      let (discounts, total) = (discounts[Int(node.length)], Double(node.total))
      let weight = discounts.sum(over: node) / total
      for token in probabilities.indices { probabilities[token] *= weight }
      var child = node.firstChild
      while child != ContextTree.none {
        let found = tree.nodes[Int(child)]
        probabilities[Int(found.token)] += (Double(found.count) - discounts.discount(of: found.count)) / total
        child = found.sibling
      }
      body(Int(node.length), probabilities)
    }
    if contexts.isEmpty { body(0, probabilities) }
  }

  private func requireToken(_ token: Int32) {
    require(0..<symbols ~= Int(token), "NGramModel: token \(token) of \(symbols)")
  }
}

extension Discounts {
  /// Sum of the discounts of all tokens that followed a context.
  fileprivate func sum(over node: ContextTree.Node) -> Double {
    once * Double(node.once) + twice * Double(node.twice) + oftener * Double(node.oftener)
  }
}
