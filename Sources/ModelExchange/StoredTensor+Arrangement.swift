import TensorCheckpoints
import TensorCore

/// Rearrangements of stored tensors, to the bit; numbers keep their type. What is rearranged once is copied when it is
/// read, so that a large model is not in memory twice; a second rearrangement, sums and mixed types are computed at once.
extension StoredTensor {
  var isFloatingPoint: Bool { dtype.isFloatingPoint }

  private var width: Int { dtype.bitCount / 8 }

  /// The transpose of a matrix.
  func transposed() -> StoredTensor {
    let (rows, columns) = (shape[0], shape[1])
    return gathering([columns, rows], strides: [1, columns])
  }

  /// Blocks of equal height along the first axis, in another order: block i of the result is block `order[i]`.
  func takingBlocks(_ order: [Int], of count: Int) -> StoredTensor {
    let size = contents.count / count
    if order.count == count && order.enumerated().allSatisfy({ $0 == $1 }) { return self }
    return .joining(order.map { (contents[$0 * size..<($0 + 1) * size], shape[0] / count) }, like: self)
  }

  /// Rows `range`.
  func rows(_ range: Range<Int>) -> StoredTensor {
    let size = contents.count / max(shape[0], 1)
    return .joining([(contents[range.lowerBound * size..<range.upperBound * size], range.count)], like: self)
  }

  /// Columns of a matrix in another order.
  func takingColumns(_ order: [Int]) -> StoredTensor {
    transposed().takingBlocks(order, of: shape[1]).transposed()
  }

  /// This tensor with another shape for its numbers.
  func reshaped(_ shape: [Int]) -> StoredTensor { StoredTensor(dtype: dtype, shape: shape, contents: contents) }

  /// Tensors below each other, along the first axis. Where their types differ, all become F64 if one is, else F32, which
  /// changes no number.
  ///
  /// - Precondition: there is one, and all have the same shape but for the first axis. Different types are floating-point ones.
  static func joined(_ tensors: [StoredTensor]) -> StoredTensor {
    if tensors.count == 1 { return tensors[0] }
    let types = Set(tensors.map(\.dtype))
    func converted<Value: StoredValue>(to _: Value.Type) -> [StoredTensor] {
      tensors.map { $0.dtype == Value.dtype ? $0 : StoredTensor($0.values(as: Value.self)!, shape: $0.shape) }
    }
    let parts =
      types.count == 1 ? tensors : types.contains(.f64) ? converted(to: Double.self) : converted(to: Float.self)
    return joining(parts.map { ($0.contents, $0.shape[0]) }, like: parts[0])
  }

  private static func joining(_ parts: [(bytes: StoredBytes, rows: Int)], like model: StoredTensor) -> StoredTensor {
    let shape = [parts.reduce(0) { $0 + $1.rows }] + model.shape.dropFirst()
    if parts.count == 1 { return StoredTensor(dtype: model.dtype, shape: shape, contents: parts[0].bytes) }
    return StoredTensor(dtype: model.dtype, shape: shape, contents: .joined(parts.map(\.bytes)))
  }

  static func zeros(_ shape: [Int], _ dtype: DType) -> StoredTensor {
    StoredTensor(dtype: dtype, shape: shape, bytes: [UInt8](repeating: 0, count: dtype.bitCount(ofShape: shape)! / 8))
  }

  /// The sum of two tensors of one shape: in double precision where one of them is, else in single precision.
  static func sum(_ left: StoredTensor, _ right: StoredTensor) -> StoredTensor {
    func sum<Value: StoredValue & FloatingPoint>(_: Value.Type) -> StoredTensor {
      let (a, b): ([Value], [Value]) = (left.values()!, right.values()!)
      return StoredTensor(zip(a, b).map { $0 + $1 }, shape: left.shape)
    }
    return left.dtype == .f64 || right.dtype == .f64 ? sum(Double.self) : sum(Float.self)
  }

  /// Whether every number is 0, with either sign.
  var isZero: Bool { isFloatingPoint && contents.isZero(besideHighestBitOf: width) }

  /// Whether this is a square matrix of ones on the diagonal and zeros elsewhere.
  var isIdentity: Bool {
    shape.count == 2 && shape[0] == shape[1]
      && (0..<shape[0]).allSatisfy { row in
        rows(row..<row + 1).values(as: Float.self)?.enumerated().allSatisfy { $1 == ($0 == row ? 1 : 0) } ?? false
      }
  }

  private func gathering(_ shape: [Int], strides: [Int]) -> StoredTensor {
    let layout = StridedLayout(shape: shape, strides: strides)!
    return StoredTensor(dtype: dtype, shape: shape, contents: contents.arranged(layout, width: width))
  }
}

extension StoredTensor.DType {
  /// Whether its numbers are those of weights, of 16 to 64 bits.
  var isFloatingPoint: Bool { [.f64, .f32, .f16, .bf16].contains(self) }
}
