import Autograd
import TensorCore

/// The input's part of the preactivations, x·W_ihᵀ + b, for some rows [T·B] at a time.
///
/// Small weights stay in a core's cache beside the recurrent ones: then each step's rows are computed just before the loop over
/// time needs them, while there is no gap between writing and reading them. Large weights are streamed once over all rows before
/// the loop. The bits are the same either way.
enum InputProjection<Scalar: TensorScalar> {
  /// Row i is a row of the table, W_ihᵀ + b: of a one-hot vector's product with W_ihᵀ one row remains.
  case lookUp(ids: [Int32], table: Tensor<Scalar>)
  /// Row i is x(i)·W_ihᵀ + b.
  case product(input: Tensor<Scalar>, weight: PackedMatrix<Scalar>, bias: Tensor<Scalar>?)

  /// Whether it is better computed within the loop over time.
  func belongsInLoop(beside recurrentWeight: PackedMatrix<Scalar>) -> Bool {
    switch self {
    case .lookUp: true
    case .product(_, let weight, _): FusedCache.holds(weight, recurrentWeight)
    }
  }

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

/// What is taken to stay in a core's second-level cache over the loop over time, with room for the rows of a step.
enum FusedCache {
  private static let budget = 5 << 18

  static func holds<Scalar>(_ a: PackedMatrix<Scalar>, _ b: PackedMatrix<Scalar>) -> Bool {
    a.byteCount + b.byteCount <= budget
  }
}
