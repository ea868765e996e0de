extension Tensor {
  /// The mean and the standard deviation Σ(x − mean)² / n, as a root, of each place of the trailing axes, over the
  /// leading one; the deviation is exactly 0 where all elements are equal.
  ///
  /// Computed in double precision in two passes, the second corrected for the rounding of the mean; each column is
  /// scaled by a power of two, so that the squares of no finite numbers overflow or vanish.
  ///
  /// Source: Chan, Golub and LeVeque, "Algorithms for computing the sample variance" (The American Statistician, 1983).
  ///
  /// - Precondition: the leading axis is not empty, and all elements are finite.
  package func columnMoments() -> (means: [Double], deviations: [Double]) {
    require(rank > 0 && shape[0] > 0, "columnMoments: there are no rows in a tensor of shape \(shape)")
    let columns = shape.dimensions.dropFirst().reduce(1, *)
    return withScalars { moments(of: $0, columns: columns) }
  }
}

// Specialized, because generic arithmetic costs a hundred times as much.
@_specialize(where Scalar == Float)
@_specialize(where Scalar == Double)
private func moments<Scalar: TensorScalar>(
  of elements: UnsafeBufferPointer<Scalar>, columns: Int
) -> (means: [Double], deviations: [Double]) {
  let zeros = [Double](repeating: 0, count: columns)
  if columns == 0 { return (zeros, zeros) }
  let rows = elements.count / columns
  var (lowest, highest) = (elements[..<columns].map(\.double), elements[..<columns].map(\.double))
  for row in 0..<rows {
    for column in 0..<columns {
      let element = elements[row * columns + column].double
      lowest[column] = min(lowest[column], element)
      highest[column] = max(highest[column], element)
    }
  }
  let scales = zip(lowest, highest).map { low, high in
    let largest = max(abs(low), abs(high))
    // The reciprocal of a scale must be finite too.
    return largest == 0
      ? 1 : Double(sign: .plus, exponent: -min(max(Int(largest.exponent), -1000), 1000), significand: 1)
  }
  var means = zeros
  for row in 0..<rows {
    for column in 0..<columns { means[column] += elements[row * columns + column].double * scales[column] }
  }
  for column in 0..<columns { means[column] /= Double(rows) }
  var (squares, rests) = (zeros, zeros)
  for row in 0..<rows {
    for column in 0..<columns {
      let difference = elements[row * columns + column].double * scales[column] - means[column]
      squares[column] += difference * difference
      rests[column] += difference
    }
  }
  var deviations = zeros
  for column in 0..<columns {
    if lowest[column] == highest[column] {
      means[column] = lowest[column]
    } else {
      let variance = (squares[column] - rests[column] * rests[column] / Double(rows)) / Double(rows)
      deviations[column] = max(variance, 0).squareRoot() / scales[column]
      means[column] /= scales[column]
    }
  }
  return (means, deviations)
}
