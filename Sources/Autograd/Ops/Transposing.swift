import TensorCore

/// The transpose of a matrix, with a row added to each of its rows where there is one, in the workspace's memory and by its
/// threads.
package func transposed<Scalar>(
  _ matrix: Tensor<Scalar>, addingToRows row: Tensor<Scalar>? = nil, workspace: Workspace<Scalar>
) -> Tensor<Scalar> {
  let shape: TensorShape = [matrix.shape[1], matrix.shape[0]]
  var result = Tensor<Scalar>(uninitialized: shape, pool: workspace.pool)
  let (target, source) = (result.mutableMatrix(), matrix.matrix())
  let addend = row?.reshaped([1, shape[1]]).matrix()
  workspace.team.split(target.rows, keeping: (matrix, row, result)) { rows in
    target.rows(rows).setTransposed(source.columns(rows))
    if let addend { target.rows(rows).addToEveryRow(addend) }
  }
  return result
}
