extension Tensor {
  /// A copy in memory of its own, so that keeping it keeps no larger buffer alive.
  package func copied(pool: BufferPool?) -> Tensor {
    var copy = Tensor(uninitialized: shape, pool: pool ?? storage.device?.pool)
    copy.mutableMatrix().copy(from: self)
    return copy
  }
}
