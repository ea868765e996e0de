import CSequenceKernels

extension Tensor {
  /// The columns of this matrix [rows, columns] at the given indices, [rows, indices]; a negative index gives a column of 0.
  ///
  /// - Precondition: no index is beyond the last column.
  package func gatherColumns(_ indices: [Int32], team: ThreadTeam) -> Tensor {
    checkColumns(indices, columns: rank == 2 ? shape[1] : 0, "gatherColumns")
    let (rows, columns) = (shape[0], shape[1])
    let result = Tensor(uninitialized: [rows, indices.count], pool: storage.pool)
    let (x, y) = (SharedPointer(storage.base + offset), SharedPointer(result.storage.base))
    if let device = storage.device {
      device.gatherColumns(indices, x.pointer, columns: columns, to: y.pointer, rows: rows)
      withExtendedLifetime((self, result)) {}
      return result
    }
    team.split(rows) { part in
      Scalar.kernels.table.pointee.gather_columns(
        Int64(part.count), Int64(indices.count), indices, x.pointer + part.lowerBound * columns, Int64(columns),
        y.pointer + part.lowerBound * indices.count)
    }
    withExtendedLifetime((self, result)) {}
    return result
  }

  /// A matrix of zeros of so many columns, to whose column `indices[j]` column j of this one, [rows, indices], is added: the
  /// adjoint of `gatherColumns`.
  package func scatterColumns(_ indices: [Int32], columns: Int, team: ThreadTeam) -> Tensor {
    checkColumns(indices, columns: columns, "scatterColumns")
    if shape.rank != 2 || shape[1] != indices.count {
      shapeFailure("scatterColumns", shape, [shape[0], indices.count])
    }
    let result = Tensor.zeros([shape[0], columns], pool: storage.pool)
    let (x, y) = (SharedPointer(storage.base + offset), SharedPointer(result.storage.base))
    if let device = storage.device {
      device.scatterColumns(indices, x.pointer, addedTo: y.pointer, columns: columns, rows: shape[0])
      withExtendedLifetime((self, result)) {}
      return result
    }
    team.split(shape[0]) { part in
      Scalar.kernels.table.pointee.scatter_add_columns(
        Int64(part.count), Int64(indices.count), indices, x.pointer + part.lowerBound * indices.count, Int64(columns),
        y.pointer + part.lowerBound * columns)
    }
    withExtendedLifetime((self, result)) {}
    return result
  }

  private func checkColumns(_ indices: [Int32], columns: Int, _ operation: String) {
    require(rank == 2, "\(operation): a tensor of shape \(shape) is not a matrix")
    if let position = indices.firstIndex(where: { Int($0) >= columns }) {
      programmingError(
        "\(operation): index \(indices[position]) (at position \(position)) is outside of \(columns) columns")
    }
  }
}
