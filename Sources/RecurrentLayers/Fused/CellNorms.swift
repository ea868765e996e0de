import Autograd
import NeuralLayers
import TensorCore

/// The layer normalizations of a cell. Those of one product stand side by side over its columns: one, or two.
struct CellNorms<Scalar: TensorScalar> {
  /// Of x·W_ihᵀ.
  let input: [LayerNorm<Scalar>]
  /// Of h·W_hhᵀ.
  let recurrent: [LayerNorm<Scalar>]
  /// Of c, for cells that have one.
  var cell: [LayerNorm<Scalar>] = []

  /// Gain and bias of each.
  var parameters: [Parameter<Scalar>] { (input + recurrent + cell).flatMap { [$0.weight, $0.bias] } }

  /// Traps unless they are as wide as what they normalize.
  ///
  /// - Parameter product: G·H.
  func validate(product: Int, hidden: Int) {
    for (layers, total) in [(input, product), (recurrent, product), (cell, hidden)] {
      // Where two stand side by side, the second is that of the candidate.
      for (layer, width) in zip(layers, layers.count == 2 ? [total - hidden, hidden] : [total])
      where layer.weight.shape != [width] {
        shapeFailure("LayerNorm", [width], layer.weight.shape, hint: "it must be as wide as what it normalizes")
      }
    }
  }

  /// The columns of each of some layers that stand side by side.
  static func columns(of layers: [LayerNorm<Scalar>]) -> [Range<Int>] {
    var end = 0
    return layers.map { layer in
      defer { end += layer.weight.shape[0] }
      return end..<end + layer.weight.shape[0]
    }
  }
}

/// The layer normalizations of a fused pass, and what they keep of every step: of T·B rows x̂ and a scale.
struct FusedNorms<Scalar: TensorScalar> {
  let layers: CellNorms<Scalar>
  let steps: NormsOfSteps<Scalar>
  /// The columns of all that are normalized step by step, one beside the other.
  let width: Int
  /// What the views are of.
  private let storage: [Tensor<Scalar>]

  /// - Parameters:
  ///   - rows: T·B.
  ///   - readsVectors: whether x·W_ihᵀ is normalized step by step; what is looked up for tokens has been before.
  ///   - recurrent: where h·W_hhᵀ stands, if it may be normalized in its place.
  init(
    _ layers: CellNorms<Scalar>, rows: Int, readsVectors: Bool, recurrent: MutableMatrixView<Scalar>?, pool: BufferPool
  ) {
    var (tensors, end) = ([Tensor<Scalar>](), 0)
    func views(_ layers: [LayerNorm<Scalar>], in place: MutableMatrixView<Scalar>? = nil) -> NormViews<Scalar>? {
      if layers.isEmpty { return nil }
      let views = NormViews(layers, at: end, rows: rows, in: place, storage: &tensors, pool: pool)
      end = views.columns.upperBound
      return views
    }
    steps = NormsOfSteps(
      input: readsVectors ? views(layers.input) : nil, recurrent: views(layers.recurrent, in: recurrent)!,
      cell: views(layers.cell))
    (self.layers, width, storage) = (layers, end, tensors)
  }

  /// ∂L/∂parameters, from ∂L/∂gain and ∂L/∂bias of each sequence, and of each token where their products were normalized.
  func gradients(
    ofSequences: Tensor<Scalar>, ofTokens: Tensor<Scalar>?, workspace: Workspace<Scalar>
  ) -> [Tensor<Scalar>?] {
    func gradients(_ layers: [LayerNorm<Scalar>], _ each: Tensor<Scalar>) -> [Tensor<Scalar>?] {
      let sums = columnSums(each, workspace: workspace)
      let (gains, biases) = (sums.rows(0..<sums.count / 2), sums.rows(sums.count / 2..<sums.count))
      return CellNorms.columns(of: layers).flatMap { [gains.rows($0), biases.rows($0)] }
    }
    let rest = layers.recurrent + layers.cell
    guard let ofTokens else { return gradients(layers.input + rest, ofSequences) }
    return gradients(layers.input, ofTokens) + gradients(rest, ofSequences)
  }
}
