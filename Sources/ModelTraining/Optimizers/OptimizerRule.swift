import Foundation
import TensorCore

/// A rule by which an optimizer changes weights. g is the gradient after clipping and decay, t counts updates from 1; moments
/// start at 0. Formulas are PyTorch's; the defaults stand in `OptimizerSettings`.
public enum OptimizerRule: Sendable, Equatable, Codable {
  /// Stochastic gradient descent: w ← w − rate·g.
  ///
  /// With momentum (Polyak, 1964): v ← momentum·v + g, w ← w − rate·v. With Nesterov's look ahead (Sutskever et al., "On the
  /// importance of initialization and momentum in deep learning", 2013): w ← w − rate·(g + momentum·v).
  case sgd(momentum: Double, nesterov: Bool)

  /// Duchi, Hazan and Singer, "Adaptive subgradient methods" (2011): s ← s + g²,
  /// w ← w − rate / (1 + (t − 1)·rateDecay) · g / (√s + ε).
  case adaGrad(rateDecay: Double, epsilon: Double)

  /// Tieleman and Hinton, lecture 6.5 (2012): s ← αs + (1 − α)g², d = g / (√s + ε), w ← w − rate·d, with α the smoothing.
  ///
  /// Centered (Graves, "Generating sequences with recurrent neural networks", 2013): m ← αm + (1 − α)g and
  /// d = g / (√(s − m²) + ε); a variance s − m² that rounding makes negative counts as 0. With momentum: v ← momentum·v + d,
  /// w ← w − rate·v.
  case rmsProp(smoothing: Double, epsilon: Double, momentum: Double, centered: Bool)

  /// Zeiler, "ADADELTA: an adaptive learning rate method" (2012): s ← ρs + (1 − ρ)g², d = √(u + ε) / √(s + ε) · g,
  /// u ← ρu + (1 − ρ)d², w ← w − rate·d, with ρ the smoothing.
  case adaDelta(smoothing: Double, epsilon: Double)

  /// Kingma and Ba, "Adam: a method for stochastic optimization" (ICLR 2015): m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g²,
  /// w ← w − rate · m/(1 − β₁ᵗ) / (√(v/(1 − β₂ᵗ)) + ε). AdamW is this rule with decoupled weight decay.
  case adam(beta1: Double, beta2: Double, epsilon: Double)

  /// Dozat, "Incorporating Nesterov momentum into Adam" (2016): m and v as in Adam, μₜ = β₁(1 − ½·0.96^(t·momentumDecay)),
  /// Πₜ = μ₁·…·μₜ, w ← w − rate · (μₜ₊₁·m/(1 − Πₜ₊₁) + (1 − μₜ)·g/(1 − Πₜ)) / (√(v/(1 − β₂ᵗ)) + ε).
  case nAdam(beta1: Double, beta2: Double, epsilon: Double, momentumDecay: Double)

  /// Chen et al., "Symbolic discovery of optimization algorithms" (NeurIPS 2023), algorithm 2, called Lion:
  /// w ← w − rate · sign(β₁m + (1 − β₁)g), m ← β₂m + (1 − β₂)g. Steps are as long as the rate in every element, so the rate is
  /// 3 to 10 times smaller than Adam's, and decoupled weight decay as much larger.
  case lion(beta1: Double, beta2: Double)

  /// Names of the moments kept for each weight.
  var momentNames: [String] {
    switch self {
    case .sgd(let momentum, _): momentum == 0 ? [] : ["velocity"]
    case .adaGrad: ["square_sum"]
    case .rmsProp(_, _, let momentum, let centered):
      ["square_mean"] + (centered ? ["gradient_mean"] : []) + (momentum == 0 ? [] : ["velocity"])
    case .adaDelta: ["square_mean", "change_square_mean"]
    case .adam, .nAdam: ["first_moment", "second_moment"]
    case .lion: ["momentum"]
    }
  }

