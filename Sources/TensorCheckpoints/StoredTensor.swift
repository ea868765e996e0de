import TensorCore

/// A tensor as stored in a file: element type, shape, and bytes in row-major order, little-endian.
public struct StoredTensor: Sendable, Equatable {
  public let dtype: DType
  public let shape: [Int]
  package let contents: StoredBytes

  /// The bytes; of a tensor that was read from a file, a copy of the mapped ones.
  public var bytes: [UInt8] { contents.array }

  /// A tensor of given bytes.
  ///
  /// - Precondition: `bytes` has the size that `shape` and `dtype` require.
  public init(dtype: DType, shape: [Int], bytes: [UInt8]) {
    self.init(dtype: dtype, shape: shape, contents: .array(bytes))
  }

  package init(dtype: DType, shape: [Int], contents: StoredBytes) {
    require(
      dtype.bitCount(ofShape: shape) == 8 * contents.count,
      "StoredTensor: \(contents.count) bytes do not make \(dtype.rawValue) \(shape)")
    (self.dtype, self.shape, self.contents) = (dtype, shape, contents)
  }

  /// A tensor of given values in row-major order, stored without conversion.
  ///
  /// - Precondition: there are as many values as the product of `shape`.
  public init<Value: StoredValue>(_ values: [Value], shape: [Int]) {
    self.init(dtype: Value.dtype, shape: shape, bytes: LittleEndianBytes.encode(values))
  }

  /// The number of elements: the product of the shape.
  public var count: Int { shape.reduce(1, *) }

  /// The values in row-major order, or nil when the stored type cannot be read as `Value`.
  ///
  /// Integers are read as the type they were stored with. `Float` and `Double` are read from F64, F32, F16 and BF16,
  /// and F64 read as `Float` is rounded to nearest; every other conversion is exact.
  public func values<Value: StoredValue>(as type: Value.Type = Value.self) -> [Value]? {
    Value.values(of: self)
  }
}

/// A number type whose values a `StoredTensor` can be made from and read as.
public protocol StoredValue: BitwiseCopyable, Sendable {
  /// The element type of tensors stored from this type.
  static var dtype: StoredTensor.DType { get }
  /// The values of `tensor` in row-major order, or nil when its type cannot be read as this one.
  static func values(of tensor: StoredTensor) -> [Self]?
}

extension StoredValue {
  public static func values(of tensor: StoredTensor) -> [Self]? {
    tensor.dtype == dtype ? tensor.contents.decode() : nil
  }
}

extension UInt8: StoredValue { public static var dtype: StoredTensor.DType { .u8 } }
extension Int32: StoredValue { public static var dtype: StoredTensor.DType { .i32 } }
extension UInt32: StoredValue { public static var dtype: StoredTensor.DType { .u32 } }
extension Int64: StoredValue { public static var dtype: StoredTensor.DType { .i64 } }
extension UInt64: StoredValue { public static var dtype: StoredTensor.DType { .u64 } }

extension Float: StoredValue {
  public static var dtype: StoredTensor.DType { .f32 }

  public static func values(of tensor: StoredTensor) -> [Float]? {
    switch tensor.dtype {
    case .f32: tensor.contents.decode()
    case .f64: tensor.contents.decode(as: Double.self).map { Float($0) }
    case .f16: tensor.contents.decode(as: UInt16.self).map { Float(halfPrecisionBits: $0) }
    case .bf16: tensor.contents.decode(as: UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    default: nil
    }
  }

  /// The value of an IEEE 754 binary16 number. (`Float16` does not exist on every platform.)
  private init(halfPrecisionBits bits: UInt16) {
    let exponent = Int(bits >> 10) & 31
    let fraction = UInt32(bits & 0x3ff)
    let magnitude =
      switch exponent {
      case 0: Float(fraction) * 0x1p-24
      case 31: Float(bitPattern: 0x7f80_0000 | fraction << 13)
      default: Float(bitPattern: UInt32(exponent + 112) << 23 | fraction << 13)
      }
    self = bits >> 15 == 0 ? magnitude : -magnitude
  }
}

extension Double: StoredValue {
  public static var dtype: StoredTensor.DType { .f64 }

  public static func values(of tensor: StoredTensor) -> [Double]? {
    tensor.dtype == .f64
      ? tensor.contents.decode()
      : Float.values(of: tensor)?.map { Double($0) }
  }
}
