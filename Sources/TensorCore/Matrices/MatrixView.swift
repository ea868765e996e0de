/// A read-only rectangle of a tensor's memory: `rows` rows of `columns` elements, `stride` elements apart.
///
/// A view is four words: it neither keeps its tensor alive nor counts references, so the loops over time take and pass
/// views freely. It is valid while its tensor lives; whoever hands views to threads names the tensors in
/// `ThreadTeam.run(keeping:)` or `split(keeping:)`.
package struct MatrixView<Scalar: TensorScalar>: @unchecked Sendable {
  let base: UnsafePointer<Scalar>
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
}

extension Tensor {
  /// The tensor as a matrix whose rows run along the last axis, for reading.
  package func matrix() -> MatrixView<Scalar> {
    let columns = shape.rank == 0 ? 1 : shape[-1]
    return MatrixView(base: storage.base + offset, rows: shape.rowCount, columns: columns, stride: columns)
  }

  /// The tensor as a matrix whose rows run along the last axis, for writing and reading in place.
  ///
  /// Copies the tensor first if its memory is shared.
  package mutating func mutableMatrix() -> MutableMatrixView<Scalar> {
    let columns = shape.rank == 0 ? 1 : shape[-1]
    let rows = shape.rowCount
    return withMutableMemory {
      MutableMatrixView(base: $0.baseAddress!, rows: rows, columns: columns, stride: columns)
    }
  }
}
