extension Tensor {
  /// The same elements in memory of their own: keeping them keeps nothing else alive.
  package func copied(pool: BufferPool?) -> Tensor {
    var copy = Tensor(uninitialized: shape, pool: pool)
    copy.mutableMatrix().copy(from: self)
    return copy
  }
}
