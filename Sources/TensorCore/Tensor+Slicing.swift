import CSequenceKernels

extension Tensor {
  /// A range of the leading axis, sharing memory with this tensor.
  ///
  /// - Precondition: there is a leading axis and the range is within it.
  public func rows(_ range: Range<Int>) -> Tensor {
    checkRange(range, axis: 0, "rows")
    return Tensor(
      shape: TensorShape([range.count] + shape.dimensions.dropFirst()), storage: storage,
      offset: offset + range.lowerBound * shape.dimensions.dropFirst().reduce(1, *))
  }

  /// The parts at the given indices of the leading axis, in that order: shape [indices, …], a copy.
  ///
  /// - Precondition: there is a leading axis, and every index is within it.
  public func rows(_ indices: [Int]) -> Tensor {
    require(rank > 0, "rows: a tensor of shape \(shape) has no rows")
    let size = shape[0]
    if let position = indices.firstIndex(where: { $0 < 0 || $0 >= size }) {
      programmingError(
        "rows: index \(indices[position]) (at position \(position)) is outside of a tensor of shape \(shape)")
    }
    let sizes = shape.dimensions.dropFirst()
    let length = sizes.reduce(1, *)
    var result = Tensor(uninitialized: TensorShape([indices.count] + sizes), pool: storage.pool)
    result.withMutableMemory { target in
      withMemory { source in
        guard !target.isEmpty, var place = target.baseAddress, let source = source.baseAddress else { return }
        if let device = OpenCLDevice.at(place) {
          return device.gatherRows(
            indices.map { Int32($0) }, source, stride: length, to: place, stride: length, columns: length)
        }
        for index in indices {
          place.update(from: source + index * length, count: length)
          place += length
        }
      }
    }
    return result
  }

  /// The part at one index of the leading axis, without that axis, sharing memory with this tensor.
  ///
  /// - Precondition: there is a leading axis and the index is within it.
  public func row(_ index: Int) -> Tensor {
    require(rank > 0 && index >= 0 && index < shape[0], "row: there is no row \(index) in a tensor of shape \(shape)")
    return rows(index..<(index + 1)).reshaped(Array(shape.dimensions.dropFirst()))
  }

  /// A range of any axis: a copy, or shared memory where the axis is the leading one.
  ///
  /// - Precondition: the range is within the axis.
  public func slice(axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = shape.resolve(axis)
    if axis == 0 { return rows(range) }
    checkRange(range, axis: axis, "slice")
    var sizes = shape.dimensions
    sizes[axis] = range.count
    var result = Tensor(uninitialized: TensorShape(sizes), pool: storage.pool)
    let inner = sizes[(axis + 1)...].reduce(1, *)
    let (block, length) = (shape[axis] * inner, range.count * inner)
    result.withMutableMemory { target in
      withMemory { source in
        guard !target.isEmpty, let target = target.baseAddress, let source = source.baseAddress else { return }
        target.copyRows(
          sizes[..<axis].reduce(1, *), of: length, from: source + range.lowerBound * inner, stride: block,
          toStride: length)
      }
    }
    return result
  }

  private func checkRange(_ range: Range<Int>, axis: Int, _ operation: String) {
    require(
      axis < rank && range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "\(operation): \(range) is outside of axis \(axis) of a tensor of shape \(shape)")
  }

  /// The tensors one after another along an axis.
  ///
  /// - Precondition: there is at least one tensor, and their shapes differ in that axis at most.
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    require(!tensors.isEmpty, "concatenate: there are no tensors")
    let axis = tensors[0].shape.resolve(axis)
    var sizes = tensors[0].shape.dimensions
    for tensor in tensors.dropFirst() {
      var expected = sizes
      if tensor.rank == sizes.count { expected[axis] = tensor.shape[axis] }
      if tensor.shape.dimensions != expected {
        shapeFailure("concatenate", tensors[0].shape, tensor.shape, hint: "only axis \(axis) may differ")
      }
    }
    sizes[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
    var result = Tensor(uninitialized: TensorShape(sizes), pool: tensors[0].storage.pool)
    let inner = sizes[(axis + 1)...].reduce(1, *)
    let outer = sizes[..<axis].reduce(1, *)
    for tensor in tensors.dropFirst() { requireSamePlace("concatenate", tensors[0], tensor) }
    let block = sizes[axis] * inner
    result.withMutableMemory { target in
      guard !target.isEmpty, var position = target.baseAddress else { return }
      for tensor in tensors {
        let length = tensor.shape[axis] * inner
        tensor.withMemory {
          position.copyRows(outer, of: length, from: $0.baseAddress!, stride: length, toStride: block)
        }
        position += length
      }
    }
    return result
  }

  /// The tensors along a new leading axis.
  ///
  /// - Precondition: there is at least one tensor, and their shapes are equal.
  public static func stack(_ tensors: [Tensor]) -> Tensor {
    for tensor in tensors where tensor.shape != tensors[0].shape {
      shapeFailure("stack", tensors[0].shape, tensor.shape)
    }
    return concatenate(tensors.map { $0.reshaped([1] + $0.shape.dimensions) })
  }

  /// The rows of this table at the given indices: shape [indices, columns].
  ///
  /// - Precondition: this tensor is a matrix, and every index is one of its rows.
  public func gatherRows(_ indices: [Int32]) -> Tensor {
    checkTable(indices, "gatherRows")
    var result = Tensor(uninitialized: [indices.count, shape[1]], pool: storage.pool)
    result.mutableMatrix().gatherRows(indices[...], of: matrix())
    withExtendedLifetime((self, result)) {}
    return result
  }

  /// Adds row i of `rows` to the row `indices[i]` of this table, in order of i: the adjoint of `gatherRows`.
  ///
  /// - Precondition: this tensor is a matrix, every index is one of its rows, and `rows` is [indices, columns].
  public mutating func scatterAddRows(_ indices: [Int32], _ rows: Tensor) {
    checkTable(indices, "scatterAddRows")
    if rows.shape != [indices.count, shape[1]] {
      shapeFailure("scatterAddRows", shape, rows.shape, hint: "\(indices.count) indices need as many rows")
    }
    mutableMatrix().scatterAddRows(indices[...], rows.matrix())
    withExtendedLifetime((self, rows)) {}
  }

  private func checkTable(_ indices: [Int32], _ operation: String) {
    require(rank == 2, "\(operation): a tensor of shape \(shape) is not a table of rows")
    checkIndices(indices, rows: shape[0]) { "\(operation): \($0) is outside of a table of shape \(shape)" }
  }
}
