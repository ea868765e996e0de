import CSequenceKernels

/// The right-hand side of a matrix product, laid out once in the order in which the product reads it.
///
/// Packing costs about as much as one row of the product, so that a matrix used for many rows, or again and again over
/// the steps of a sequence, is packed once.
package final class PackedMatrix<Scalar: TensorScalar>: Sendable {
  /// The depth k of the product.
  let rows: Int
  /// The columns n of the product.
  let columns: Int
  let storage: TensorStorage<Scalar>

  /// Packs a matrix (rank 2), or its transpose; the threads of a team share the columns.
  package init(
    _ matrix: Tensor<Scalar>, transposed: Bool = false, team: ThreadTeam? = nil, pool: BufferPool? = nil
  ) {
    require(matrix.rank == 2, "PackedMatrix: a tensor of shape \(matrix.shape) is not a matrix")
    let (stored, width) = (matrix.shape[0], matrix.shape[1])
    rows = transposed ? width : stored
    columns = transposed ? stored : width
    let byteCount = Self.byteCount(rows: rows, columns: columns)
    storage = TensorStorage(count: byteCount / MemoryLayout<Scalar>.stride, pool: pool)
    let source = matrix.matrix()
    let (rowStride, columnStride) = transposed ? (1, width) : (width, 1)
    split(columns, unit: Self.panelWidth, among: team) { [rows, storage] part in
      Scalar.kernels.full.pack(
        Int64(rows), Int64(part.count), source.base + part.lowerBound * columnStride, Int64(rowStride),
        Int64(columnStride),
        UnsafeMutableRawPointer(storage.base) + Self.byteCount(rows: rows, columns: part.lowerBound))
    }
    withExtendedLifetime(matrix) {}
  }

  package var shape: TensorShape { [rows, columns] }

  /// The memory that it takes.
  package var byteCount: Int { Self.byteCount(rows: rows, columns: columns) }

  /// Columns are packed in panels of this width; a part of the columns that begins at a panel can be used by itself.
  package static var panelWidth: Int { Int(Scalar.kernels.table.pointee.panel_width) }

  /// Where the panel that begins at a column lies.
  func panel(at column: Int) -> UnsafeRawPointer {
    require(column % Self.panelWidth == 0, "no panel of a packed matrix begins at column \(column)")
    return UnsafeRawPointer(storage.base) + Self.byteCount(rows: rows, columns: column)
  }

  private static func byteCount(rows: Int, columns: Int) -> Int {
    Int(Scalar.kernels.full.packed_bytes(Int64(rows), Int64(columns)))
  }
}