  /// Description of the first invalid number; nil if all are valid.
  public var problem: String? {
    func share(_ name: String, _ value: Double) -> String? {
      (0..<1).contains(value) ? nil : "\(name) is \(value); it must be at least 0 and below 1"
    }
    func amount(_ name: String, _ value: Double) -> String? {
      value >= 0 && value.isFinite ? nil : "\(name) is \(value); it must be a number from 0 up"
    }
    func above0(_ name: String, _ value: Double) -> String? {
      value > 0 && value.isFinite ? nil : "\(name) is \(value); it must be a number above 0"
    }
    switch self {
    case .sgd(let momentum, let nesterov):
      return amount("momentum", momentum)
        ?? (nesterov && momentum == 0 ? "nesterov looks ahead along a momentum, and there is none" : nil)
    case .adaGrad(let rateDecay, let epsilon): return amount("rateDecay", rateDecay) ?? above0("epsilon", epsilon)
    case .rmsProp(let smoothing, let epsilon, let momentum, _):
      return share("smoothing", smoothing) ?? above0("epsilon", epsilon) ?? amount("momentum", momentum)
    case .adaDelta(let smoothing, let epsilon): return share("smoothing", smoothing) ?? above0("epsilon", epsilon)
    case .adam(let beta1, let beta2, let epsilon):
      return share("beta1", beta1) ?? share("beta2", beta2) ?? above0("epsilon", epsilon)
    case .nAdam(let beta1, let beta2, let epsilon, let momentumDecay):
      return share("beta1", beta1) ?? share("beta2", beta2) ?? above0("epsilon", epsilon)
        ?? amount("momentumDecay", momentumDecay)
    case .lion(let beta1, let beta2): return share("beta1", beta1) ?? share("beta2", beta2)
    }
  }

  /// The update after `updates` others, at this rate.
  func step(after updates: UpdateCount, rate: Double) -> OptimizerStep {
    let number = updates.count + 1
    switch self {
    case .sgd(let momentum, let nesterov):
      return .sgd(rate: rate, momentum: momentum, nesterov: nesterov)
    case .adaGrad(let rateDecay, let epsilon):
      return .adaGrad(rate: rate / (1 + Double(updates.count) * rateDecay), epsilon: epsilon)
    case .rmsProp(let smoothing, let epsilon, let momentum, let centered):
      return .rmsProp(
        rate: rate, smoothing: smoothing, epsilon: epsilon, momentum: momentum, centered: centered)
    case .adaDelta(let smoothing, let epsilon):
      return .adaDelta(rate: rate, smoothing: smoothing, epsilon: epsilon)
    case .adam(let beta1, let beta2, let epsilon):
      return .adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, step: number)
    case .nAdam(let beta1, let beta2, let epsilon, _):
      let (momentum, next) = (momentum(ofUpdate: number), momentum(ofUpdate: number + 1))
      let product = updates.momentumProduct * momentum
      return .nAdam(
        momentRate: rate * next / (1 - product * next), gradientRate: rate * (1 - momentum) / (1 - product),
        beta1: beta1, beta2: beta2, epsilon: epsilon, step: number)
    case .lion(let beta1, let beta2): return .lion(rate: rate, beta1: beta1, beta2: beta2)
    }
  }

  /// μₜ of NAdam; 0 for the other rules, which keep no product of momenta.
  fileprivate func momentum(ofUpdate number: Int) -> Double {
    guard case .nAdam(let beta1, _, _, let decay) = self else { return 0 }
    return beta1 * (1 - 0.5 * pow(0.96, Double(number) * decay))
  }
}

/// Number of updates made, with the product of their momenta, which NAdam needs.
struct UpdateCount: Sendable {
  private(set) var count = 0
  /// Πₜ, or 0 as soon as 1 − Πₜ is 1.
  private(set) var momentumProduct = 1.0

  mutating func advance(by rule: OptimizerRule) {
    count += 1
    momentumProduct *= rule.momentum(ofUpdate: count)
    if momentumProduct < 0x1p-60 { momentumProduct = 0 }
  }

  /// The count and product after so many updates, with the bits of an uninterrupted run.
  static func after(_ count: Int, of rule: OptimizerRule) -> UpdateCount {
    var updates = UpdateCount()
    while updates.count < count && updates.momentumProduct > 0 { updates.advance(by: rule) }
    updates.count = count
    return updates
  }
}
