import Autograd
import TensorCore

/// How gradients that are too long are shortened before an update.
public enum GradientClipping: Sendable, Equatable, Codable {
  case none
  /// All gradients together are scaled so that their global norm is at most this (Pascanu, Mikolov and Bengio, "On the
  /// difficulty of training recurrent neural networks", 2013).
  case norm(Double)
  /// Each element of a gradient is brought to within ± this.
  case value(Double)

  /// What gradients of this global norm are multiplied by. As PyTorch does, 1e-6 is added to the norm.
  public func scale(norm: Double) -> Double {
    if case .norm(let limit) = self { min(1, limit / (norm + 1e-6)) } else { 1 }
  }

  /// What no element is larger than, whatever the gradients are.
  public var elementLimit: Double {
    if case .value(let limit) = self { limit } else { .infinity }
  }

  /// What is wrong with the limit; nil if it is one.
  public var problem: String? {
    switch self {
    case .none: nil
    case .norm(let limit), .value(let limit): limit > 0 ? nil : "the clipping limit is \(limit); it must be above 0"
    }
  }
}

/// The length of the gradients of all parameters together, √Σ g², summed parameter by parameter in the order of their slots.
public func globalNorm<Scalar>(of gradients: Gradients<Scalar>, team: ThreadTeam? = nil) -> Double {
  sumsOfSquares(of: gradients.ofParameters, team: team).reduce(0, +).squareRoot()
}
