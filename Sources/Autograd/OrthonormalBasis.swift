import TensorCore

/// Orthonormal vectors, gathered by Gram–Schmidt in double precision.
package struct OrthonormalBasis {
  /// [vectors, length].
  package private(set) var vectors: Tensor<Double>

  /// An empty basis of vectors of this length.
  package init(length: Int) { vectors = .zeros([0, length]) }

  /// Adds the directions of some rows, [rows, length], that the basis does not span yet.
  ///
  /// A block is made orthogonal to the basis by matrix products, then within itself. Both are done twice: what cancellation
  /// leaves of the basis in the first pass is not small beside a short remainder.
  ///
  /// - Parameter tolerance: length at or below which the remainder of a row counts as none, and adds nothing.
  package mutating func add(_ rows: Tensor<Double>, tolerance: Double = 0) {
    var block = rows
    var lengths = [Double](repeating: 1, count: rows.shape[0])
    for _ in 0..<2 {
      block -= block.matmul(vectors, transposingOther: true).matmul(vectors)
      (block, lengths) = orthonormalized(block, scaledBy: lengths, tolerance: tolerance)
    }
    vectors = .concatenate([vectors, block], axis: 0)
  }
}

/// Modified Gram–Schmidt over the rows of a block.
///
/// - Parameter scales: length of the original remainder for a length of 1 in the block, by row.
/// - Returns: the rows that are longer than the tolerance, at length 1, and the lengths of the original remainders.
private func orthonormalized(
  _ block: Tensor<Double>, scaledBy scales: [Double], tolerance: Double
) -> (rows: Tensor<Double>, lengths: [Double]) {
  var (done, lengths): ([Tensor<Double>], [Double]) = ([], [])
  for (index, scale) in scales.enumerated() {
    var row = block.row(index)
    for known in done { row.addScaled(-(row * known).sum().scalar, known) }
    let length = row.sumOfSquares().squareRoot()
    guard scale * length > tolerance else { continue }
    done.append(row / length)
    lengths.append(scale * length)
  }
  return (done.isEmpty ? .zeros([0, block.shape[1]]) : .stack(done), lengths)
}
