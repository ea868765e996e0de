import CSequenceKernels

// Arithmetic between tensors broadcasts as NumPy does: axes are aligned from the last, and an axis of size 1, or one that is
// missing, is repeated.

extension Tensor {
  public static func + (a: Tensor, b: Tensor) -> Tensor { binary(SKBinaryAdd, "+", a, b) }
  public static func - (a: Tensor, b: Tensor) -> Tensor { binary(SKBinarySubtract, "-", a, b) }
  public static func * (a: Tensor, b: Tensor) -> Tensor { binary(SKBinaryMultiply, "*", a, b) }
  public static func / (a: Tensor, b: Tensor) -> Tensor { binary(SKBinaryDivide, "/", a, b) }

  public static func + (a: Tensor, b: Scalar) -> Tensor { a + a.number(b) }
  public static func - (a: Tensor, b: Scalar) -> Tensor { a - a.number(b) }
  public static func * (a: Tensor, b: Scalar) -> Tensor { a * a.number(b) }
  public static func / (a: Tensor, b: Scalar) -> Tensor { a / a.number(b) }

  public static func + (a: Scalar, b: Tensor) -> Tensor { b.number(a) + b }
  public static func - (a: Scalar, b: Tensor) -> Tensor { b.number(a) - b }
  public static func * (a: Scalar, b: Tensor) -> Tensor { b.number(a) * b }
  public static func / (a: Scalar, b: Tensor) -> Tensor { b.number(a) / b }

  /// Adds in place, unless the memory is shared or the result has a larger shape.
  public static func += (a: inout Tensor, b: Tensor) { a.combine(SKBinaryAdd, "+=", b) }
  public static func -= (a: inout Tensor, b: Tensor) { a.combine(SKBinarySubtract, "-=", b) }
  public static func *= (a: inout Tensor, b: Tensor) { a.combine(SKBinaryMultiply, "*=", b) }
  public static func /= (a: inout Tensor, b: Tensor) { a.combine(SKBinaryDivide, "/=", b) }

  public static func += (a: inout Tensor, b: Scalar) { a += a.number(b) }
  public static func -= (a: inout Tensor, b: Scalar) { a -= a.number(b) }
  public static func *= (a: inout Tensor, b: Scalar) { a *= a.number(b) }
  public static func /= (a: inout Tensor, b: Scalar) { a /= a.number(b) }

  /// The larger of two elements, with broadcasting; NaN if either is.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { binary(SKBinaryMaximum, "maximum", a, b) }

  /// The smaller of two elements, with broadcasting; NaN if either is.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { binary(SKBinaryMinimum, "minimum", a, b) }

  /// weight · x, with broadcasting, but 0 where the weight is 0 and x infinite: what has no weight does not count.
  package static func weighed(_ x: Tensor, by weight: Tensor) -> Tensor { binary(SKBinaryWeigh, "weighed", weight, x) }

  /// self += factor · other, in place unless the memory is shared.
  ///
  /// - Precondition: the shapes are equal.
  public mutating func addScaled(_ factor: Scalar, _ other: Tensor) {
    if shape != other.shape { shapeFailure("addScaled", shape, other.shape) }
    Tensor.requireSamePlace("addScaled", self, other)
    let count = count
    withMutableMemory { target in
      other.withMemory { source in
        guard let to = target.baseAddress, let from = source.baseAddress else { return }
        if let device = OpenCLDevice.at(to) {
          return device.addScaled(Double(factor), from, stride: count, to: to, stride: count, rows: 1, columns: count)
        }
        Scalar.kernels.table.pointee.add_scaled(
          Int64(target.count), Double(factor), source.baseAddress, target.baseAddress)
      }
    }
  }

  /// A number as an operand beside this tensor, of shape [].
  package func number(_ number: Scalar) -> Tensor {
    storage.place == .host ? Tensor(number) : .full([], number, pool: storage.pool)
  }

  private static func binary(_ operation: SKBinary, _ name: String, _ a: Tensor, _ b: Tensor) -> Tensor {
    guard let shape = a.shape.broadcast(with: b.shape) else { shapeFailure(name, a.shape, b.shape) }
    requireSamePlace(name, a, b)
    var result = Tensor(uninitialized: shape, pool: a.storage.pool ?? b.storage.pool)
    result.withMutableMemory { target in
      a.withMemory { x in b.withMemory { y in apply(operation, x, a.shape, y, b.shape, to: target, shape) } }
    }
    return result
  }

  private mutating func combine(_ operation: SKBinary, _ name: String, _ other: Tensor) {
    let shape = shape
    guard shape.broadcast(with: other.shape) == shape else {
      self = Tensor.binary(operation, name, self, other)
      return
    }
    Tensor.requireSamePlace(name, self, other)
    withMutableMemory { target in
      other.withMemory { Tensor.apply(operation, .init(target), shape, $0, other.shape, to: target, shape) }
    }
  }

  /// Writes the combination of x and y, whose shapes broadcast to `shape`; the target may be the memory of an operand of
  /// that shape.
  private static func apply(
    _ operation: SKBinary, _ x: UnsafeBufferPointer<Scalar>, _ xShape: TensorShape, _ y: UnsafeBufferPointer<Scalar>,
    _ yShape: TensorShape, to target: UnsafeMutableBufferPointer<Scalar>, _ shape: TensorShape
  ) {
    guard let x = x.baseAddress, let y = y.baseAddress, let target = target.baseAddress, shape.count > 0 else { return }
    if let device = OpenCLDevice.at(target) {
      let loop = StridedLoop(broadcasting: xShape, yShape, to: shape)
      return device.combine(operation, x, y, to: target, count: shape.count, loop.axes)
    }
    let kernel = Scalar.kernels.table.pointee.binary!
    if xShape == yShape { return kernel(operation, Int64(shape.count), x, 1, y, 1, target) }
    let loop = StridedLoop(broadcasting: xShape, yShape, to: shape)
    let (size, xStep, yStep) = (Int64(loop.run.size), Int64(loop.run.first), Int64(loop.run.second))
    loop.forEachRun { kernel(operation, size, x + $1, xStep, y + $2, yStep, target + $0) }
  }
}
