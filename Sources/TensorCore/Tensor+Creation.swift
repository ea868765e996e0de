extension Tensor {
  /// A tensor of zeros.
  public static func zeros(_ shape: TensorShape) -> Tensor { zeros(shape, pool: nil) }

  /// A tensor of zeros whose memory comes from a pool.
  package static func zeros(_ shape: TensorShape, pool: BufferPool?) -> Tensor { full(shape, 0, pool: pool) }

  /// A tensor of zeros in the place of another.
  package static func zeros(_ shape: TensorShape, beside other: Tensor) -> Tensor {
    zeros(shape, pool: other.storage.pool)
  }

  /// A tensor of zeros of the shape of another.
  public static func zeros(like other: Tensor) -> Tensor { full(like: other, 0) }

  /// A tensor of ones.
  public static func ones(_ shape: TensorShape) -> Tensor { full(shape, 1) }

  /// A tensor of ones of the shape of another.
  public static func ones(like other: Tensor) -> Tensor { full(like: other, 1) }

  /// A tensor whose elements all are `value`.
  public static func full(_ shape: TensorShape, _ value: Scalar) -> Tensor { full(shape, value, pool: nil) }

  /// A tensor of the shape of another whose elements all are `value`.
  public static func full(like other: Tensor, _ value: Scalar) -> Tensor {
    full(other.shape, value, pool: other.storage.pool)
  }

  static func full(_ shape: TensorShape, _ value: Scalar, pool: BufferPool?) -> Tensor {
    let result = Tensor(uninitialized: shape, pool: pool)
    result.storage.base.fill(value, count: result.count)
    return result
  }

  /// The numbers 0, 1, … `count` − 1, of shape [count].
  public static func arange(_ count: Int) -> Tensor { Tensor((0..<count).map { Scalar($0) }, shape: [count]) }

  /// Given numbers in the place of another tensor.
  package init(_ scalars: [Scalar], shape: TensorShape, beside other: Tensor) {
    require(scalars.count == shape.count, "Tensor: \(scalars.count) scalars cannot fill the shape \(shape)")
    self.init(uninitialized: shape, pool: other.storage.pool)
    scalars.withUnsafeBufferPointer { source in
      guard let start = source.baseAddress else { return }
      guard let device = storage.device else { return storage.base.update(from: start, count: source.count) }
      // A failure is remembered, and thrown by the next copy to the host.
      try? device.write(UnsafeRawBufferPointer(source), to: storage.base)
    }
  }

  /// The tensor in the host's memory: itself, or a copy for code that computes there; NaN where the device has failed, which the
  /// next `on(_:)` throws.
  package func forHost() -> Tensor { copied(to: .cpu) }

  /// The identity matrix, of shape [n, n].
  public static func identity(_ n: Int) -> Tensor {
    var result = zeros([n, n])
    result.withMutableScalars { scalars in for i in 0..<n { scalars[i * n + i] = 1 } }
    return result
  }

  /// A row for each index, 1 at the index and 0 elsewhere: shape [indices, classes].
  ///
  /// - Precondition: every index is in 0..<classes.
  public static func oneHot(_ indices: [Int32], classes: Int) -> Tensor { oneHot(indices, classes: classes, pool: nil) }

  /// One-hot rows in the place of another tensor.
  package static func oneHot(_ indices: [Int32], classes: Int, beside other: Tensor) -> Tensor {
    oneHot(indices, classes: classes, pool: other.storage.pool)
  }

  /// One-hot rows whose memory comes from a pool.
  package static func oneHot(_ indices: [Int32], classes: Int, pool: BufferPool?) -> Tensor {
    var result = zeros([indices.count, classes], pool: pool)
    checkIndices(indices, rows: classes) { "oneHot: \($0) is outside of \(classes) classes" }
    if let device = result.storage.device {
      device.setOneHot(indices, to: result.storage.base, columns: classes)
      return result
    }
    result.withMutableScalars { scalars in
      for (row, index) in indices.enumerated() { scalars[row * classes + Int(index)] = 1 }
    }
    return result
  }
}

/// Traps unless every index is in 0..<rows, with the message that `message` makes of "index i (position p)".
func checkIndices(_ indices: [Int32], rows: Int, _ message: (_ place: String) -> String) {
  guard let position = indices.firstIndex(where: { $0 < 0 || Int($0) >= rows }) else { return }
  programmingError(message("index \(indices[position]) (at position \(position))"))
}
