import Autograd
import Foundation
import ModelTraining
import NeuralLayers
import TensorCore

/// A model that is one vector, so that every number can be followed by hand.
struct Vector: Module {
  typealias Scalar = Double
  var values: Parameter<Double>
  /// The loss never depends on it.
  var idle = Parameter<Double>(.ones([2]))

  mutating func visitParameters<V: ParameterVisitor<Double>>(_ visitor: inout V) throws(V.Failure) {
    try visitor.visit(&values, "values")
    try visitor.visit(&idle, "idle")
  }

  /// The gradients of Σ slope·value, which are the slopes.
  func gradients(_ slopes: [Double]) -> Gradients<Double> {
    let context = ForwardContext<Double>(tape: Tape())
    return (context.variable(values) * Variable(Tensor(slopes, shape: [slopes.count]))).sum().gradients()
  }
}

/// The optimizers' rules for a single number, as the papers write them.
struct ScalarOptimizer {
  let settings: OptimizerSettings
  /// Moments, under the letters that the documentation of the rules gives them.
  private var m = 0.0, s = 0.0, u = 0.0, v = 0.0
  private var step = 0

  init(_ settings: OptimizerSettings) { self.settings = settings }

  mutating func update(_ w: inout Double, slope: Double, limit: Double = .infinity, rate: Double) {
    step += 1
    let (t, decay) = (Double(step), settings.decay)
    let g = min(limit, max(-limit, slope)) + decay.l2 * w + (w == 0 ? 0 : w < 0 ? -decay.l1 : decay.l1)
    w -= rate * decay.decoupled * w
    switch settings.rule {
    case .sgd(let momentum, let nesterov):
      v = momentum * v + g
      w -= rate * (nesterov ? g + momentum * v : v)
    case .adaGrad(let rateDecay, let epsilon):
      s += g * g
      w -= rate / (1 + (t - 1) * rateDecay) * g / (s.squareRoot() + epsilon)
    case .rmsProp(let alpha, let epsilon, let momentum, let centered):
      s = alpha * s + (1 - alpha) * g * g
      m = centered ? alpha * m + (1 - alpha) * g : 0
      v = momentum * v + g / ((s - m * m).squareRoot() + epsilon)
      w -= rate * v
    case .adaDelta(let rho, let epsilon):
      s = rho * s + (1 - rho) * g * g
      let d = (u + epsilon).squareRoot() / (s + epsilon).squareRoot() * g
      u = rho * u + (1 - rho) * d * d
      w -= rate * d
    case .adam(let beta1, let beta2, let epsilon):
      m = beta1 * m + (1 - beta1) * g
      v = beta2 * v + (1 - beta2) * g * g
      w -= rate * (m / (1 - pow(beta1, t))) / ((v / (1 - pow(beta2, t))).squareRoot() + epsilon)
    case .nAdam(let beta1, let beta2, let epsilon, let momentumDecay):
      m = beta1 * m + (1 - beta1) * g
      v = beta2 * v + (1 - beta2) * g * g
      let mu = (1...step + 1).map { beta1 * (1 - 0.5 * pow(0.96, Double($0) * momentumDecay)) }
      let (now, next) = (mu[..<step].reduce(1, *), mu.reduce(1, *))
      let ahead = mu[step] * m / (1 - next) + (1 - mu[step - 1]) * g / (1 - now)
      w -= rate * ahead / ((v / (1 - pow(beta2, t))).squareRoot() + epsilon)
    case .lion(let beta1, let beta2):
      let direction = beta1 * m + (1 - beta1) * g
      w -= rate * (direction == 0 ? 0 : direction < 0 ? -1 : 1)
      m = beta2 * m + (1 - beta2) * g
    }
  }
}
