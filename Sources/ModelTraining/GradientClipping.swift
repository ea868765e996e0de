import Autograd
import TensorCore

/// The length of the gradients of all parameters together, √Σ g², summed parameter by parameter in the order of their slots.
public func globalNorm<Scalar>(of gradients: Gradients<Scalar>, team: ThreadTeam? = nil) -> Double {
  sumsOfSquares(of: gradients.ofParameters, team: team).reduce(0, +).squareRoot()
}

/// What gradients of this norm are multiplied by so that their norm is at most `limit` (Pascanu et al., 2013). As PyTorch does,
/// 1e-6 is added to the norm. A limit of 0 means none.
public func clippingScale(norm: Double, limit: Double) -> Double {
  limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
}
