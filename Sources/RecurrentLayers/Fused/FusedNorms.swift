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
  var memory: [LayerNorm<Scalar>] = []

  /// Gain and bias of each.
  var parameters: [Parameter<Scalar>] { (input + recurrent + memory).flatMap { [$0.weight, $0.bias] } }
}

/// The layer normalizations of a fused pass, and what they keep of every step: of T·B rows x̂ and a scale.
struct FusedNorms<Scalar: TensorScalar> {
  let layers: CellNorms<Scalar>
  let views: StepNorms<Scalar>
  /// The columns of all, one beside the other.
  let width: Int
  /// The memory of the views.
  private let kept: [Tensor<Scalar>]

  /// Traps unless the layers are as wide as what they normalize.
  ///
  /// - Parameters:
  ///   - rows: T·B.
  ///   - width: G·H.
  ///   - readsVectors: whether x·W_ihᵀ is normalized step by step; what is looked up for tokens has been before.
  ///   - recurrent: where h·W_hhᵀ stands, if it may be normalized in its place.
  init(
    _ layers: CellNorms<Scalar>, rows: Int, width product: Int, hidden: Int, readsVectors: Bool,
    recurrent: MatrixView<Scalar>?, pool: BufferPool
  ) {
    for (layers, width) in [(layers.input, product), (layers.recurrent, product), (layers.memory, hidden)] {
      // Where two stand side by side, the second is that of the candidate.
      for (layer, width) in zip(layers, layers.count == 2 ? [width - hidden, hidden] : [width])
      where layer.weight.shape != [width] {
        shapeFailure("LayerNorm", [width], layer.weight.shape, hint: "it must be as wide as what it normalizes")
      }
    }
    var (kept, width) = ([Tensor<Scalar>](), 0)
    func views(_ layers: [LayerNorm<Scalar>], in place: MatrixView<Scalar>? = nil) -> NormViews<Scalar>? {
      if layers.isEmpty { return nil }
      defer { width += columns(of: layers) }
      return NormViews(layers, at: width, rows: rows, in: place, keeping: &kept, pool: pool)
    }
    self.views = StepNorms(
      input: readsVectors ? views(layers.input) : nil, recurrent: views(layers.recurrent, in: recurrent)!,
      memory: views(layers.memory))
    (self.layers, self.width, self.kept) = (layers, width, kept)
  }

  /// ∂L/∂parameters, from ∂L/∂gain and ∂L/∂bias of each sequence, and of each token where their products were normalized.
  func gradients(
    ofSequences: Tensor<Scalar>, ofTokens: Tensor<Scalar>?, workspace: Workspace<Scalar>
  ) -> [Tensor<Scalar>?] {
    func gradients(_ layers: [LayerNorm<Scalar>], _ each: Tensor<Scalar>) -> [Tensor<Scalar>?] {
      let sums = columnSums(each, workspace: workspace)
      var end = 0
      return layers.flatMap { layer in
        let columns = end..<end + layer.weight.shape[0]
        end = columns.upperBound
        let behind = sums.count / 2 + columns.lowerBound..<sums.count / 2 + columns.upperBound
        return [sums.rows(columns), sums.rows(behind)]
      }
    }
    let rest = layers.recurrent + layers.memory
    guard let ofTokens else { return gradients(layers.input + rest, ofSequences) }
    return gradients(layers.input, ofTokens) + gradients(rest, ofSequences)
  }
}

/// The layer normalizations of some rows: of a step, or of all.
struct StepNorms<Scalar: TensorScalar> {
  /// Nil where the products of tokens were normalized before they were looked up.
  let input: NormViews<Scalar>?
  let recurrent: NormViews<Scalar>
  /// For cells that have a cell state.
  let memory: NormViews<Scalar>?

  func rows(_ range: Range<Int>) -> StepNorms {
    StepNorms(input: input?.rows(range), recurrent: recurrent.rows(range), memory: memory?.rows(range))
  }
}

/// One layer normalization of rows, or two side by side over their columns.
struct NormViews<Scalar: TensorScalar> {
  let first: LayerNormView<Scalar>
  private let second: LayerNormView<Scalar>?
  /// Where its columns begin among those of all normalizations.
  private let start: Int

  /// - Parameters:
  ///   - start: where its columns begin among those of all normalizations.
  ///   - place: where x̂ is kept; nil for memory of its own.
  ///   - kept: receives the memory of the views.
  init(
    _ layers: [LayerNorm<Scalar>], at start: Int, rows: Int, in place: MatrixView<Scalar>? = nil,
    keeping kept: inout [Tensor<Scalar>], pool: BufferPool
  ) {
    func reading(_ parameter: Parameter<Scalar>) -> MatrixView<Scalar> {
      kept.append(parameter.value.reshaped([1, -1]))
      return kept[kept.count - 1].matrix()
    }
    func matrix(_ columns: Int) -> MatrixView<Scalar> {
      var tensor = Tensor<Scalar>(uninitialized: [rows, columns], pool: pool)
      defer { kept.append(tensor) }
      return tensor.mutableMatrix()
    }
    let (normalized, scales) = (place ?? matrix(columns(of: layers)), matrix(layers.count))
    var end = 0
    let views = layers.enumerated().map { index, layer in
      let columns = end..<end + layer.weight.shape[0]
      end = columns.upperBound
      return LayerNormView(
        gain: reading(layer.weight), bias: reading(layer.bias), epsilon: layer.epsilon,
        normalized: normalized.columns(columns), scales: scales.columns(index..<index + 1))
    }
    (first, second, self.start) = (views[0], views.count > 1 ? views[1] : nil, start)
  }

