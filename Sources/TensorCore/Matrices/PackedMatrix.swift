import CSequenceKernels

/// The right-hand side of a matrix product, laid out once in the order in which the product reads it.
///
/// Packing costs about as much as one row of the product, so that a matrix used for many rows, or again and again over
/// the steps of a sequence, is packed once.
package final class PackedMatrix<Scalar: TensorScalar>: @unchecked Sendable {
  /// The depth k of the product.
  package let rows: Int
  /// The columns n of the product.
  let columns: Int
  private let kernels: SKProductFormat
  private let storage: TensorStorage<Scalar>

  /// Packs a matrix (rank 2), or its transpose; the threads of a team share the columns.
  package init(
    _ matrix: Tensor<Scalar>, transposed: Bool = false, format: ProductFormat = .full, team: ThreadTeam? = nil,
    pool: BufferPool? = nil
  ) {
    require(matrix.rank == 2, "PackedMatrix: a tensor of shape \(matrix.shape) is not a matrix")
    let source = matrix.matrix()
    rows = transposed ? source.columns : source.rows
    columns = transposed ? source.rows : source.columns
    kernels = format.kernels(for: Scalar.self)
    storage = Self.storage(format, rows: rows, columns: columns, pool: pool ?? matrix.storage.device?.pool)
    split(columns, unit: Self.panelWidth, among: team) { pack(source, transposed: transposed, columns: $0) }
    withExtendedLifetime(matrix) {}
  }

  /// A matrix of which nothing is packed yet.
  package init(uninitializedRows rows: Int, columns: Int, format: ProductFormat, pool: BufferPool) {
    self.rows = rows
    self.columns = columns
    kernels = format.kernels(for: Scalar.self)
    storage = Self.storage(format, rows: rows, columns: columns, pool: pool)
  }

  /// On a device the matrix lies row by row.
  private static func storage(
    _ format: ProductFormat, rows: Int, columns: Int, pool: BufferPool?
  ) -> TensorStorage<Scalar> {
    if let pool, pool.source != .host {
      require(format == .full, "products on a device are computed in full, not as \(format.rawValue)")
      return TensorStorage(count: rows * columns, pool: pool)
    }
    let byteCount = Int(format.kernels(for: Scalar.self).packed_bytes(Int64(rows), Int64(columns)))
    return TensorStorage(count: (byteCount - 1) / MemoryLayout<Scalar>.stride + 1, pool: pool)
  }

  /// Packs some columns of a matrix of this shape, or of its transpose: each must be packed before it is used, and again when
  /// the matrix has changed.
  ///
  /// - Parameter part: it begins at a panel, and ends at one or with the columns.
  package func pack(_ source: MatrixView<Scalar>, transposed: Bool = false, columns part: Range<Int>) {
    let (sourceRows, sourceColumns) = transposed ? (source.columns, source.rows) : (source.rows, source.columns)
    if sourceRows != rows || sourceColumns != columns { shapeFailure("PackedMatrix", source.shape, shape) }
    require(
      part.upperBound == columns || part.upperBound % Self.panelWidth == 0,
      "no panel of a packed matrix ends at column \(part.upperBound)")
    let (rowStride, columnStride) = transposed ? (1, source.stride) : (source.stride, 1)
    if let device = storage.device {
      return device.copy(
        rows: rows, columns: part.count, from: source.base + part.lowerBound * columnStride, stride: rowStride,
        columnStride: columnStride, to: storage.base + part.lowerBound, stride: columns)
    }
    requireHost(source.base, "PackedMatrix")
    WorkProfile.account(for: .packing) {
      kernels.pack(
        Int64(rows), Int64(part.count), source.base + part.lowerBound * columnStride, Int64(rowStride),
        Int64(columnStride), UnsafeMutableRawPointer(mutating: panel(at: part.lowerBound)))
    }
  }

  package var shape: TensorShape { [rows, columns] }

  /// Address of the elements, which on a device lie row by row.
  var base: UnsafePointer<Scalar> { UnsafePointer(storage.base) }

  /// Columns are packed in panels of this width; a part of the columns that begins at a panel can be used by itself.
  package static var panelWidth: Int { Int(Scalar.kernels.table.pointee.panel_width) }

  /// target = start + a·self over some columns; a's element (i, j) is i · rowStride + j · columnStride behind its base.
  ///
  /// - Parameter columns: they begin at a panel.
  func multiply(
    _ a: UnsafePointer<Scalar>, rows m: Int, rowStride: Int, columnStride: Int, columns part: Range<Int>,
    onto start: SKStart, to target: MutableMatrixView<Scalar>
  ) {
    defer { withExtendedLifetime(storage) {} }
    if let device = storage.device {
      return device.multiply(
        (rows: m, columns: part.count, depth: rows), a, rowStride: rowStride, columnStride: columnStride,
        storage.base + part.lowerBound, stride: columns, onto: start, to: target.base, stride: target.stride)
    }
    requireHost(target.base, "matrix product")
    requireHost(a, "matrix product")
    WorkProfile.account(for: .products) {
      kernels.product(
        Int64(m), Int64(part.count), Int64(rows), a, Int64(rowStride), Int64(columnStride), panel(at: part.lowerBound),
        start, target.base, Int64(target.stride))
    }
  }

  /// Where the panel that begins at a column lies: behind as many bytes as the columns before it take by themselves.
  private func panel(at column: Int) -> UnsafeRawPointer {
    require(column % Self.panelWidth == 0, "no panel of a packed matrix begins at column \(column)")
    return UnsafeRawPointer(storage.base) + Int(kernels.packed_bytes(Int64(rows), Int64(column)))
  }
}
