import Autograd
import TensorCore

/// Limit on the gradients of an update.
public enum GradientClipping: Sendable, Equatable, Codable {
  case none
  /// All gradients together are scaled so that their global norm is at most this (Pascanu, Mikolov and Bengio, "On the
  /// difficulty of training recurrent neural networks", 2013).
  case norm(Double)
  /// Each element of a gradient is clamped to ± this.
  case value(Double)

  /// Factor of gradients of this global norm. As in PyTorch, 1e-6 is added to the norm.
  public func scale(norm: Double) -> Double {
    if case .norm(let limit) = self { min(1, limit / (norm + 1e-6)) } else { 1 }
  }

  /// Largest magnitude of an element after clipping.
  public var elementLimit: Double {
    if case .value(let limit) = self { limit } else { .infinity }
  }

  /// Description of an invalid limit; nil if it is valid.
  public var problem: String? {
    switch self {
    case .none: nil
    case .norm(let limit), .value(let limit): limit > 0 ? nil : "the clipping limit is \(limit); it must be above 0"
    }
  }
}

/// Norm of all gradients together, √Σ g², summed parameter by parameter in the order of their slots.
public func globalNorm<Scalar>(of gradients: Gradients<Scalar>, team: ThreadTeam? = nil) -> Double {
  sumsOfSquares(of: gradients.ofParameters, team: team).reduce(0, +).squareRoot()
}
