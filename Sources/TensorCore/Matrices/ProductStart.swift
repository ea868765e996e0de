import CSequenceKernels

/// Rows that a product is added to, in the pass that computes it.
package enum ProductStart<Scalar: TensorScalar> {
  case nothing
  /// The contents of the target.
  case target
  /// One row for all, as wide as the target: a bias.
  case everyRow(MatrixView<Scalar>)
  /// Row i begins with row `indices[i]` of a table; the indices were checked by the caller.
  case rows(ArraySlice<Int32>, of: MatrixView<Scalar>)

  func withKernelForm(for target: MutableMatrixView<Scalar>, _ body: (SKStart) -> Void) {
    switch self {
    case .nothing: body(SKStart())
    case .target: body(SKStart(rows: target.base, row_stride: Int64(target.stride), indices: nil))
    case .everyRow(let row):
      require(row.rows == 1 && row.columns == target.columns, "a product of other columns than what it is added to")
      body(SKStart(rows: row.base, row_stride: 0, indices: nil))
    case .rows(let indices, let table):
      require(
        indices.count == target.rows && table.columns == target.columns,
        "a product of another size than the rows it is added to")
      indices.withUnsafeBufferPointer {
        body(SKStart(rows: table.base, row_stride: Int64(table.stride), indices: $0.baseAddress))
      }
    }
  }
}
