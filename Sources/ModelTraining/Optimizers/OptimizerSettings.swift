/// An optimizer: its rule, learning rate and weight decay.
///
/// Each rule has a function here with PyTorch's defaults: `.adam()`, `.sgd(momentum: 0.9)`,
/// `.rmsProp(learningRate: 0.001, decay: .l2(1e-4, on: .matrices))`. The rules are described in `OptimizerRule`.
public struct OptimizerSettings: Sendable, Equatable, Codable {
  public var rule: OptimizerRule
  /// The base rate, which a schedule changes.
  public var learningRate: Double
  public var decay: WeightDecay

  public init(_ rule: OptimizerRule, learningRate: Double, decay: WeightDecay = .none) {
    self.rule = rule
    self.learningRate = learningRate
    self.decay = decay
  }

  /// Stochastic gradient descent, plain, with momentum or with Nesterov's.
  public static func sgd(
    learningRate: Double = 0.01, momentum: Double = 0, nesterov: Bool = false, decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(.sgd(momentum: momentum, nesterov: nesterov), learningRate: learningRate, decay: decay)
  }

  public static func adaGrad(
    learningRate: Double = 0.01, rateDecay: Double = 0, epsilon: Double = 1e-10, decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(.adaGrad(rateDecay: rateDecay, epsilon: epsilon), learningRate: learningRate, decay: decay)
  }

  public static func rmsProp(
    learningRate: Double = 0.01, smoothing: Double = 0.99, epsilon: Double = 1e-8, momentum: Double = 0,
    centered: Bool = false, decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(
      .rmsProp(smoothing: smoothing, epsilon: epsilon, momentum: momentum, centered: centered),
      learningRate: learningRate, decay: decay)
  }

  public static func adaDelta(
    learningRate: Double = 1, smoothing: Double = 0.9, epsilon: Double = 1e-6, decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(.adaDelta(smoothing: smoothing, epsilon: epsilon), learningRate: learningRate, decay: decay)
  }

  public static func adam(
    learningRate: Double = 0.001, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(.adam(beta1: beta1, beta2: beta2, epsilon: epsilon), learningRate: learningRate, decay: decay)
  }

  /// Adam with decoupled weight decay (Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019).
  public static func adamW(
    learningRate: Double = 0.001, weightDecay: Double = 0.01, on scope: WeightDecay.Scope = .all, beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8
  ) -> OptimizerSettings {
    .adam(
      learningRate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon,
      decay: .decoupled(weightDecay, on: scope))
  }

  /// Adam with Nesterov's momentum.
  public static func nAdam(
    learningRate: Double = 0.002, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8,
    momentumDecay: Double = 0.004, decay: WeightDecay = .none
  ) -> OptimizerSettings {
    OptimizerSettings(
      .nAdam(beta1: beta1, beta2: beta2, epsilon: epsilon, momentumDecay: momentumDecay), learningRate: learningRate,
      decay: decay)
  }

  /// Lion, with the defaults of its paper for β₁ and β₂ and a tenth of Adam's rate.
  public static func lion(
    learningRate: Double = 1e-4, weightDecay: Double = 0, on scope: WeightDecay.Scope = .all, beta1: Double = 0.9,
    beta2: Double = 0.99
  ) -> OptimizerSettings {
    OptimizerSettings(
      .lion(beta1: beta1, beta2: beta2), learningRate: learningRate, decay: .decoupled(weightDecay, on: scope))
  }

  /// Description of the first invalid number; nil if all are valid.
  public var problem: String? {
    guard learningRate >= 0 && learningRate.isFinite else {
      return "the learning rate is \(learningRate); it must be a number from 0 up"
    }
    return rule.problem ?? decay.problem
  }
}
