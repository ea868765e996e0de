extension Tensor {
  /// The tensor repeated along its axes of size 1, and along new leading ones, until it has the given shape.
  ///
  /// - Precondition: the shape is one that this tensor's shape broadcasts to.
  public func broadcast(to shape: TensorShape) -> Tensor {
    if shape == self.shape { return self }
    if self.shape.broadcast(with: shape) != shape { shapeFailure("broadcast", self.shape, shape) }
    var result = Tensor(uninitialized: shape, pool: storage.pool)
    let loop = StridedLoop(broadcasting: self.shape, [], to: shape)
    result.withMutableMemory { target in
      withMemory { source in
        guard let target = target.baseAddress, let source = source.baseAddress, shape.count > 0 else { return }
        if let device = OpenCLDevice.at(target) {
          return device.arrange(source, to: target, count: shape.count, loop.axes)
        }
        loop.forEachRun { position, first, _ in
          if loop.run.first == 0 {
            (target + position).fill(source[first], count: loop.run.size)
          } else {
            (target + position).update(from: source + first, count: loop.run.size)
          }
        }
      }
    }
    return result
  }

  /// The elements summed over the axes along which `shape` would be repeated to give this tensor's shape: the adjoint of
  /// broadcasting, that is, what a gradient of the broadcast tensor is for the original one.
  ///
  /// - Precondition: `shape` broadcasts to this tensor's shape.
  public func sum(to shape: TensorShape) -> Tensor {
    if shape == self.shape { return self }
    if shape.broadcast(with: self.shape) != self.shape { shapeFailure("sum(to:)", self.shape, shape) }
    let missing = rank - shape.rank
    let isSummed = self.shape.dimensions.indices.map { axis in
      axis < missing || shape.dimensions[axis - missing] != self.shape.dimensions[axis]
    }
    var result = self
    var end = rank
    while let last = isSummed[..<end].lastIndex(of: true) {
      let first = isSummed[..<last].lastIndex(of: false).map { $0 + 1 } ?? 0
      result = result.summed(over: first..<(last + 1))
      end = first
    }
    return result.reshaped(shape.dimensions)
  }
}
