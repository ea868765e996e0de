import Autograd
import NeuralLayers
import TensorCore

/// The products of tokens' vectors with W_ihᵀ, normalized once for all steps.
struct NormalizedTable<Scalar: TensorScalar> {
  /// [tokens, G·H].
  let rows: Tensor<Scalar>
  private let views: NormViews<Scalar>
  /// What the views are of.
  private let storage: [Tensor<Scalar>]
  private let workspace: Workspace<Scalar>

  init(_ products: Tensor<Scalar>, _ layers: [LayerNorm<Scalar>], workspace: Workspace<Scalar>) {
    var table = Tensor<Scalar>(uninitialized: products.shape, pool: workspace.pool)
    var tensors = [products]
    let norms = NormViews(layers, at: 0, rows: products.shape[0], storage: &tensors, pool: workspace.pool)
    let (source, target) = (products.matrix(), table.mutableMatrix())
    workspace.team.split(target.rows, keeping: (products, table, tensors)) {
      norms.rows($0).apply(to: source.rows($0), setting: target.rows($0))
    }
    (rows, views, storage, self.workspace) = (table, norms, tensors, workspace)
  }

  /// From the gradient of the rows to that of the products and, of each token, ∂L/∂gain and ∂L/∂bias.
  func gradients(_ upstream: Tensor<Scalar>) -> (products: Tensor<Scalar>, sums: Tensor<Scalar>) {
    var products = Tensor<Scalar>(uninitialized: upstream.shape, pool: workspace.pool)
    var sums = Tensor<Scalar>(uninitialized: [upstream.shape[0], 2 * upstream.shape[1]], pool: workspace.pool)
    let (dy, dx, sumsView) = (upstream.matrix(), products.mutableMatrix(), sums.mutableMatrix())
    workspace.team.split(dx.rows, keeping: (self, upstream, products, sums)) {
      sumsView.rows($0).fill(0)
      views.rows($0).applyGradient(to: dy.rows($0), setting: dx.rows($0), sums: sumsView.rows($0))
    }
    return (products, sums)
  }
}