  private init(_ first: LayerNormView<Scalar>, _ second: LayerNormView<Scalar>?, at start: Int) {
    (self.first, self.second, self.start) = (first, second, start)
  }

  func rows(_ range: Range<Int>) -> NormViews { NormViews(first.rows(range), second?.rows(range), at: start) }

  /// Sets y to the normalized rows of x, or adds them.
  func apply(to x: MatrixView<Scalar>, setting y: MatrixView<Scalar>, adding: Bool = false) {
    y.columns(ofFirst).setLayerNorm(x.columns(ofFirst), first, adding: adding)
    if let second { y.columns(behind).setLayerNorm(x.columns(behind), second, adding: adding) }
  }

  /// Sets dx to ∂L/∂x from dy, which may be the same. ∂L/∂gain and ∂L/∂bias are added to the sums of all normalizations, the
  /// gains before the biases.
  func applyGradient(to dy: MatrixView<Scalar>, setting dx: MatrixView<Scalar>, sums: MatrixView<Scalar>) {
    dx.columns(ofFirst).setLayerNormGradient(dy.columns(ofFirst), first, sums: self.sums(ofFirst, of: sums))
    if let second {
      dx.columns(behind).setLayerNormGradient(dy.columns(behind), second, sums: self.sums(behind, of: sums))
    }
  }

  /// Where the sums of the first one stand among those of all normalizations.
  func sumsOfFirst(of all: MatrixView<Scalar>) -> LayerNormSums<Scalar> { sums(ofFirst, of: all) }

  private func sums(_ columns: Range<Int>, of all: MatrixView<Scalar>) -> LayerNormSums<Scalar> {
    let (begin, end) = (start + columns.lowerBound, start + columns.upperBound)
    return LayerNormSums(
      gain: all.columns(begin..<end), bias: all.columns(all.columns / 2 + begin..<all.columns / 2 + end))
  }

  private var ofFirst: Range<Int> { 0..<first.normalized.columns }
  private var behind: Range<Int> {
    ofFirst.upperBound..<ofFirst.upperBound + (second?.normalized.columns ?? 0)
  }
}

/// The products of tokens' vectors with W_ihᵀ, normalized once for all steps.
struct NormalizedTable<Scalar: TensorScalar> {
  /// [tokens, G·H].
  let rows: Tensor<Scalar>
  private let views: NormViews<Scalar>
  private let kept: [Tensor<Scalar>]
  private let workspace: Workspace<Scalar>

  init(_ products: Tensor<Scalar>, _ layers: [LayerNorm<Scalar>], workspace: Workspace<Scalar>) {
    var rows = Tensor<Scalar>(uninitialized: products.shape, pool: workspace.pool)
    var kept = [products]
    let views = NormViews(layers, at: 0, rows: products.shape[0], keeping: &kept, pool: workspace.pool)
    let (source, target) = (products.matrix(), rows.mutableMatrix())
    workspace.team.split(target.rows) { views.rows($0).apply(to: source.rows($0), setting: target.rows($0)) }
    withExtendedLifetime((products, rows, kept)) {}
    (self.rows, self.views, self.kept, self.workspace) = (rows, views, kept, workspace)
  }

  /// From the gradient of the rows to that of the products and, of each token, ∂L/∂gain and ∂L/∂bias.
  func gradients(_ upstream: Tensor<Scalar>) -> (products: Tensor<Scalar>, sums: Tensor<Scalar>) {
    var products = Tensor<Scalar>(uninitialized: upstream.shape, pool: workspace.pool)
    var sums = Tensor<Scalar>(uninitialized: [upstream.shape[0], 2 * upstream.shape[1]], pool: workspace.pool)
    let (dy, dx, sumsView) = (upstream.matrix(), products.mutableMatrix(), sums.mutableMatrix())
    workspace.team.split(dx.rows) {
      sumsView.rows($0).fill(0)
      views.rows($0).applyGradient(to: dy.rows($0), setting: dx.rows($0), sums: sumsView.rows($0))
    }
    withExtendedLifetime((self, upstream, products, sums)) {}
    return (products, sums)
  }
}

/// The columns of all, one beside the other.
private func columns<Scalar>(of layers: [LayerNorm<Scalar>]) -> Int { layers.reduce(0) { $0 + $1.weight.shape[0] } }
