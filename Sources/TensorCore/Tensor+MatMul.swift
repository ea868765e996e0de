extension Tensor {
  /// The matrix product of two matrices, either of them transposed first.
  ///
  /// - Parameters:
  ///   - other: of shape [k, n] ([n, k] when `transposingOther`); this tensor is [m, k] ([k, m] when `transposing`).
  ///   - team: threads that share the rows of the result; none means the calling thread alone.
  /// - Returns: a tensor of shape [m, n]. The bits do not depend on the number of threads.
  public func matmul(
    _ other: Tensor, transposing: Bool = false, transposingOther: Bool = false, team: ThreadTeam? = nil
  ) -> Tensor {
    let inner = transposing ? 0 : 1
    guard rank == 2, other.rank == 2, shape[inner] == other.shape[transposingOther ? 1 : 0] else {
      shapeFailure(
        "matmul", shape, other.shape,
        hint: "the product needs [m, k] and [k, n]"
          + (transposing ? ", the first transposed" : "") + (transposingOther ? ", the second transposed" : ""))
    }
    return matmul(PackedMatrix(other, transposed: transposingOther), transposing: transposing, team: team)
  }

  /// The product with a packed matrix of shape [k, n]; leading axes of this tensor, [..., k], are kept.
  package func matmul(
    _ other: PackedMatrix<Scalar>, transposing: Bool = false, team: ThreadTeam? = nil, pool: BufferPool? = nil
  ) -> Tensor {
    let resultShape =
      transposing ? [shape[-1], other.columns] : TensorShape(shape.dimensions.dropLast() + [other.columns])
    var result = Tensor(uninitialized: resultShape, pool: pool ?? storage.device?.pool)
    let (target, source) = (result.mutableMatrix(), matrix())
    split(target.rows, among: team) { rows in
      target.rows(rows).setProduct(
        transposing ? source.columns(rows) : source.rows(rows), transposed: transposing, other)
    }
    withExtendedLifetime((self, result)) {}
    return result
  }
}

/// Divides work among the threads of a team, or does it here where there is none.
func split(_ total: Int, unit: Int = 1, among team: ThreadTeam?, _ body: (Range<Int>) -> Void) {
  if let team { team.split(total, unit: unit, body) } else if total > 0 { body(0..<total) }
}
