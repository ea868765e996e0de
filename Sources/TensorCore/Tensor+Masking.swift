extension Tensor {
  /// The rows of the leading axis for which the mask holds; the others are those of another tensor of the same shape, or zeros.
  /// Rows that are not chosen have no influence, even when they hold NaN.
  ///
  /// - Precondition: there is one truth value for each row.
  package func choosingRows(_ mask: [Bool], else other: Tensor? = nil) -> Tensor {
    if let other, other.shape != shape { shapeFailure("choosingRows", shape, other.shape) }
    require(rank > 0 && mask.count == shape[0], "choosingRows: \(mask.count) truth values for the shape \(shape)")
    var result = Tensor(uninitialized: [shape[0], shape.dimensions.dropFirst().reduce(1, *)], pool: storage.pool)
    let (target, source, rest) = (result.mutableMatrix(), flatRows, other?.flatRows)
    var start = 0
    while start < mask.count {
      let end = mask[start...].firstIndex { $0 != mask[start] } ?? mask.count
      let part = target.rows(start..<end)
      if mask[start] {
        part.copy(from: source.rows(start..<end))
      } else if let rest {
        part.copy(from: rest.rows(start..<end))
      } else {
        part.fill(0)
      }
      start = end
    }
    withExtendedLifetime((self, other, result)) {}
    return result.reshaped(shape.dimensions)
  }

  /// One row for each entry of the leading axis.
  private var flatRows: MatrixView<Scalar> {
    reshaped([shape[0], shape.dimensions.dropFirst().reduce(1, *)]).matrix()
  }
}
