import NGramModels
import TensorCore

/// A mixture of a network's predictions with those of n-gram models of orders 0 to 6, which learn as they read.
///
/// With p_i the predictions of the models, the mixture is p(t) ∝ Π p_i(t)^w_i (geometric mixing: Mattern 2012, "Mixing Strategies
/// in Data Compression"). After each token the weights w take a step against the gradient of −log p:
/// w_i ← w_i + η (log p_i(token) − Σ_t p(t) log p_i(t)). There is a set of weights for each length of the longest known context,
/// which tells how much the counts are worth. The same log probabilities of the network give the same bits on every machine.
struct NGramMixture: Sendable {
  private static let order = 6
  /// η.
  private static let rate = 0.004
  /// Weights of the network and of the longest context at first.
  private static let initialWeights = (network: 0.5, longest: 0.5)

  private var counts: NGramModel
  /// Weights by length of the longest known context, then by model: the network, then ever longer contexts.
  private var weights: [[Double]]
  /// Log probabilities of the last prediction: by each model, and their mixture.
  private var (inputs, mixture): ([[Double]], [Double]) = ([], [])

  /// - Parameter training: tokens that the network was trained on.
  init(symbols: Int, training: some Sequence<Int32>) {
    counts = NGramModel(order: Self.order, symbols: symbols)
    for token in training { counts.learn(token) }
    counts.forgetContext()
    weights = (0...Self.order).map { length in
      let (network, longest) = Self.initialWeights
      return [network] + (0...length).map { $0 == length ? longest : 0 }
    }
  }

  /// Forgets what was read last; what was learned stays.
  mutating func forgetContext() { counts.forgetContext() }

  /// Reads a token without learning from it.
  mutating func read(_ token: Int32) { counts.read(token) }

  /// Learns the first token of a text, which nothing predicts.
  mutating func begin(with token: Int32) { counts.learn(token) }

  /// Predicts the next token.
  ///
  /// - Parameter network: log probabilities of all tokens by the network.
  /// - Returns: log probabilities of all tokens.
  mutating func predict(network: [Double]) -> [Double] {
    inputs = [network]
    counts.forEachContext { _, probabilities in inputs.append(probabilities.map(ReproducibleMath.log)) }
    mixture = Self.mixture(of: inputs, by: weights[inputs.count - 2])
    return mixture
  }

  /// Learns the token that was predicted last.
  mutating func learn(_ token: Int32) {
    let length = inputs.count - 2
    let probabilities = mixture.map(ReproducibleMath.exp)
    for (model, input) in inputs.enumerated() {
      let expected = zip(probabilities, input).reduce(0) { $0 + $1.0 * $1.1 }
      weights[length][model] += Self.rate * (input[Int(token)] - expected)
    }
    counts.learn(token)
  }

  /// Log probabilities Σ w_i log p_i, normalized.
  private static func mixture(of inputs: [[Double]], by weights: [Double]) -> [Double] {
    var mixture = [Double](repeating: 0, count: inputs[0].count)
    for (weight, input) in zip(weights, inputs) {
      for token in mixture.indices { mixture[token] += weight * input[token] }
    }
    return normalized(mixture)
  }
}

/// Log probabilities in proportion to the exponentials of `scores`.
func normalized(_ scores: [Double]) -> [Double] {
  let largest = scores.max() ?? 0
  let logSum = largest + ReproducibleMath.log(scores.reduce(0) { $0 + ReproducibleMath.exp($1 - largest) })
  return scores.map { $0 - logSum }
}
