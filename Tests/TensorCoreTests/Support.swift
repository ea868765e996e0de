import TensorCore
import Testing

/// Every index of a shape, in row-major order.
func everyIndex(of dimensions: [Int]) -> [[Int]] {
  dimensions.reduce([[]]) { indices, size in indices.flatMap { index in (0..<size).map { index + [$0] } } }
}

/// The row-major position of an index.
func position(of index: [Int], in dimensions: [Int]) -> Int {
  zip(index, dimensions).reduce(0) { $0 * $1.1 + $1.0 }
}

/// Every shape of up to `rank` axes whose sizes are among `sizes`.
func everyShape(rank: Int, sizes: [Int]) -> [[Int]] {
  (0...rank).flatMap { rank in
    (0..<rank).reduce([[]]) { shapes, _ in shapes.flatMap { shape in sizes.map { shape + [$0] } } }
  }
}

extension Tensor {
  /// Numbers between −2 and 2 that depend on the shape and the seed alone.
  static func sample(_ dimensions: [Int], seed: UInt64 = 1) -> Tensor {
    var random = RandomSource(seed: seed)
    return .uniform(TensorShape(dimensions), in: -2..<2, using: &random)
  }

  /// The tensor whose element at each index is `element(index)`.
  static func build(_ dimensions: [Int], _ element: ([Int]) -> Scalar) -> Tensor {
    Tensor(everyIndex(of: dimensions).map(element), shape: TensorShape(dimensions))
  }

  /// A function from an index to the element there; quicker for many elements than a subscript.
  var lookup: ([Int]) -> Scalar {
    let (scalars, dimensions) = (scalars, shape.dimensions)
    return { scalars[position(of: $0, in: dimensions)] }
  }

  /// A copy whose numbers do not start at the start of their memory.
  func displaced() -> Tensor {
    Tensor.concatenate([reshaped([1] + shape.dimensions), reshaped([1] + shape.dimensions)]).row(1)
  }

  /// The largest difference between two tensors of one shape, relative to the largest element (or 1).
  func distance(to other: Tensor) -> Double {
    guard shape == other.shape else { return .infinity }
    let pairs = zip(scalars, other.scalars).map { (Double($0), Double($1)) }
    let scale = pairs.reduce(1) { Swift.max($0, abs($1.1)) }
    return pairs.reduce(0) { Swift.max($0, abs($1.0 - $1.1)) } / scale
  }
}

extension TensorScalar {
  /// Relative error of a handful of roundings.
  static var tolerance: Double { 16 * Double(Self.ulpOfOne) }
}
