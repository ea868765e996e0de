import Autograd
import NeuralLayers
import TensorCore

/// The length of all gradients together, √Σ g², summed parameter by parameter in the model's order.
public func globalNorm<Model: Module>(of gradients: Gradients<Model.Scalar>, for model: Model) -> Double {
  model.parameters.reduce(0) { $0 + (gradients[$1.parameter]?.sumOfSquares() ?? 0) }.squareRoot()
}

/// What gradients of this norm are multiplied by so that their norm is at most `limit` (Pascanu et al., 2013). As PyTorch does,
/// 1e-6 is added to the norm. A limit of 0 means none.
public func clippingScale(norm: Double, limit: Double) -> Double {
  limit > 0 ? min(1, limit / (norm + 1e-6)) : 1
}
