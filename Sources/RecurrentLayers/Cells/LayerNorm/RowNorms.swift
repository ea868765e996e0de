import Autograd
import NeuralLayers
import TensorCore

/// A layer normalization of rows whose gain and bias stand among a cell's own parameters.
struct RowNorm: Sendable {
  /// Columns of gain and bias among the own parameters.
  let gain, bias: Range<Int>
  let epsilon: Double

  /// Normalizations whose gains and biases follow each other: gain and bias of the first, of the second, and so on.
  ///
  /// Traps unless each is as wide as the rows that it normalizes.
  static func all<Scalar>(of layers: [LayerNorm<Scalar>], widths: [Int]) -> [RowNorm] {
    var end = 0
    return zip(layers, widths).map { layer, width in
      for parameter in [layer.weight, layer.bias] where parameter.shape != [width] {
        shapeFailure(
          "LayerNorm", [width], parameter.shape, hint: "it must be as wide as the rows that it normalizes")
      }
      defer { end += 2 * width }
      return RowNorm(gain: end..<end + width, bias: end + width..<end + 2 * width, epsilon: layer.epsilon)
    }
  }

  /// - Parameters:
  ///   - normalized: x̂, [rows, width].
  ///   - scales: [rows, 1].
  ///   - parameters: the cell's own, [1, P].
  func view<Scalar>(
    normalized: MutableMatrixView<Scalar>, scales: MutableMatrixView<Scalar>, parameters: MatrixView<Scalar>
  ) -> LayerNormView<Scalar> {
    LayerNormView(
      gain: parameters.columns(gain), bias: parameters.columns(bias), epsilon: epsilon, normalized: normalized,
      scales: scales)
  }

  /// Gradients of gain and bias among those of the cell's own parameters, [rows, P].
  func sums<Scalar>(_ all: MutableMatrixView<Scalar>) -> LayerNormSums<Scalar> {
    LayerNormSums(gain: all.columns(gain), bias: all.columns(bias))
  }
}

/// Layer normalizations that stand side by side over the columns of the same rows.
struct RowNorms<Scalar: TensorScalar>: InputTransform {
  private let norms: [(norm: RowNorm, columns: Range<Int>)]

  /// - Parameter norms: in the order of the columns that they normalize.
  init(_ norms: [RowNorm]) {
    var end = 0
    self.norms = norms.map { norm in
      defer { end += norm.gain.count }
      return (norm, end..<end + norm.gain.count)
    }
  }

  /// Widths of x̂ and of the scales, one a normalization.
  var saved: [Int] { [norms.last!.columns.upperBound, norms.count] }

  /// Sets y to the normalized rows of x, or adds them. x and y may be the same matrix, and so may x and `normalized`.
  func apply(
    to x: MatrixView<Scalar>, setting y: MutableMatrixView<Scalar>, adding: Bool = false,
    normalized: MutableMatrixView<Scalar>, scales: MutableMatrixView<Scalar>, parameters: MatrixView<Scalar>
  ) {
    for (index, (norm, columns)) in norms.enumerated() {
      let view = norm.view(
        normalized: normalized.columns(columns), scales: scales.columns(index..<index + 1), parameters: parameters)
      y.columns(columns).setLayerNorm(x.columns(columns), view, adding: adding)
    }
  }

  /// Sets dx to the gradient of x from that of y, dy, which may be the same matrix. Each row adds its gradient of gains
  /// and biases to its own row of `sums`, [rows, P].
  func applyGradient(
    to dy: MatrixView<Scalar>, setting dx: MutableMatrixView<Scalar>, normalized: MutableMatrixView<Scalar>,
    scales: MutableMatrixView<Scalar>, parameters: MatrixView<Scalar>, sums: MutableMatrixView<Scalar>
  ) {
    for (index, (norm, columns)) in norms.enumerated() {
      let view = norm.view(
        normalized: normalized.columns(columns), scales: scales.columns(index..<index + 1), parameters: parameters)
      dx.columns(columns).setLayerNormGradient(dy.columns(columns), view, sums: norm.sums(sums))
    }
  }

  func forward(_ products: MutableMatrixView<Scalar>, saved: SavedRows<Scalar>, parameters: MatrixView<Scalar>) {
    apply(to: products.readOnly, setting: products, normalized: saved[0], scales: saved[1], parameters: parameters)
  }

  func backward(
    _ gradient: MutableMatrixView<Scalar>, saved: SavedRows<Scalar>, parameters: MatrixView<Scalar>,
    sums: MutableMatrixView<Scalar>
  ) {
    applyGradient(
      to: gradient.readOnly, setting: gradient, normalized: saved[0], scales: saved[1], parameters: parameters,
      sums: sums)
  }
}
