/// An n-dimensional array of numbers in row-major order: a value, copied only when it is written to while shared.
///
/// Reshaping and taking leading rows share memory with the original; every other operation makes a new tensor.
public struct Tensor<Scalar: TensorScalar>: Sendable {
  public let shape: TensorShape
  package private(set) var storage: TensorStorage<Scalar>
  package private(set) var offset: Int

  package init(shape: TensorShape, storage: TensorStorage<Scalar>, offset: Int) {
    self.shape = shape
    self.storage = storage
    self.offset = offset
  }

  /// A tensor whose elements are not set yet: the caller writes every one of them.
  package init(uninitialized shape: TensorShape, pool: BufferPool? = nil) {
    self.init(shape: shape, storage: TensorStorage(count: shape.count, pool: pool), offset: 0)
  }

  /// A tensor of the given elements in row-major order.
  ///
  /// - Precondition: there are as many scalars as the shape has elements.
  public init(_ scalars: [Scalar], shape: TensorShape) {
    require(scalars.count == shape.count, "Tensor: \(scalars.count) scalars cannot fill the shape \(shape)")
    self.init(uninitialized: shape)
    scalars.withUnsafeBufferPointer { source in
      if let start = source.baseAddress { storage.base.update(from: start, count: source.count) }
    }
  }

  /// A single number, of the empty shape.
  public init(_ scalar: Scalar) { self.init([scalar], shape: []) }

  /// How many elements there are.
  public var count: Int { shape.count }

  public var rank: Int { shape.rank }

  /// The elements in row-major order.
  public var scalars: [Scalar] { withScalars(Array.init) }

  /// The only element.
  ///
  /// - Precondition: there is exactly one.
  public var scalar: Scalar {
    require(count == 1, "scalar: a tensor of shape \(shape) does not hold a single number")
    return withScalars { $0[0] }
  }

  /// The element at one index for each axis.
  ///
  /// - Precondition: there is one index for each axis, and each is within its axis.
  public subscript(indices: Int...) -> Scalar {
    get {
      let position = position(of: indices)
      return withScalars { $0[position] }
    }
    set {
      let position = position(of: indices)
      withMutableScalars { $0[position] = newValue }
    }
  }

  private func position(of indices: [Int]) -> Int {
    require(indices.count == rank, "subscript: \(indices.count) indices for a tensor of shape \(shape)")
    var position = 0
    for (index, size) in zip(indices, shape.dimensions) {
      require(index >= 0 && index < size, "subscript: index \(indices) is outside of shape \(shape)")
      position = position * size + index
    }
    return position
  }

  /// A tensor of these elements with another shape, without copying.
  ///
  /// - Precondition: the shape has as many elements. One dimension may be −1: it is what remains for it.
  public func reshaped(_ dimensions: [Int]) -> Tensor {
    var dimensions = dimensions
    if let open = dimensions.firstIndex(of: -1) {
      dimensions[open] = 1
      let known = dimensions.reduce(1, *)
      dimensions[open] = known == 0 ? 0 : count / known
    }
    let shape = TensorShape(dimensions)
    if shape.count != count { shapeFailure("reshaped", self.shape, shape, hint: "their counts of elements differ") }
    return Tensor(shape: shape, storage: storage, offset: offset)
  }

  /// Gives read access to the elements in row-major order.
  ///
  /// - Precondition: they are in the host's memory.
  package func withScalars<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    requireHost()
    return try withMemory(body)
  }

  /// Gives write access to the elements, after copying them if the memory is shared.
  ///
  /// - Precondition: they are in the host's memory.
  package mutating func withMutableScalars<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    requireHost()
    return try withMutableMemory(body)
  }

  private func requireHost() {
    require(
      storage.place == .host,
      "a tensor of shape \(shape) on \(device) is read or written by the host; copy it with on(.cpu) first")
  }

  /// Gives the memory of the elements, wherever it is, for reading.
  func withMemory<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeBufferPointer(start: storage.base + offset, count: count))
  }

  /// Gives the memory of the elements, wherever it is, for writing, after copying them if the memory is shared.
  mutating func withMutableMemory<Result, Failure: Error>(
    _ body: (UnsafeMutableBufferPointer<Scalar>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    makeUnique()
    defer { withExtendedLifetime(storage) {} }
    return try body(UnsafeMutableBufferPointer(start: storage.base + offset, count: count))
  }

  private mutating func makeUnique() {
    if isKnownUniquelyReferenced(&storage) { return }
    let copy = TensorStorage<Scalar>(count: count, pool: storage.pool)
    copy.base.copy(from: storage.base + offset, count: count)
    storage = copy
    offset = 0
  }
}

extension Tensor: Equatable {
  /// Equal shapes and equal elements (so that a tensor that holds NaN differs from itself).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    a.shape == b.shape && a.withScalars { x in b.withScalars { y in x.elementsEqual(y) } }
  }
}
