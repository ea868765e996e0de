import Autograd
import NeuralLayers
import TensorCore

/// The layer normalizations of all steps.
///
/// A class, so that what a step reads and writes stays small for the many cells that do not normalize.
final class NormsOfSteps<Scalar: TensorScalar> {
  /// Nil where the products of tokens were normalized before they were looked up.
  let input: NormViews<Scalar>?
  let recurrent: NormViews<Scalar>
  /// For cells that have a cell state.
  let cell: NormViews<Scalar>?

  init(input: NormViews<Scalar>?, recurrent: NormViews<Scalar>, cell: NormViews<Scalar>?) {
    (self.input, self.recurrent, self.cell) = (input, recurrent, cell)
  }
}

/// The layer normalizations of some rows, of a step.
struct StepNorms<Scalar: TensorScalar> {
  let all: NormsOfSteps<Scalar>
  let rows: Range<Int>

  var input: NormViews<Scalar>? { all.input?.rows(rows) }
  var recurrent: NormViews<Scalar> { all.recurrent.rows(rows) }
  var cell: NormViews<Scalar>? { all.cell?.rows(rows) }
}

/// One layer normalization of rows, or two side by side over their columns.
struct NormViews<Scalar: TensorScalar> {
  let first: LayerNormView<Scalar>
  private let second: LayerNormView<Scalar>?
  /// Where its columns begin among those of all normalizations.
  private let start: Int

  /// - Parameters:
  ///   - start: where its columns begin among those of all normalizations.
  ///   - place: where x̂ is kept; nil for a tensor of its own.
  ///   - storage: receives what the views are of.
  init(
    _ layers: [LayerNorm<Scalar>], at start: Int, rows: Int, in place: MutableMatrixView<Scalar>? = nil,
    storage: inout [Tensor<Scalar>], pool: BufferPool
  ) {
    func reading(_ parameter: Parameter<Scalar>) -> MatrixView<Scalar> {
      let tensor = parameter.value.reshaped([1, -1])
      storage.append(tensor)
      return tensor.matrix()
    }
    func matrix(_ width: Int) -> MutableMatrixView<Scalar> {
      var tensor = Tensor<Scalar>(uninitialized: [rows, width], pool: pool)
      defer { storage.append(tensor) }
      return tensor.mutableMatrix()
    }
    let columns = CellNorms.columns(of: layers)
    let (normalized, scales) = (place ?? matrix(columns.last!.upperBound), matrix(layers.count))
    let views = zip(layers, columns).enumerated().map { index, layer in
      LayerNormView(
        gain: reading(layer.0.weight), bias: reading(layer.0.bias), epsilon: layer.0.epsilon,
        normalized: normalized.columns(layer.1), scales: scales.columns(index..<index + 1))
    }
    self.init(views[0], views.count > 1 ? views[1] : nil, at: start)
  }

  private init(_ first: LayerNormView<Scalar>, _ second: LayerNormView<Scalar>?, at start: Int) {
    (self.first, self.second, self.start) = (first, second, start)
  }

  func rows(_ range: Range<Int>) -> NormViews { NormViews(first.rows(range), second?.rows(range), at: start) }

  /// Its columns among those of all normalizations.
  var columns: Range<Int> { start..<start + ofSecond.upperBound }

  /// Sets y to the normalized rows of x, or adds them.
  func apply(to x: MatrixView<Scalar>, setting y: MutableMatrixView<Scalar>, adding: Bool = false) {
    y.columns(ofFirst).setLayerNorm(x.columns(ofFirst), first, adding: adding)
    if let second { y.columns(ofSecond).setLayerNorm(x.columns(ofSecond), second, adding: adding) }
  }

  /// Sets dx to ∂L/∂x from dy, which may be the same. ∂L/∂gain and ∂L/∂bias are added to the sums of all normalizations, the
  /// gains before the biases.
  func applyGradient(
    to dy: MatrixView<Scalar>, setting dx: MutableMatrixView<Scalar>, sums: MutableMatrixView<Scalar>
  ) {
    dx.columns(ofFirst).setLayerNormGradient(dy.columns(ofFirst), first, sums: self.sums(ofFirst, of: sums))
    if let second {
      dx.columns(ofSecond).setLayerNormGradient(dy.columns(ofSecond), second, sums: self.sums(ofSecond, of: sums))
    }
  }

  /// Where the sums of the first one stand among those of all normalizations.
  func sumsOfFirst(of all: MutableMatrixView<Scalar>) -> LayerNormSums<Scalar> { sums(ofFirst, of: all) }

  private func sums(_ own: Range<Int>, of all: MutableMatrixView<Scalar>) -> LayerNormSums<Scalar> {
    let (begin, end) = (start + own.lowerBound, start + own.upperBound)
    return LayerNormSums(
      gain: all.columns(begin..<end), bias: all.columns(all.columns / 2 + begin..<all.columns / 2 + end))
  }

  private var ofFirst: Range<Int> { 0..<first.normalized.columns }
  private var ofSecond: Range<Int> { ofFirst.upperBound..<ofFirst.upperBound + (second?.normalized.columns ?? 0) }
}
