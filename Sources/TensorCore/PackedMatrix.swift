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

  /// Packs a matrix (rank 2), or its transpose.
  package init(_ matrix: Tensor<Scalar>, transposed: Bool = false, pool: BufferPool? = nil) {
    require(matrix.rank == 2, "PackedMatrix: a tensor of shape \(matrix.shape) is not a matrix")
    let (stored, width) = (matrix.shape[0], matrix.shape[1])
    rows = transposed ? width : stored
    columns = transposed ? stored : width
    let kernels = Scalar.kernels.table.pointee
    storage = TensorStorage(count: Int(kernels.packed_count(Int64(rows), Int64(columns))), pool: pool)
    matrix.withScalars { [rows, columns, storage] source in
      kernels.pack(
        Int64(rows), Int64(columns), source.baseAddress, transposed ? 1 : Int64(width), transposed ? Int64(width) : 1,
        storage.base)
    }
  }

  package var shape: TensorShape { [rows, columns] }
}
