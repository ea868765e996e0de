import Autograd
import TensorCore

/// The input's part of the preactivations, x·W_ihᵀ + b, for some rows [T·B] at a time: computed just before the loop over time
/// needs them, so that there is no gap between writing and reading them.
enum InputProjection<Scalar: TensorScalar> {
  /// Row i is a row of the table, W_ihᵀ + b: of a one-hot vector's product with W_ihᵀ one row remains.
  case lookUp(ids: [Int32], table: Tensor<Scalar>)
  /// Row i is x(i)·W_ihᵀ + b.
  case product(input: Tensor<Scalar>, weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>?)

  /// Writes some rows of the preactivations.
  func write(_ rows: Range<Int>, to target: MatrixView<Scalar>) {
    switch self {
    case .lookUp(let ids, let table):
      target.gatherRows(ids[rows], of: table.matrix())
      withExtendedLifetime(table) {}
    case .product(let input, let weight, let bias):
      if let bias { target.fillRows(with: bias.reshaped([1, -1]).matrix()) }
      target.setProduct(input.matrix().rows(rows), weight, accumulating: bias != nil)
      withExtendedLifetime((input, bias)) {}
    }
  }
}
