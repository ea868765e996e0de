import CSequenceKernels

/// A rectangle of a tensor's memory that may be written to: `rows` rows of `columns` elements, `stride` elements apart.
///
/// Like a `MatrixView`, it neither keeps its tensor alive nor copies on write: it is valid while its tensor lives and
/// nobody else writes to it. Threads that share one write to disjoint rows or columns.
package struct MutableMatrixView<Scalar: TensorScalar>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Scalar>
  package let rows: Int
  package let columns: Int
  package let stride: Int

  package func rows(_ range: Range<Int>) -> MutableMatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of a matrix of \(rows) rows")
    return MutableMatrixView(
      base: base + range.lowerBound * stride, rows: range.count, columns: columns, stride: stride)
  }

  package func columns(_ range: Range<Int>) -> MutableMatrixView {
    require(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of a matrix of \(columns) columns")
    return MutableMatrixView(base: base + range.lowerBound, rows: rows, columns: range.count, stride: stride)
  }

  /// A read-only view of these elements.
  package var readOnly: MatrixView<Scalar> { MatrixView(base: base, rows: rows, columns: columns, stride: stride) }

  var shape: TensorShape { [rows, columns] }
  var isContiguous: Bool { stride == columns || rows <= 1 }

  @_specialize(where Scalar == Float)
  package func fill(_ value: Scalar) {
    if let device = OpenCLDevice.at(base) {
      return device.fill(base, value, rows: rows, columns: columns, stride: stride)
    }
    for row in 0..<rows { (base + row * stride).fill(value, count: columns) }
  }

  @_specialize(where Scalar == Float)
  package func copy(from other: MatrixView<Scalar>) {
    if other.rows != rows || other.columns != columns { shapeFailure("copy", shape, other.shape) }
    WorkProfile.account(for: .elementwise) {
      base.copyRows(rows, of: columns, from: other.base, stride: other.stride, toStride: stride)
    }
  }

  /// Copies a tensor of as many rows along its last axis.
  package func copy(from tensor: Tensor<Scalar>) {
    copy(from: tensor.matrix())
    withExtendedLifetime(tensor) {}
  }

  /// self += other, element by element.
  package func add(_ other: MatrixView<Scalar>) {
    if other.rows != rows || other.columns != columns { shapeFailure("add", shape, other.shape) }
    if let device = OpenCLDevice.at(base) {
      return device.addScaled(
        1, other.base, stride: other.stride, to: base, stride: stride, rows: rows, columns: columns)
    }
    requireHost(other.base, "add")
    let add = Scalar.kernels.table.pointee.add_scaled!
    WorkProfile.account(for: .elementwise) {
      if isContiguous && other.isContiguous { return add(Int64(rows * columns), 1, other.base, base) }
      for row in 0..<rows { add(Int64(columns), 1, other.base + row * other.stride, base + row * stride) }
    }
  }

  /// self = start + a·b, or some columns of it; `transposed` takes aᵀ for a.
  ///
  /// - Parameter columns: the columns of b; they begin at a panel, and there are as many as this view has. Nil means all.
  @_specialize(where Scalar == Float)
  package func setProduct(
    _ a: MatrixView<Scalar>, transposed: Bool = false, _ b: PackedMatrix<Scalar>, columns: Range<Int>? = nil,
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
  package func setTransposed(_ other: MatrixView<Scalar>) {
    if other.rows != columns || other.columns != rows { shapeFailure("setTransposed", shape, other.shape) }
    require(isContiguous, "setTransposed: there are gaps between the rows of the target")
    if let device = OpenCLDevice.at(base) {
      return device.copy(
        rows: rows, columns: columns, from: other.base, stride: 1, columnStride: other.stride, to: base, stride: stride)
    }
    requireHost(other.base, "setTransposed")
    WorkProfile.account(for: .elementwise) {
      Scalar.kernels.table.pointee.transpose(
        Int64(other.rows), Int64(other.columns), other.base, Int64(other.stride), base)
    }
  }

  /// Adds a row to every row.
  package func addToEveryRow(_ row: MatrixView<Scalar>) {
    if let device = OpenCLDevice.at(base) {
      require(row.rows == 1 && row.columns == columns, "addToEveryRow: sizes differ")
      return device.addScaled(1, row.base, stride: 0, to: base, stride: stride, rows: rows, columns: columns)
    }
    for index in 0..<rows { rows(index..<index + 1).add(row) }
  }

  /// Row i becomes row `indices[i]` of the table; the indices were checked by the caller.
  package func gatherRows(_ indices: ArraySlice<Int32>, of table: MatrixView<Scalar>) {
    require(indices.count == rows && table.columns == columns, "gatherRows: sizes differ")
    if let device = OpenCLDevice.at(base) {
      return device.gatherRows(
        Array(indices), table.base, stride: table.stride, to: base, stride: stride, columns: columns)
    }
    requireHost(table.base, "gatherRows")
    indices.withUnsafeBufferPointer { indices in
      WorkProfile.account(for: .input) {
        Scalar.kernels.table.pointee.gather_rows(
          Int64(rows), Int64(columns), indices.baseAddress, table.base, Int64(table.stride), base, Int64(stride))
      }
    }
  }

  /// Row `indices[i]` of this table += row i of `source`, in order of i.
  package func scatterAddRows(_ indices: ArraySlice<Int32>, _ source: MatrixView<Scalar>) {
    require(indices.count == source.rows && source.columns == columns, "scatterAddRows: sizes differ")
    if let device = OpenCLDevice.at(base) {
      return device.scatterAddRows(
        indices, source.base, stride: source.stride, addedTo: base, stride: stride, columns: columns)
    }
    requireHost(source.base, "scatterAddRows")
    indices.withUnsafeBufferPointer { indices in
      WorkProfile.account(for: .input) {
        Scalar.kernels.table.pointee.scatter_add_rows(
          Int64(source.rows), Int64(columns), indices.baseAddress, source.base, Int64(source.stride), base,
          Int64(stride))
      }
    }
  }

  /// self (one row) += the sum of the rows of `matrix`, in their order.
  package func addColumnSums(of matrix: MatrixView<Scalar>) {
    require(rows == 1 && columns == matrix.columns, "addColumnSums: sizes differ")
    if let device = OpenCLDevice.at(base) {
      return device.sums(
        matrix.base, blocks: 1, rows: matrix.rows, columns: columns, stride: matrix.stride, addedTo: base)
    }
    requireHost(matrix.base, "addColumnSums")
    WorkProfile.account(for: .elementwise) {
      Scalar.kernels.table.pointee.add_column_sums(
        Int64(matrix.rows), Int64(columns), matrix.base, Int64(matrix.stride), base)
    }
  }
}
