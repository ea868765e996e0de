import CSequenceKernels

/// A rectangle of a tensor's memory, rows `stride` elements apart: what the time loops of recurrent layers work on.
///
/// A view does not keep its tensor alive and does not copy on write. It is valid while the tensor it came from lives and is
/// not written to otherwise; whoever makes one ends with `withExtendedLifetime`.
package struct MatrixView<Scalar: TensorScalar>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  package let rows: Int
  package let columns: Int
  package let stride: Int

  package func rows(_ range: Range<Int>) -> MatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a matrix of \(rows) rows")
    return MatrixView(base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  package func columns(_ range: Range<Int>) -> MatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of a matrix of \(columns) columns")
    return MatrixView(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  var shape: TensorShape { [rows, columns] }
  var isContiguous: Bool { stride == columns || rows <= 1 }

  package func fill(_ value: Scalar) {
    for row in 0..<rows { (base + row * stride).fill(value, count: columns) }
  }

  package func copy(from other: MatrixView) {
    if other.rows != rows || other.columns != columns { shapeFailure("copy", shape, other.shape) }
    WorkProfile.account(for: .elementwise) {
      for row in 0..<rows { (base + row * stride).update(from: other.base + row * other.stride, count: columns) }
    }
  }

  /// self += other, element by element.
  package func add(_ other: MatrixView) {
    if other.rows != rows || other.columns != columns { shapeFailure("add", shape, other.shape) }
    let add = Scalar.kernels.table.pointee.add_scaled!
    WorkProfile.account(for: .elementwise) {
      if isContiguous && other.isContiguous { return add(Int64(rows * columns), 1, other.base, base) }
      for row in 0..<rows { add(Int64(columns), 1, other.base + row * other.stride, base + row * stride) }
    }
  }

  /// self = start + a·b, or some columns of it; `transposed` takes aᵀ for a.
  ///
  /// - Parameter columns: the columns of b; they begin at a panel, and there are as many as this view has. Nil means all.
  package func setProduct(
    _ a: MatrixView, transposed: Bool = false, _ b: PackedMatrix<Scalar>, columns: Range<Int>? = nil,
    onto start: ProductStart<Scalar> = .nothing
  ) {
    let part = columns ?? 0..<b.columns
    let (m, k) = transposed ? (a.columns, a.rows) : (a.rows, a.columns)
    if k != b.rows || m != rows || part.count != self.columns || part.upperBound > b.columns {
      shapeFailure("matrix product", [m, k], b.shape, hint: "the result has the shape \(shape)")
    }
    start.withKernelForm(for: self) {
      b.multiply(
        a.base, rows: m, rowStride: transposed ? 1 : a.stride, columnStride: transposed ? a.stride : 1, columns: part,
        onto: $0, to: self)
    }
  }

  /// This becomes `other`, rows and columns exchanged.
  package func setTransposed(_ other: MatrixView) {
    if other.rows != columns || other.columns != rows { shapeFailure("setTransposed", shape, other.shape) }
    require(isContiguous, "setTransposed: there are gaps between the rows of the target")
    WorkProfile.account(for: .elementwise) {
      Scalar.kernels.table.pointee.transpose(
        Int64(other.rows), Int64(other.columns), other.base, Int64(other.stride), base)
    }
  }

  /// Adds a row to every row.
  package func addToEveryRow(_ row: MatrixView) {
    for index in 0..<rows { rows(index..<index + 1).add(row) }
  }

  /// Row i becomes row `indices[i]` of the table; the indices were checked by the caller.
  package func gatherRows(_ indices: ArraySlice<Int32>, of table: MatrixView) {
    require(indices.count == rows && table.columns == columns, "gatherRows: sizes differ")
    indices.withUnsafeBufferPointer { indices in
      WorkProfile.account(for: .input) {
        Scalar.kernels.table.pointee.gather_rows(
          Int64(rows), Int64(columns), indices.baseAddress, table.base, Int64(table.stride), base, Int64(stride))
      }
    }
  }

  /// Row `indices[i]` of this table += row i of `source`, in order of i.
  package func scatterAddRows(_ indices: ArraySlice<Int32>, _ source: MatrixView) {
    require(indices.count == source.rows && source.columns == columns, "scatterAddRows: sizes differ")
    indices.withUnsafeBufferPointer { indices in
      WorkProfile.account(for: .input) {
        Scalar.kernels.table.pointee.scatter_add_rows(
          Int64(source.rows), Int64(columns), indices.baseAddress, source.base, Int64(source.stride), base,
          Int64(stride))
      }
    }
  }

  /// self (one row) += the sum of the rows of `matrix`, in their order.
  package func addColumnSums(of matrix: MatrixView) {
    require(rows == 1 && columns == matrix.columns, "addColumnSums: sizes differ")
    WorkProfile.account(for: .elementwise) {
      Scalar.kernels.table.pointee.add_column_sums(
        Int64(matrix.rows), Int64(columns), matrix.base, Int64(matrix.stride), base)
    }
  }
}

extension Tensor {
  /// The tensor as a matrix whose rows are those of the last axis, for writing and reading in place.
  ///
  /// Copies first if the memory is shared. See `MatrixView` for how long it is valid.
  package mutating func mutableMatrix() -> MatrixView<Scalar> {
    withMutableScalars { [shape] in Self.matrix(shape, at: $0.baseAddress!) }
  }

  /// The same, for reading only.
  package func matrix() -> MatrixView<Scalar> { Self.matrix(shape, at: storage.base + offset) }

  private static func matrix(_ shape: TensorShape, at base: UnsafeMutablePointer<Scalar>) -> MatrixView<Scalar> {
    let columns = shape.rank == 0 ? 1 : shape[-1]
    return MatrixView(base: base, rows: shape.rowCount, columns: columns, stride: columns)
  }
}
