import CSequenceKernels

extension Tensor {
  /// The tensor with its last two axes exchanged: the transpose of a matrix, or of each matrix of a batch.
  ///
  /// - Precondition: there are at least two axes.
  public func transposed() -> Tensor {
    require(rank >= 2, "transposed: a tensor of shape \(shape) has fewer than two axes")
    let (rows, columns) = (shape[-2], shape[-1])
    var result = Tensor(uninitialized: TensorShape(shape.dimensions.dropLast(2) + [columns, rows]), pool: storage.pool)
    if count == 0 { return result }
    if storage.place != .host { return permuted(Array(0..<rank - 2) + [rank - 1, rank - 2]) }
    let kernel = Scalar.kernels.table.pointee.transpose!
    result.withMutableScalars { target in
      withScalars { source in
        for start in stride(from: 0, to: count, by: rows * columns) {
          kernel(
            Int64(rows), Int64(columns), source.baseAddress! + start, Int64(columns), target.baseAddress! + start)
        }
      }
    }
    return result
  }

  /// The tensor with its axes in another order: axis i of the result is axis `axes[i]` of this tensor.
  ///
  /// - Precondition: `axes` holds every axis once; a negative one counts from the last.
  public func permuted(_ axes: [Int]) -> Tensor {
    let axes = axes.map(shape.resolve)
    require(
      axes.sorted() == Array(0..<rank), "permuted: \(axes) does not hold every axis of a tensor of shape \(shape) once")
    var result = Tensor(uninitialized: TensorShape(axes.map { shape.dimensions[$0] }), pool: storage.pool)
    if count == 0 { return result }
    let strides = shape.strides
    let loop = StridedLoop(
      axes.map { StridedLoop.Axis(size: shape.dimensions[$0], first: strides[$0], second: 0) })
    let kernel = Scalar.kernels.table.pointee.transpose!
    result.withMutableMemory { target in
      withMemory { source in
        let (target, source) = (target.baseAddress!, source.baseAddress!)
        if let device = OpenCLDevice.at(target) { return device.arrange(source, to: target, count: count, loop.axes) }
        loop.forEachRun { position, first, _ in
          if loop.run.first == 1 {
            (target + position).update(from: source + first, count: loop.run.size)
          } else {
            // A column of a matrix, which as a matrix of its own becomes a row.
            kernel(Int64(loop.run.size), 1, source + first, Int64(loop.run.first), target + position)
          }
        }
      }
    }
    return result
  }
}
